package client

import (
	"context"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// Plans lists plans that were handed in, in the order of their names.
func (c *Client) Plans(ctx context.Context, q rollout.PlanQuery) ([]rollout.Plan, error) {
	return items[rollout.Plan](ctx, c, "/plans", list(asked{}.text("text", q.Text).text("after", q.After), "state", q.States), q.Limit)
}

// PlanUsers lists the people of a plan and where each is.
func (c *Client) PlanUsers(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error) {
	query := list(asked{}.text("stage", q.Stage).text("user", string(q.Person)).text("after", q.Place()), "state", q.States)
	return items[rollout.User](ctx, c, path("plans", q.Plan, "users"), query, q.Limit)
}

// PlanLog lists every transition of a plan, oldest first.
func (c *Client) PlanLog(ctx context.Context, q rollout.TransitionQuery) ([]rollout.Transition, error) {
	return items[rollout.Transition](ctx, c, path("plans", q.Plan, "log"), asked{}.text("stage", q.Stage).number("after", q.After), q.Limit)
}

// PlanTasks lists what people have to do by hand.
func (c *Client) PlanTasks(ctx context.Context, q rollout.TaskQuery) ([]rollout.Task, error) {
	query := list(asked{}.text("stage", q.Stage).text("owner", q.Owner).text("after", q.After), "state", q.States)
	return items[rollout.Task](ctx, c, path("plans", q.Plan, "tasks"), query, q.Limit)
}
