package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

// bareArgument is about as long as what dualtone hands to an activity.
type bareArgument struct {
	Person dualtone.PersonID `json:"person"`
	Text   string            `json:"text"`
}

// bare does nothing, but for telling whoever awaits a user that they are done,
// as dualtone's own activities do.
type bare struct{ ends *activities.Ends }

func (bare) pass(context.Context, bareArgument) (bareArgument, error) {
	return bareArgument{Text: "done"}, nil
}

func (b bare) end(_ context.Context, a bareArgument) (bareArgument, error) {
	b.ends.End(a.Person)
	return bareArgument{Text: "done"}, nil
}

// bareUser has as many activities as a user's switch, one after the other, and
// does nothing. It is the most that Temporal lets a switch have.
func bareUser(ctx workflow.Context, r workflows.UserRequest) (workflows.Progress, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, HeartbeatTimeout: 10 * time.Second,
	})
	argument := bareArgument{Person: r.Person, Text: strings.Repeat("x", 110)}
	for _, name := range []string{"pass", "pass", "pass", "end"} {
		if err := workflow.ExecuteActivity(ctx, name, argument).Get(ctx, nil); err != nil {
			return workflows.Progress{}, err
		}
	}
	return workflows.Progress{State: cutover.OnNew}, nil
}

// crowd is a cohort of as many people as its name says, kept nowhere.
type crowd struct{ unkept }

// unkept is what a cohort that is kept nowhere is never asked.
type unkept = cutover.Cohorts

// Members returns a page of people who exist only by their number.
func (crowd) Members(_ context.Context, q cutover.MemberQuery) ([]cutover.Member, error) {
	var size int
	if _, err := fmt.Sscanf(q.Cohort[strings.LastIndexByte(q.Cohort, '-')+1:], "%d", &size); err != nil {
		return nil, err
	}
	var page []cutover.Member
	for i := q.After + 1; i <= size && len(page) < q.Limit; i++ {
		page = append(page, cutover.Member{Position: i, PersonState: cutover.PersonState{
			Person: dualtone.Person{ID: dualtone.PersonID(fmt.Sprintf("%s/%06d", q.Cohort, i))},
		}})
	}
	return page, nil
}

// bareWorker runs the bare workflow in the place of a user's switch, under
// dualtone's own cohort, so that it is started and awaited the same way.
func bareWorker(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bare", flag.ContinueOnError)
	address := flags.String("address", "", "where Temporal is")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := dial(ctx, *address, bareNamespace)
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker.New(c, taskQueue, worker.Options{
		// Whoever awaits a user tells the server that they live, as dualtone's do.
		Interceptors:                       []interceptor.WorkerInterceptor{&activities.Interceptor{}},
		MaxConcurrentActivityExecutionSize: 4000,
	})
	w.RegisterWorkflowWithOptions(workflows.MoveCohort, workflow.RegisterOptions{Name: workflows.MoveCohortName})
	w.RegisterWorkflowWithOptions(bareUser, workflow.RegisterOptions{Name: workflows.SwitchUserName})
	cohorts := &activities.Cohort{Cohorts: crowd{}, Client: c, Ends: &activities.Ends{}}
	b := bare{cohorts.Ends}
	for name, a := range map[string]any{
		"pass": b.pass, "end": b.end, activities.MembersName: cohorts.Members, activities.RunUserName: cohorts.RunUser,
	} {
		w.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: name})
	}
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	return untilClosed(ctx)
}

// startBare runs the bare workflow's worker.
func (t *stage) startBare() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := startProcess(t.dir, "bare", nil, self, "bare", "-address", t.stack.TemporalAddress)
	if err != nil {
		return err
	}
	t.later(p.stop)
	t.parts["bare worker"] = p.cmd.Process.Pid
	return nil
}
