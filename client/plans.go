package client

import (
	"context"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Plans lists plans that were handed in, in the order of their names.
func (c *Client) Plans(ctx context.Context, q rollout.PlanQuery) ([]rollout.Plan, error) {
	return List[rollout.Plan](ctx, c, "/plans", list(Query{}.Text("text", q.Text).Text("after", q.After), "state", q.States), q.Limit)
}

// PlanUsers lists the people of a plan and where each is.
func (c *Client) PlanUsers(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error) {
	query := list(Query{}.Text("stage", q.Stage).Text("user", string(q.Person)).Text("after", q.Place()), "state", q.States)
	return List[rollout.User](ctx, c, path("plans", q.Plan, "users"), query, q.Limit)
}

// PlanDrift tells who has left a plan's stages since they were frozen, and who would
// join them.
func (c *Client) PlanDrift(ctx context.Context, name string) ([]plan.Drift, error) {
	var got struct {
		Stages []plan.Drift `json:"stages"`
	}
	return got.Stages, c.Get(ctx, path("plans", name, "drift"), nil, &got)
}

// PlanLog lists every transition of a plan, oldest first.
func (c *Client) PlanLog(ctx context.Context, q rollout.TransitionQuery) ([]rollout.Transition, error) {
	return List[rollout.Transition](ctx, c, path("plans", q.Plan, "log"), Query{}.Text("stage", q.Stage).Number("after", q.After), q.Limit)
}

// PlanTasks lists what people have to do by hand.
func (c *Client) PlanTasks(ctx context.Context, q rollout.TaskQuery) ([]rollout.Task, error) {
	query := list(Query{}.Text("stage", q.Stage).Text("owner", q.Owner).Text("after", q.After), "state", q.States)
	return List[rollout.Task](ctx, c, path("plans", q.Plan, "tasks"), query, q.Limit)
}
