package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/workflows"
)

// lab runs workflows on the real server with systems and stores in memory: a
// history holds what the workflow decided, not what the systems did.
type lab struct {
	client client.Client
	world  *cutovertest.World
	// gate holds the members of a cohort back until it is opened.
	gate chan struct{}
	run  client.WorkflowRun
	// first is the run that was started; run follows those that go on from it.
	first string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: machine.Stack(t).TemporalAddress, Namespace: machine.Namespace(t), Logger: quiet{}, Identity: "recorder",
	})
	must(t, err)
	t.Cleanup(c.Close)
	l := &lab{client: c, world: cutovertest.NewWorld(cutovertest.Before()), gate: make(chan struct{})}
	people := []dualtone.Person{cutovertest.Agent()}
	var members []dualtone.PersonID
	for i := range 7 {
		members = append(members, dualtone.PersonID(fmt.Sprintf("E%d", i+1)))
		people = append(people, dualtone.Person{ID: members[i]})
	}
	stores := cutovertest.NewStores(people...)
	must(t, stores.Create(t.Context(), cutover.Cohort{Name: "spring", Actor: "test"}, members))
	w := sdk.New(c, taskQueue, sdk.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{}}, Identity: "worker"})
	workflows.Register(w)
	activities.Register(only{w, activities.RunUserName}, &activities.User{
		Old: l.world.Platform(dualtone.Old), New: l.world.Platform(dualtone.New), CRM: l.world.CRM(cutovertest.CallCenters()...),
		Router: l.world.Router(), People: stores, Switches: stores, Migration: cutovertest.Migration(),
		Drain: activities.Drain{Wait: 200 * time.Millisecond, Poll: 10 * time.Millisecond}, Now: time.Now,
	}, &activities.Cohort{Cohorts: stores})
	w.RegisterActivityWithOptions(l.runUser, activity.RegisterOptions{Name: activities.RunUserName})
	w.RegisterActivityWithOptions(ingestRecords, activity.RegisterOptions{Name: activities.IngestRecordsName})
	w.RegisterActivityWithOptions(deliver, activity.RegisterOptions{Name: activities.DeliverName})
	must(t, w.Start())
	t.Cleanup(w.Stop)
	return l
}

// only registers all activities but one.
type only struct {
	sdk.Worker
	but string
}

func (o only) RegisterActivityWithOptions(a any, options activity.RegisterOptions) {
	if options.Name != o.but {
		o.Worker.RegisterActivityWithOptions(a, options)
	}
}

// runUser plays a member's own workflow.
func (l *lab) runUser(ctx context.Context, r activities.UserRun) (activities.UserEnd, error) {
	select {
	case <-l.gate:
	case <-ctx.Done():
		return activities.UserEnd{}, ctx.Err()
	}
	if r.Workflow == workflows.ReturnUserName {
		return activities.UserEnd{State: cutover.Restored}, nil
	}
	return activities.UserEnd{State: cutover.OnNew}, nil
}

// ingestRecords plays a system that is away at first.
func ingestRecords(ctx context.Context, system string) (activities.Ingested, error) {
	if activity.GetInfo(ctx).Attempt == 1 {
		return activities.Ingested{}, dualtone.ErrUnavailable
	}
	return activities.Ingested{System: system, At: "files a:1"}, nil
}

// deliver plays a mail server that is away at first.
func deliver(ctx context.Context, o activities.DeliverOrder) (activities.Delivered, error) {
	if activity.GetInfo(ctx).Attempt == 1 {
		return activities.Delivered{}, dualtone.ErrUnavailable
	}
	return activities.Delivered{Delivery: o.Delivery, Began: o.Began, State: delivery.Done, Attempts: 2, Files: []string{"overlap.xlsx"}}, nil
}

func (l *lab) start(t tester, id, workflow string, in any) {
	t.Helper()
	var err error
	l.run, err = l.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: taskQueue}, workflow, in)
	must(t, err)
	l.first = l.run.GetRunID()
}

func (l *lab) user(t tester, workflow string) {
	t.Helper()
	l.start(t, "user/E100", workflow, workflows.UserRequest{
		Person: "E100", Actor: "tester", Reason: "history", DrainWait: time.Second, Patience: 20 * time.Second,
	})
}

// switchTo runs a user's workflow to its end.
func (l *lab) switchTo(t tester, workflow string, want cutover.State) {
	t.Helper()
	l.user(t, workflow)
	var p workflows.Progress
	must(t, l.run.Get(t.Context(), &p))
	if p.State != want {
		t.Fatalf("%s ended %s (%s), want %s", workflow, p.State, p.Detail, want)
	}
}

func (l *lab) cohort(t tester, runLength int) {
	t.Helper()
	l.start(t, "cohort/spring", workflows.MoveCohortName, workflows.CohortRequest{
		Cohort: "spring", To: dualtone.New, Actor: "tester", Reason: "history", Window: 2,
		DrainWait: time.Second, Patience: time.Minute, RunLength: runLength,
	})
}

func (l *lab) order(t tester, verb string, o workflows.Order) {
	t.Helper()
	o.Actor, o.Reason = "tester", "history"
	h, err := l.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: l.run.GetID(), UpdateName: verb, Args: []any{o}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	must(t, err)
	must(t, h.Get(t.Context(), nil))
}

// inFlight waits until the window is full.
func (l *lab) inFlight(t tester, window int) {
	t.Helper()
	eventually(t, "the window is full", func() bool {
		v, err := l.client.QueryWorkflow(t.Context(), l.run.GetID(), "", workflows.CohortQuery)
		var s workflows.CohortStatus
		return err == nil && v.Get(&s) == nil && len(s.InFlight) == window
	})
}

// end opens the gate and waits for the end of all runs.
func (l *lab) end(t tester) {
	t.Helper()
	close(l.gate)
	must(t, l.run.Get(t.Context(), nil))
}

// stories are the histories to be recorded, by name.
func stories() map[string]func(tester, *lab) {
	return map[string]func(tester, *lab){
		"switch_happy": func(t tester, l *lab) { l.switchTo(t, workflows.SwitchUserName, cutover.OnNew) },
		"switch_unchanged": func(t tester, l *lab) {
			l.switchTo(t, workflows.SwitchUserName, cutover.OnNew)
			l.switchTo(t, workflows.SwitchUserName, cutover.OnNew)
		},
		"switch_refused": func(t tester, l *lab) {
			l.world.FailWith(failing("get new.seat", dualtone.ErrInvalid))
			l.switchTo(t, workflows.SwitchUserName, cutover.FailedClean)
		},
		"switch_compensated": func(t tester, l *lab) {
			l.world.FailWith(failing("set old.forward", dualtone.ErrInvalid))
			l.switchTo(t, workflows.SwitchUserName, cutover.Restored)
		},
		"switch_deferred": func(t tester, l *lab) {
			l.world.SetBusy(dualtone.Old, true)
			l.switchTo(t, workflows.SwitchUserName, cutover.Deferred)
		},
		"switch_canceled": func(t tester, l *lab) {
			ready := make(chan struct{})
			l.world.FailWith(func(op string) cutovertest.Failure {
				if op != "presence old" {
					return cutovertest.Failure{}
				}
				select {
				case <-ready:
				default:
					close(ready)
				}
				return cutovertest.Failure{Before: dualtone.ErrUnavailable}
			})
			l.user(t, workflows.SwitchUserName)
			<-ready
			must(t, l.client.CancelWorkflow(t.Context(), l.run.GetID(), l.run.GetRunID()))
			must(t, l.run.Get(t.Context(), nil))
		},
		"return_happy": func(t tester, l *lab) {
			l.switchTo(t, workflows.SwitchUserName, cutover.OnNew)
			l.switchTo(t, workflows.ReturnUserName, cutover.Restored)
		},
		"return_drift": func(t tester, l *lab) {
			l.switchTo(t, workflows.SwitchUserName, cutover.OnNew)
			l.world.FailWith(failing("set old.forward", dualtone.ErrInvalid))
			l.switchTo(t, workflows.ReturnUserName, cutover.RestoreDrift)
		},
		"preview": func(t tester, l *lab) {
			l.start(t, "preview/new/E100", workflows.PreviewUserName, activities.Order{Person: "E100", To: dualtone.New, Actor: "tester"})
			must(t, l.run.Get(t.Context(), nil))
		},
		"records": func(t tester, l *lab) {
			l.start(t, "records/pbx", workflows.IngestRecordsName, workflows.RecordsRequest{System: "pbx"})
			must(t, l.run.Get(t.Context(), nil))
		},
		"delivery": func(t tester, l *lab) {
			l.start(t, "delivery/monthly/now", workflows.DeliverReportName, workflows.DeliveryRequest{Delivery: "monthly"})
			must(t, l.run.Get(t.Context(), nil))
		},
		"cohort_verbs": func(t tester, l *lab) {
			l.cohort(t, 100)
			l.inFlight(t, 2)
			l.order(t, workflows.PauseVerb, workflows.Order{})
			l.order(t, workflows.WindowVerb, workflows.Order{Window: 3})
			l.order(t, workflows.SkipVerb, workflows.Order{Person: "E7"})
			l.order(t, workflows.ResumeVerb, workflows.Order{})
			l.end(t)
		},
		"cohort_continued": func(t tester, l *lab) {
			l.cohort(t, 3)
			l.end(t)
		},
		"cohort_stopped": func(t tester, l *lab) {
			l.cohort(t, 100)
			l.inFlight(t, 2)
			l.order(t, workflows.StopVerb, workflows.Order{Back: true})
			l.end(t)
		},
		"cohort_turned_back": func(t tester, l *lab) {
			l.cohort(t, 100)
			l.inFlight(t, 2)
			l.order(t, workflows.TurnBackVerb, workflows.Order{})
			l.end(t)
		},
	}
}

func failing(op string, err error) func(string) cutovertest.Failure {
	return func(asked string) cutovertest.Failure {
		if asked != op {
			return cutovertest.Failure{}
		}
		return cutovertest.Failure{Before: err}
	}
}

// TestHistoriesOfTheRealServerReplay plays every story on the real server and
// replays its history. With -record it keeps the histories for the replay test
// of the package workflows.
func TestHistoriesOfTheRealServerReplay(t *testing.T) {
	t.Parallel()
	for name, play := range stories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			play(t, l)
			for i, h := range l.histories(t) {
				run := name
				if i > 0 {
					run = fmt.Sprintf("%s_%d", name, i+1)
				}
				l.replays(t, run, h)
			}
		})
	}
}

// replays replays a history, and keeps it when it is asked to.
func (l *lab) replays(t *testing.T, name string, h *historypb.History) {
	t.Helper()
	raw, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(h)
	must(t, err)
	raw = scrub(t, raw)
	again, err := client.HistoryFromJSON(bytes.NewReader(raw), client.HistoryJSONOptions{})
	must(t, err)
	replayer := sdk.NewWorkflowReplayer()
	workflows.Register(replayer)
	// Workflows name their children after themselves.
	itself := sdk.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{
		ID: again.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowId(),
	}}
	if err := replayer.ReplayWorkflowHistoryWithOptions(quiet{}, again, itself); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if *record {
		must(t, os.WriteFile(filepath.Join("..", "workflows", "testdata", "histories", name+".json"), append(raw, '\n'), 0o644)) //nolint:gosec // kept in the repository
	}
}

// allRuns are the histories of every run that a workflow ever had, the oldest
// first.
func (l *lab) allRuns(t *testing.T, id string) []*historypb.History {
	t.Helper()
	var all []*historypb.History
	eventually(t, "the runs of "+id+" are listed", func() bool {
		all = nil
		found, err := l.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: fmt.Sprintf("WorkflowId = %q", id)})
		must(t, err)
		for _, e := range found.GetExecutions() {
			all = append(all, l.history(t, id, e.GetExecution().GetRunId()))
		}
		return len(all) > 0
	})
	slices.SortFunc(all, func(a, b *historypb.History) int {
		return a.GetEvents()[0].GetEventTime().AsTime().Compare(b.GetEvents()[0].GetEventTime().AsTime())
	})
	return all
}

func (l *lab) history(t tester, id, run string) *historypb.History {
	t.Helper()
	h := &historypb.History{}
	events := l.client.GetWorkflowHistory(t.Context(), id, run, false, 0)
	for events.HasNext() {
		e, err := events.Next()
		must(t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

// histories are those of the last workflow that was started: its first run, and
// the runs that went on from it.
func (l *lab) histories(t tester) []*historypb.History {
	t.Helper()
	var all []*historypb.History
	for run := l.first; run != ""; {
		h := l.history(t, l.run.GetID(), run)
		all = append(all, h)
		last := h.GetEvents()[len(h.GetEvents())-1]
		run = last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return all
}

// scrub takes this machine's name out of a history: the worker's own task queue
// is called after it.
func scrub(t *testing.T, raw []byte) []byte {
	t.Helper()
	host, err := os.Hostname()
	must(t, err)
	raw = bytes.ReplaceAll(raw, []byte(`"`+host+`:`), []byte(`"worker:`))
	if bytes.Contains(raw, []byte("@"+host)) || bytes.Contains(raw, []byte(machine.Stack(t).TemporalAddress)) {
		t.Fatal("the history tells on which machine it was recorded")
	}
	return raw
}
