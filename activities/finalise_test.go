package activities_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/report"
)

// memoryLog is a call log in memory.
type memoryLog struct {
	calllog.Log
	legs     []calllog.Kept
	sums     []report.Sum
	attempts []calllog.Attempt
	// records are the systems whose records are read.
	records []string
}

func (l *memoryLog) Legs(_ context.Context, q calllog.LegQuery) ([]calllog.Kept, error) {
	var found []calllog.Kept
	for _, k := range l.legs {
		if k.System == q.System && !k.Started.Before(q.From) && k.Started.Before(q.To) && k.Started.After(q.After.Started) {
			found = append(found, k)
		}
	}
	return found, nil
}

func (l *memoryLog) Sums(_ context.Context, ask report.Ask) (report.Answer, error) {
	var found []report.Sum
	for _, s := range l.sums {
		if s.Interval < len(ask.Times)-1 {
			found = append(found, s)
		}
	}
	return report.Answer{KnownAt: noon(), Sums: found}, nil
}

func (l *memoryLog) Attempts(_ context.Context, from, to time.Time) iter.Seq2[calllog.Attempt, error] {
	return func(yield func(calllog.Attempt, error) bool) {
		for _, a := range l.attempts {
			if !a.At.Before(from) && a.At.Before(to) && !yield(a, nil) {
				return
			}
		}
	}
}

func (l *memoryLog) Joined(_ context.Context, from, to time.Time) ([]calllog.Joined, error) {
	var found []calllog.Joined
	for i := range l.legs {
		if leg := &l.legs[i].Leg; !leg.Started.Before(from) && leg.Started.Before(to) {
			found = append(found, calllog.Joined{Trace: leg.Trace(), StitchedTo: calllog.CallIDOf(leg.LegID, leg.Started)})
		}
	}
	return found, nil
}

func (l *memoryLog) CatchUp(_ context.Context, system string) (bool, error) {
	return slices.Contains(l.records, system), nil
}

func (l *memoryLog) log() *activities.CallLog {
	return &activities.CallLog{
		Legs: l, Rollups: l, Border: l, Records: l, Sides: map[string]dualtone.Side{"pbx": dualtone.Old, "cloud": dualtone.New},
	}
}

// shown are receipts in memory.
type shown []evidence.Receipt

func (s *shown) KeepPack(_ context.Context, r evidence.Receipt) error {
	*s = append(*s, r)
	return nil
}

func (s *shown) Packs(context.Context, string, plan.Hash) ([]evidence.Receipt, error) {
	return *s, nil
}

// movedOffice is an office whose only agent is on the new side, long enough ago,
// and of whom everything is proved.
type movedOffice struct {
	*office
	log   *memoryLog
	packs *shown
}

func newMovedOffice(t *testing.T) *movedOffice {
	t.Helper()
	agent := cutovertest.Agent()
	o := &movedOffice{office: newOffice(t, agent), log: &memoryLog{records: []string{"pbx", "cloud"}}}
	actions, err := cutovertest.Migration().Plan(agent, cutovertest.Before(), &dualtone.Offering{Profile: "work"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.people.Keep(t.Context(), cutover.Switch{
		ID: "s1", Person: agent.ID, To: dualtone.New, State: cutover.OnNew, Cohort: "emea/pilot", Started: noon(), Before: cutovertest.Before(), Actions: actions,
	}); err != nil {
		t.Fatal(err)
	}
	if err := o.store.KeepReadings(t.Context(), rollout.Reading{
		Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", At: o.later().Add(-time.Hour), To: o.later(), Samples: 1, Ruling: rollout.GatePasses,
	}); err != nil {
		t.Fatal(err)
	}
	o.packs = &shown{
		{Stage: "rehearsal", Seal: "s1", Made: o.later()},
		{Stage: "pilot", Seal: "s2", Previous: "s1", Made: o.later(), Users: 1},
	}
	trunk := rollout.Task{Plan: "emea", Stage: "finalise", ID: "finalise/old_trunk_kept", Name: "old_trunk_kept", Owner: "tel", State: rollout.TaskConfirmed}
	if err := o.store.OpenTasks(t.Context(), trunk); err != nil {
		t.Fatal(err)
	}
	return o
}

// later is when the plan is to be finalised.
func (*movedOffice) later() time.Time { return noon().AddDate(0, 0, 30) }

func (o *movedOffice) missing(t *testing.T) string {
	t.Helper()
	return o.missingAt(t, o.later())
}

func (o *movedOffice) missingAt(t *testing.T, at time.Time) string {
	t.Helper()
	checks := &activities.Prechecks{
		Library: o.library, Store: o.store, People: o.people, Receipts: o.packs, Log: o.log.log(), Now: o.later,
	}
	missing, err := checks.Final(t.Context(), o.ref(), at, false)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(missing, "; ")
}

func (o *movedOffice) leg(agent dualtone.UserID, ago time.Duration) {
	o.log.legs = append(o.log.legs, calllog.Kept{Leg: calllog.Leg{
		LegID: calllog.LegID{System: "pbx", Record: "r"}, Started: o.later().Add(-ago), Direction: calllog.Inbound, Agent: agent,
	}})
}

func TestThePointOfNoReturnNeedsEveryProof(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		spoil func(*movedOffice)
		want  string
	}{
		"everything is proved":           {func(*movedOffice) {}, ""},
		"no pack of a stage":             {func(o *movedOffice) { *o.packs = (*o.packs)[:1] }, "the pack of stage pilot was never made"},
		"a pack older than its stage":    {func(o *movedOffice) { (*o.packs)[1].Made = noon().Add(-time.Hour) }, "the pack of stage pilot is of "},
		"a pack before it made anew":     {func(o *movedOffice) { (*o.packs)[0].Seal = "s9" }, "the pack of stage pilot does not follow"},
		"a pack that contradicts itself": {func(o *movedOffice) { (*o.packs)[1].Findings = []string{"E9 is verifying"} }, "E9 is verifying"},
		"an open difference":             {func(o *movedOffice) { (*o.packs)[1].Open = 2 }, "2 differences that nobody has explained"},
		"a call to somebody who left":    {func(o *movedOffice) { o.leg("1001", 6*day) }, "1 calls on pbx in the last 7d"},
		"the same, longer ago":           {func(o *movedOffice) { o.leg("1001", 8*day) }, ""},
		"any call, when all have left":   {func(o *movedOffice) { o.leg("4711", day) }, "1 calls on pbx"},
		"records that nobody reads":      {func(o *movedOffice) { o.log.records = nil }, "task finalise/no_calls_on_old is open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newMovedOffice(t)
			tt.spoil(o)
			if got := o.missing(t); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("missing %q, want %q", got, tt.want)
			}
		})
	}
}

func TestThePointOfNoReturnWaitsForPeopleAndTime(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		spoil func(context.Context, *movedOffice) error
		later time.Duration
		want  string
	}{
		"compared within a day": {nil, 22 * time.Hour, ""},
		"compared a day ago":    {nil, day, "older than 1d"},
		"compared, and it differs": {func(ctx context.Context, o *movedOffice) error {
			return o.store.KeepReadings(ctx, rollout.Reading{
				Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", At: o.later(), To: o.later(), Samples: 1, Ruling: rollout.GateFails, Why: "is 1, at most 0 is allowed",
			})
		}, 0, "reconcile/user_state of stage pilot is 1"},
		"somebody went back alone": {func(ctx context.Context, o *movedOffice) error {
			_, err := o.people.Keep(ctx, cutover.Switch{
				ID: "s2", Person: cutovertest.Agent().ID, To: dualtone.Old, State: cutover.Restored, Cohort: "emea/pilot", Started: o.later(),
			})
			return err
		}, 0, "of stage pilot, 1 restored"},
		"a hold": {func(ctx context.Context, o *movedOffice) error {
			return o.store.PlaceHold(ctx, rollout.Hold{ID: "plan-0401-1", Plan: "emea", Owner: "ivy", Reason: "trunk alarms", Placed: o.later()})
		}, time.Minute, "trunk alarms"},
		"the last switch 13 days ago": {func(ctx context.Context, o *movedOffice) error {
			return o.store.Record(ctx, switched(o, 13*day))
		}, 0, "the last switch was at"},
		"the last switch 14 days ago": {func(ctx context.Context, o *movedOffice) error {
			return o.store.Record(ctx, switched(o, 14*day))
		}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newMovedOffice(t)
			if tt.spoil != nil {
				must(t, tt.spoil(t.Context(), o))
			}
			if got := o.missingAt(t, o.later().Add(tt.later)); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("missing %q, want %q", got, tt.want)
			}
		})
	}
}

// switched is the end of the pilot's switches so long before the plan is finalised.
func switched(o *movedOffice, ago time.Duration) rollout.Transition {
	return rollout.Transition{
		Plan: "emea", Stage: "pilot", Verb: rollout.Switched, From: rollout.Passed, To: rollout.Passed, Actor: "system", At: o.later().Add(-ago), Hash: o.ref().Hash,
	}
}

func TestTheOldTrunkIsConfirmedBySomebodyElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	checks := &activities.Prechecks{Library: o.library, Store: o.store, People: o.people, Receipts: &shown{}, Log: (&memoryLog{records: []string{"pbx"}}).log(), Now: noon}
	asked := func(look bool) string {
		all, err := checks.Final(t.Context(), o.ref(), noon(), look)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(all, "; ")
	}
	missing := func() string { return asked(false) }
	if got := asked(true); !strings.Contains(got, "old_trunk_kept: somebody must do a task that nobody has begun") {
		t.Errorf("whoever looks is told %q", got)
	}
	if _, err := o.store.Task(t.Context(), "emea", "finalise/old_trunk_kept"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("whoever looks opens the task: %v", err)
	}
	if got := missing(); !strings.Contains(got, "task finalise/old_trunk_kept is open") {
		t.Fatalf("missing %q", got)
	}
	task, err := o.store.Task(t.Context(), "emea", "finalise/old_trunk_kept")
	if err != nil || task.Owner != string(plan.TelecomOwner) {
		t.Fatalf("the task is %+v, %v", task, err)
	}
	for _, step := range []struct {
		to rollout.TaskState
		by string
	}{{rollout.TaskDone, "tim"}, {rollout.TaskConfirmed, "zoe"}} {
		moved, err := task.Move(step.to, step.by, "a call over it", noon())
		if err != nil {
			t.Fatal(err)
		}
		if err := o.store.MoveTask(t.Context(), task, moved); err != nil {
			t.Fatal(err)
		}
		task = moved
		if got := missing(); step.to == rollout.TaskDone && !strings.Contains(got, "task finalise/old_trunk_kept is done") {
			t.Errorf("done and not confirmed, and missing is %q", got)
		}
	}
	if got := missing(); strings.Contains(got, "old_trunk_kept") {
		t.Errorf("confirmed, and still missing: %q", got)
	}
}

func TestTheFinalActionsAreDoneOrBecomeTasks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(*cutovertest.World, *activities.User)
		state rollout.TaskState
		says  string
		kept  bool // the seat is not released
	}{
		"released":          {func(*cutovertest.World, *activities.User) {}, rollout.TaskConfirmed, "1 seats on old are released", false},
		"the system cannot": {func(_ *cutovertest.World, u *activities.User) { u.Old.Provisioning = nil }, rollout.TaskOpen, "by hand", true},
		"somebody else changes seats": {func(w *cutovertest.World, _ *activities.User) {
			w.FailWith(func(op string) cutovertest.Failure {
				if op == "set old.seat" {
					return cutovertest.Failure{Before: dualtone.ErrConflict}
				}
				return cutovertest.Failure{}
			})
		}, rollout.TaskOpen, "E100", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newMovedOffice(t)
			world := cutovertest.NewWorld(cutovertest.Before())
			u := &activities.User{Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), People: o.people, Switches: o.people, Now: o.later}
			tt.spoil(world, u)
			final := &activities.Final{Library: o.library, Store: o.store, User: u, Receipts: o.packs}
			for range 2 { // a repeated activity does it once
				if err := final.Perform(t.Context(), o.ref()); err != nil {
					t.Fatal(err)
				}
			}
			task, err := o.store.Task(t.Context(), "emea", "finalise/release_old_seats")
			if err != nil || task.State != tt.state || !strings.Contains(task.Evidence+task.Instruction, tt.says) {
				t.Errorf("the task is %+v, %v; want it %s and %q", task, err, tt.state, tt.says)
			}
			if seat := world.Image()[cutover.OldSeat].Seat; seat.Enabled != tt.kept {
				t.Errorf("the seat on the old side is %+v", seat)
			}
			notice, err := o.store.Task(t.Context(), "emea", "finalise/give_notice_old_support")
			if err != nil || notice.Owner != string(plan.FinanceOwner) {
				t.Errorf("the notice is %+v, %v", notice, err)
			}
			if tt.kept {
				return
			}
			entries, err := o.people.Journal(t.Context(), cutover.JournalQuery{Person: "E100", Kind: cutover.Wrote})
			if err != nil || len(entries) != 1 || entries[0].Step != cutover.Release || !entries[0].From.Seat.Enabled {
				t.Errorf("the journal tells of the release as %+v, %v", entries, err)
			}
		})
	}
}

func TestASystemThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	o := newMovedOffice(t)
	world := cutovertest.NewWorld(cutovertest.Before())
	world.FailWith(func(string) cutovertest.Failure { return cutovertest.Failure{Before: dualtone.ErrUnavailable} })
	u := &activities.User{Old: world.Platform(dualtone.Old), People: o.people, Switches: o.people, Now: o.later}
	final := &activities.Final{Library: o.library, Store: o.store, User: u, Receipts: o.packs}
	if err := final.Perform(t.Context(), o.ref()); !errors.Is(err, dualtone.ErrUnavailable) {
		t.Errorf("%v, want it to be tried again", err)
	}
}
