package workflows_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// builds runs stages on the build that is deployed when a run begins, as Temporal
// does. The second build is another program: it does something before all else,
// which no history of the first tells of, and what the first hands over to it
// holds a field that it does not know.
type builds struct {
	interceptor.WorkerInterceptorBase

	second time.Time // when it is deployed

	mu   sync.Mutex
	runs []*stageRun
}

type stageRun struct {
	build      string
	began, end time.Time
}

func (b *builds) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &onBuild{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, builds: b}
}

type onBuild struct {
	interceptor.WorkflowInboundInterceptorBase

	builds *builds
}

func (o *onBuild) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if workflow.GetInfo(ctx).WorkflowType.Name != workflows.RunStageName {
		return o.Next.ExecuteWorkflow(ctx, in)
	}
	run := &stageRun{build: "1", began: workflow.Now(ctx)}
	if !run.began.Before(o.builds.second) {
		run.build = "2"
		handed, err := handedOver(in.Args[0])
		if err != nil {
			return nil, err
		}
		in.Args[0] = handed
		if err := workflow.Sleep(ctx, time.Second); err != nil {
			return nil, err
		}
	}
	o.builds.mu.Lock()
	o.builds.runs = append(o.builds.runs, run)
	o.builds.mu.Unlock()
	defer func() {
		o.builds.mu.Lock()
		defer o.builds.mu.Unlock()
		run.end = workflow.Now(ctx)
	}()
	return o.Next.ExecuteWorkflow(ctx, in)
}

// handedOver is a request as the other build wrote it.
func handedOver(asked any) (workflows.StageRequest, error) {
	var r workflows.StageRequest
	text, err := json.Marshal(asked)
	if err != nil {
		return r, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return r, err
	}
	fields["of_the_build_before"] = true
	if text, err = json.Marshal(fields); err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// Workers are deployed in the middle of a soak of three weeks, and those of the
// build before leave a day later: the stage is on the new ones by then, its hold
// and its soak with it, and no measurement of its gates is left out.
func TestWorkersAreDeployedInTheMiddleOfAThreeWeekSoak(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak, pilot.Gates = 3*plan.Week, []plan.HealthGate{answered()}
	h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 5, 5)
	deployed := &builds{second: monday().Add(10*24*time.Hour + 5*time.Hour)}
	h.interceptors = []interceptor.WorkerInterceptor{deployed}
	h.fresh()
	var measured []time.Time
	h.figure = func(m rollout.Measure) rollout.Reading {
		if m.Stage == "pilot" {
			measured = append(measured, m.To)
		}
		return rollout.Reading{Value: 0.95, Samples: 1000}
	}
	h.tell(t, 9*24*time.Hour, on("pilot", incident(rollout.PutHold)))
	h.after(20*24*time.Hour, func() { h.atStage(t, "pilot", rollout.Soaking) })
	h.tell(t, 23*24*time.Hour, on("pilot", incident(rollout.Release)))
	h.tell(t, 30*24*time.Hour, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
	on := map[string]int{}
	for _, r := range deployed.runs {
		on[r.build]++
		if r.build == "1" && r.end.After(deployed.second.Add(25*time.Hour)) {
			t.Errorf("a run on the build before went on from %s until %s, longer than its workers do", r.began, r.end)
		}
	}
	if on["1"] < 9 || on["2"] < 9 {
		t.Errorf("runs on the two builds: %v", on)
	}
	soaked := monday().Add(21 * 24 * time.Hour)
	for i := range measured[1:] {
		if gap := measured[i+1].Sub(measured[i]); gap > 16*time.Minute && measured[i+1].Before(soaked) {
			t.Errorf("the gate was not measured from %s to %s", measured[i], measured[i+1])
		}
	}
	if len(measured) < 21*24*4 {
		t.Errorf("the gate was measured %d times in three weeks", len(measured))
	}
	if passed := h.began[5].at.Sub(monday()); passed < 23*24*time.Hour || passed > 24*24*time.Hour {
		t.Errorf("the wave began after %s, want once the soak was over and the hold released", passed)
	}
}
