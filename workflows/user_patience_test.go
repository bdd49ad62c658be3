package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// awayFor plays a switch in which a system is away for so long when some work is to
// be done, and says how the switch ends. Whoever does the work is told to wait as
// long for a call as the switch was told to.
func awayFor(t *testing.T, to dualtone.Side, work cutover.Work, away time.Duration) cutover.State {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(5 * time.Minute) // a busy machine is no failure
	env.SetStartTime(monday())
	var until time.Time
	do := func(w cutover.Work) func(context.Context, activities.Order) (activities.Result, error) {
		return func(_ context.Context, o activities.Order) (activities.Result, error) {
			if o.Wait != patient.DrainWait {
				t.Errorf("%s waits %s for a call, want %s", w, o.Wait, patient.DrainWait)
			}
			if w == work && until.IsZero() {
				until = env.Now().Add(away)
			}
			if w == work && env.Now().Before(until) {
				// The environment tries no more than ten times.
				return activities.Result{}, temporal.NewApplicationErrorWithOptions("no answer", "", temporal.ApplicationErrorOptions{NextRetryDelay: away / 8})
			}
			return activities.Result{Outcome: cutover.Done}, nil
		}
	}
	for _, w := range []cutover.Work{cutover.Capture, cutover.Ready, cutover.Move, cutover.Verify, cutover.TakeBack} {
		env.RegisterActivityWithOptions(do(w), activity.RegisterOptions{Name: string(w)})
	}
	env.RegisterActivityWithOptions(func(context.Context, activities.Order) error { return nil }, activity.RegisterOptions{Name: activities.ConcludeName})
	run := workflows.SwitchUser
	if to == dualtone.Old {
		run = workflows.ReturnUser
	}
	env.ExecuteWorkflow(run, patient)
	var p workflows.Progress
	must(t, env.GetWorkflowResult(&p))
	return p.State
}

// patient is a switch that lets a system be away for ten minutes, and waits twenty for
// a call to end.
var patient = workflows.UserRequest{Person: "E100", DrainWait: 20 * time.Minute, Patience: 10 * time.Minute}

// A switch to the new side gives up once a system was away longer than its patience,
// but for the wait for calls, which comes on top. A way back never does.
func TestASwitchWaitsForASystemAsLongAsItIsPatient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		to   dualtone.Side
		work cutover.Work
		away time.Duration
		want cutover.State
	}{
		{dualtone.New, cutover.Capture, 9 * time.Minute, cutover.OnNew},
		{dualtone.New, cutover.Capture, 11 * time.Minute, cutover.FailedClean},
		{dualtone.New, cutover.Ready, 29 * time.Minute, cutover.OnNew},
		{dualtone.New, cutover.Ready, 31 * time.Minute, cutover.Restored},
		{dualtone.New, cutover.Move, 9 * time.Minute, cutover.OnNew},
		{dualtone.New, cutover.Move, 11 * time.Minute, cutover.Restored},
		{dualtone.New, cutover.Verify, 9 * time.Minute, cutover.OnNew},
		{dualtone.New, cutover.Verify, 11 * time.Minute, cutover.Restored},
		{dualtone.Old, cutover.Capture, 2 * time.Hour, cutover.Restored},
		{dualtone.Old, cutover.Move, 2 * time.Hour, cutover.Restored},
		{dualtone.Old, cutover.Verify, 2 * time.Hour, cutover.Restored},
	} {
		t.Run(string(c.work)+" to "+string(c.to)+" after "+c.away.String(), func(t *testing.T) {
			t.Parallel()
			if got := awayFor(t, c.to, c.work, c.away); got != c.want {
				t.Errorf("the user is %s, want %s", got, c.want)
			}
		})
	}
}

// Each user of a stage waits for calls as the plan says of their way, or else as the
// settings do, and honors the holds of the stage on the way there alone.
func TestAStagesUsersAreAskedForAsThePlanSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wait, backWait plan.Duration
		then           plan.DrainsLate
		forth, back    time.Duration
		insist         bool
	}{
		"as the settings say":     {0, 0, "", time.Minute, time.Minute, true},
		"as the plan says":        {plan.Duration(3 * time.Minute), plan.Duration(7 * time.Minute), "", 3 * time.Minute, 7 * time.Minute, true},
		"for as long as it takes": {0, 0, plan.KeepWaiting, time.Minute, 24 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pilot := wave("pilot")
			pilot.Wait, pilot.BackWait, pilot.BackThen = c.wait, c.backWait, c.then
			h := newHall(t, []rollout.Spec{pilot}, 1)
			h.tell(t, time.Hour, incident(rollout.Rollback))
			r := h.start()
			r.Patience = 17 * time.Minute
			h.run(t, r)
			if len(h.began) != 2 {
				t.Fatalf("%d switches, want one forth and one back", len(h.began))
			}
			forth, back := h.began[0].asked, h.began[1].asked
			pilots := activities.StageRef{Plan: "emea", Stage: "pilot", Hash: "h1"}
			if forth.DrainWait != c.forth || forth.Insist || forth.Held == nil || *forth.Held != pilots {
				t.Errorf("forth: waits %s, insists %t, honors the holds of %v", forth.DrainWait, forth.Insist, forth.Held)
			}
			if back.DrainWait != c.back || back.Insist != c.insist || back.Held != nil {
				t.Errorf("back: waits %s, insists %t, honors the holds of %v", back.DrainWait, back.Insist, back.Held)
			}
			if forth.Patience != r.Patience || back.Patience != r.Patience {
				t.Errorf("patient for %s forth and %s back, want %s", forth.Patience, back.Patience, r.Patience)
			}
		})
	}
}

// A user is kept where they are by the holds of their stage and of its whole plan
// while those are in force, and by nobody else's.
func TestAUserHonorsTheHoldsOfTheirStageAlone(t *testing.T) {
	t.Parallel()
	ago, ahead := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	pilot := &activities.StageRef{Plan: "emea", Stage: "pilot"}
	for name, c := range map[string]struct {
		of   *activities.StageRef
		hold rollout.Hold
		want cutover.State
	}{
		"of their stage":          {pilot, rollout.Hold{Plan: "emea", Stage: "pilot", Expires: ahead}, cutover.Deferred},
		"of the whole plan":       {pilot, rollout.Hold{Plan: "emea"}, cutover.Deferred},
		"of another stage":        {pilot, rollout.Hold{Plan: "emea", Stage: "wave-1"}, cutover.OnNew},
		"of another plan":         {pilot, rollout.Hold{Plan: "apac"}, cutover.OnNew},
		"of another plan's stage": {pilot, rollout.Hold{Plan: "apac", Stage: "pilot"}, cutover.OnNew},
		"that was released":       {pilot, rollout.Hold{Plan: "emea", Released: ago, ReleasedBy: "ivy"}, cutover.OnNew},
		"that is over":            {pilot, rollout.Hold{Plan: "emea", Stage: "pilot", Expires: ago}, cutover.OnNew},
		"of a plan, alone":        {nil, rollout.Hold{Plan: "emea"}, cutover.OnNew},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice()
			h := newHall(t, []rollout.Spec{wave("pilot")}, 1)
			must(t, h.store.KeepPlan(t.Context(), rollout.Plan{Name: "apac", Hash: "h2", Author: "ada", State: rollout.Active, Since: monday()}, []rollout.Stage{{ID: "pilot", Kind: "wave", State: rollout.Pending}}, nil))
			o.user.Holds = h.store
			c.hold.ID, c.hold.Owner, c.hold.Reason, c.hold.Placed = "h", "ivy", "voice quality", ago
			must(t, h.store.PlaceHold(t.Context(), c.hold))
			if p := o.runFor(t, workflows.SwitchUser, c.of); p.State != c.want {
				t.Errorf("the user is %s (%s), want %s", p.State, p.Detail, c.want)
			}
		})
	}
}
