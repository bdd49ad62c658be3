package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Cohort does for a cohort's workflow what it may not do itself: page through
// the members, and run one member's own workflow to its end.
type Cohort struct {
	Cohorts cutover.Cohorts
	Client  client.Client
	// Crew are the people of plans.
	Crew rollout.Crew
	Now  func() time.Time
	// Ends hears of users whose switch ends in this process.
	Ends *Ends
}

// Page is a part of a cohort's members, in the order in which they are moved.
type Page struct {
	Members []Place `json:"members"`
}

// Place is a member and their position in the cohort.
type Place struct {
	Position int               `json:"position"`
	Person   dualtone.PersonID `json:"person"`
}

// Members returns the next page of members; an empty one at the end.
func (c *Cohort) Members(ctx context.Context, q cutover.MemberQuery) (Page, error) {
	members, err := c.Cohorts.Members(ctx, q)
	if err != nil {
		return Page{}, wrap(err, "members of cohort %s", q.Cohort)
	}
	page := Page{Members: make([]Place, len(members))}
	for i, m := range members {
		page.Members[i] = Place{Position: m.Position, Person: m.ID}
	}
	return page, nil
}

// UserRun asks for one member's own workflow to be run to its end.
type UserRun struct {
	// Workflow is SwitchUser or ReturnUser; its id is UserWorkflowID.
	Workflow string            `json:"workflow"`
	Person   dualtone.PersonID `json:"person"`
	Request  any               `json:"request"`
	// For says which pass of which cohort this is. A workflow that was started
	// for it is joined, even if it has ended; one that was started for anything
	// else is left alone.
	For string `json:"for"`
	// Resumed says that an earlier run of the cohort's workflow has asked already.
	Resumed bool `json:"resumed,omitempty"`
	// Stage is the stage of a plan that sends the member to the new side; nil for none.
	Stage *StageRef `json:"stage,omitempty"`
}

// UserEnd is how a member's workflow ended.
type UserEnd struct {
	State  cutover.State `json:"state"`
	Detail string        `json:"detail,omitempty"`
	// Held: a hold of the plan kept them where they are.
	Held bool `json:"held,omitempty"`
}

// memoFor is the memo in which a user's workflow says what it was started for.
const memoFor = "for"

// UserWorkflowID is the id of the one workflow that may switch a person at a time.
func UserWorkflowID(person dualtone.PersonID) string { return "user/" + string(person) }

// RunUser starts or joins the member's workflow and waits for its end. It can
// be interrupted and asked again any number of times.
func (c *Cohort) RunUser(ctx context.Context, r UserRun) (UserEnd, error) {
	id := UserWorkflowID(r.Person)
	expected, done := c.Ends.expect(r.Person)
	defer done()
	if r.Resumed || activity.GetInfo(ctx).Attempt > 1 {
		run, err := c.joined(ctx, id, r.For)
		if err != nil {
			return UserEnd{}, err
		}
		if run != nil {
			return c.await(ctx, run, expected)
		}
	}
	run, err := c.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: activity.GetInfo(ctx).TaskQueue,
		Memo:                                     map[string]any{memoFor: r.For},
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         true,
	}, r.Workflow, r.Request)
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return c.busyElsewhere(ctx, r, expected)
	}
	if err != nil {
		return UserEnd{}, fmt.Errorf("start %s: %w: %w", id, err, dualtone.ErrUnavailable)
	}
	return c.await(ctx, run, expected)
}

// elsewhere is why somebody waits whom somebody else is switching.
const elsewhere = "another switch of this user is running"

// busyElsewhere joins the running workflow if it is ours after all, and else
// leaves the person to whoever is switching them; a stage finds them again in its
// next window.
func (c *Cohort) busyElsewhere(ctx context.Context, r UserRun, expected *awaited) (UserEnd, error) {
	run, err := c.joined(ctx, UserWorkflowID(r.Person), r.For)
	if err != nil {
		return UserEnd{}, err
	}
	if run == nil {
		return UserEnd{State: cutover.Deferred, Detail: elsewhere}, c.wait(ctx, r)
	}
	return c.await(ctx, run, expected)
}

// wait tells the stage that the member waits for its next window.
func (c *Cohort) wait(ctx context.Context, r UserRun) error {
	if r.Stage == nil {
		return nil
	}
	_, err := c.Crew.Mark(ctx, rollout.Mark{
		Plan: r.Stage.Plan, Stage: r.Stage.Stage, People: []dualtone.PersonID{r.Person}, From: rollout.ToDropOut(),
		State: cutover.Deferred, Detail: elsewhere, At: c.Now(),
	})
	return wrap(err, "person %s of stage %s of plan %s", r.Person, r.Stage.Stage, r.Stage.Plan)
}

// joined returns the latest run of a user's workflow if it was started for the
// purpose, else nil.
func (c *Cohort) joined(ctx context.Context, id, purpose string) (client.WorkflowRun, error) {
	d, err := c.Client.DescribeWorkflowExecution(ctx, id, "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil, nil //nolint:nilnil // no such run is an answer, not an error
	}
	if err != nil {
		return nil, fmt.Errorf("look for %s: %w: %w", id, err, dualtone.ErrUnavailable)
	}
	info := d.GetWorkflowExecutionInfo()
	if startedFor(info.GetMemo()) != purpose {
		return nil, nil //nolint:nilnil // somebody else's run is none of ours
	}
	return c.Client.GetWorkflow(ctx, id, info.GetExecution().GetRunId()), nil
}

// startedFor reads what a workflow was started for; empty where it does not say.
func startedFor(memo *commonpb.Memo) string {
	var purpose string
	if payload, ok := memo.GetFields()[memoFor]; ok {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &purpose) // a memo that cannot be read says nothing
	}
	return purpose
}

// The server is asked whether a switch has ended after two seconds, and then less
// and less often.
const (
	askFirst = 2 * time.Second
	askMost  = 10 * time.Second
)

// await waits for a user's workflow without holding on to it: when the waiting
// is interrupted the workflow goes on.
func (c *Cohort) await(ctx context.Context, run client.WorkflowRun, expected *awaited) (UserEnd, error) {
	for interval := askFirst; !expected.wait(ctx, interval); interval = min(4*interval, askMost) {
		d, err := c.Client.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
		if err != nil {
			return UserEnd{}, fmt.Errorf("wait for %s: %w: %w", run.GetID(), err, dualtone.ErrUnavailable)
		}
		if d.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			break
		}
	}
	var end UserEnd
	if err := run.Get(ctx, &end); err != nil {
		if ctx.Err() != nil {
			return end, ctx.Err()
		}
		if ended, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
			return UserEnd{State: cutover.Unknown, Detail: ended.Error()}, nil
		}
		return end, fmt.Errorf("wait for %s: %w: %w", run.GetID(), err, dualtone.ErrUnavailable)
	}
	return end, nil
}
