package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Final says what is missing before the point of no return. What no system can
// show becomes a task, which somebody does and somebody else confirms; with look it
// is only said that it will.
func (p *Prechecks) Final(ctx context.Context, ref PlanRef, at time.Time, look bool) ([]string, error) {
	v, err := p.Library.open(ctx, ref.Plan, ref.Hash)
	if err != nil {
		return nil, err
	}
	final := v.Document.Plan.Spec.Finalise
	if final == nil {
		return []string{"the plan names no point of no return (spec.finalise)"}, nil
	}
	f := finalCheck{Prechecks: p, ref: ref, at: at, look: look, plan: &v.Document.Plan}
	if f.stages, err = p.Store.Stages(ctx, ref.Plan); err != nil {
		return nil, err
	}
	f.whole()
	if err := f.rested(ctx, final.NotBefore.AfterLastSwitch); err != nil {
		return nil, err
	}
	for _, r := range final.Require {
		if err := f.require(ctx, r); err != nil {
			return nil, err
		}
	}
	return f.missing, nil
}

type finalCheck struct {
	*Prechecks
	ref     PlanRef
	at      time.Time
	look    bool
	plan    *plan.Plan
	stages  []rollout.Stage
	missing []string
}

func (f *finalCheck) miss(what string, args ...any) {
	f.missing = append(f.missing, fmt.Sprintf(what, args...))
}

// whole asks whether everybody is where the plan wanted them: somebody may have
// gone back alone since their stage passed.
func (f *finalCheck) whole() {
	for _, s := range f.stages {
		if missing := rollout.Missing(s.Users); missing != "" && s.State == rollout.Passed {
			f.miss("of stage %s, %s; dualtone plan skip %s --stage %s --user ID leaves somebody out", s.ID, missing, f.ref.Plan, s.ID)
		}
	}
}

// rested asks whether the last switch is long enough ago.
func (f *finalCheck) rested(ctx context.Context, after plan.Duration) error {
	all, err := f.Store.Transitions(ctx, rollout.TransitionQuery{Plan: f.ref.Plan})
	if err != nil {
		return err
	}
	for _, t := range slices.Backward(all) {
		if t.Verb == rollout.Switched {
			if until := t.At.Add(after.Time()); f.at.Before(until) {
				f.miss("the last switch was at %s, it must be %s ago: not before %s", t.At.UTC().Format(time.RFC3339), after, until.UTC().Format(time.RFC3339))
			}
			return nil
		}
	}
	return nil
}

func (f *finalCheck) require(ctx context.Context, r plan.Requirement) error {
	switch r.Name {
	case plan.NoOpenHolds:
		return f.unheld(ctx)
	case plan.FreshReconcile:
		return f.reconciled(ctx)
	case plan.EvidencePackSigned:
		return f.proved(ctx)
	case plan.NoCallsOnOld:
		return f.quiet(ctx, r.For)
	case plan.OldTrunkKept:
		return f.confirmed(ctx, r.Name, plan.TelecomOwner,
			"see that the trunks of "+f.plan.Spec.Systems.Old+" are still up and under contract: they are the last way back",
			"the carrier's word or a test call over the old trunk")
	}
	f.miss("%s: this version of dualtone does not know how to prove it", r.Name)
	return nil
}

func (f *finalCheck) unheld(ctx context.Context) error {
	holds, err := f.Store.Holds(ctx, f.ref.Plan)
	for _, h := range holds {
		if h.OpenAt(f.at) {
			f.miss("%s", h)
		}
	}
	return err
}

// reconciled asks whether both systems were compared lately, for each stage that
// the plan has compared, and agreed.
func (f *finalCheck) reconciled(ctx context.Context) error {
	for _, s := range f.stages {
		stage, _ := f.plan.Stage(plan.StageID(s.ID))
		if s.State != rollout.Passed || !stage.Has(plan.ReconcileGates) {
			continue
		}
		for _, diff := range f.plan.Spec.Gates.Reconcile {
			name := rollout.ReconcilePrefix + string(diff.Diff)
			last, err := f.Store.Readings(ctx, rollout.ReadingQuery{Plan: f.ref.Plan, Stage: s.ID, Gate: name, Last: 1})
			switch {
			case err != nil:
				return err
			case len(last) == 0:
				f.miss("%s of stage %s was never made; dualtone plan reconcile %s makes it", name, s.ID, f.ref.Plan)
			case last[0].Ruling != rollout.GatePasses:
				f.miss("%s of stage %s %s", name, s.ID, last[0].Why)
			case f.at.Sub(last[0].At) > diff.MaxAge.Time():
				f.miss("%s of stage %s is of %s, older than %s; dualtone plan reconcile %s makes it anew",
					name, s.ID, last[0].At.UTC().Format(time.RFC3339), diff.MaxAge, f.ref.Plan)
			}
		}
	}
	return nil
}

// proved asks for the signed pack of every stage.
func (f *finalCheck) proved(ctx context.Context) error {
	packs, err := f.Receipts.Packs(ctx, f.ref.Plan, plan.Hash(f.ref.Hash))
	if err != nil {
		return err
	}
	if wanting := evidence.Wanting(f.stages, packs); len(wanting) > 0 {
		f.miss("%s; dualtone plan evidence %s makes all anew", strings.Join(wanting, ", "), f.ref.Plan)
	}
	return nil
}

// quiet asks whether the old side has had no calls for those who left it, by the
// call log; once everybody has left it, no calls at all. Where no connector hands
// its records over, the log may be behind, and somebody has to look.
func (f *finalCheck) quiet(ctx context.Context, since plan.Duration) error {
	old := f.plan.Spec.Systems.Old
	read, err := f.Log.catchUp(ctx, old)
	if err != nil {
		return err
	}
	left, err := f.left(ctx)
	if err != nil {
		return err
	}
	behind, err := f.People.List(ctx, cutover.PeopleQuery{Side: dualtone.Old, Limit: 1})
	if err != nil {
		return err
	}
	calls, last := 0, time.Time{}
	q := calllog.LegQuery{System: old, From: f.at.Add(-since.Time()), To: f.at}
	err = f.Log.each(ctx, q, func(l *calllog.Leg) {
		if left[l.Agent] || left[dualtone.UserID(l.Extension)] || len(behind) == 0 {
			calls, last = calls+1, l.Started
		}
	})
	switch {
	case err != nil:
		return err
	case calls > 0:
		f.miss("%s: %d calls on %s in the last %s of people who have left it, the last one at %s", plan.NoCallsOnOld, calls, old, since, last.UTC().Format(time.RFC3339))
	case !read:
		return f.confirmed(ctx, plan.NoCallsOnOld, plan.OperationsLead,
			fmt.Sprintf("see in %s itself that the people of the plan had no call there for %s: no connector hands its records over", old, since),
			"the system's own report of calls")
	}
	return nil
}

// left are the accounts, on the old side, of the people who have left it.
func (f *finalCheck) left(ctx context.Context) (map[dualtone.UserID]bool, error) {
	accounts := map[dualtone.UserID]bool{}
	err := eachMoved(ctx, f.Store, f.ref.Plan, func(u rollout.User) error {
		p, err := f.People.Person(ctx, u.Person)
		if err == nil && p.Accounts.Old != "" {
			accounts[p.Accounts.Old] = true
		}
		return err
	})
	return accounts, err
}

// confirmed asks whether somebody has done a task and somebody else confirmed it,
// and opens it if it is not there.
func (f *finalCheck) confirmed(ctx context.Context, what plan.Requires, owner plan.Role, instruction, wanted string) error {
	task := finalTask(f.ref.Plan, string(what), owner, instruction, wanted, f.at)
	if !f.look {
		if err := f.Store.OpenTasks(ctx, task); err != nil {
			return err
		}
	}
	held, err := f.Store.Task(ctx, f.ref.Plan, task.ID)
	if f.look && errors.Is(err, dualtone.ErrNotFound) {
		f.miss("%s: somebody must do a task that nobody has begun, and somebody else confirm it; finalise opens it for the %s", what, owner)
		return nil
	}
	if err == nil && held.State != rollout.TaskConfirmed {
		f.miss("%s: task %s is %s and is to be confirmed; dualtone plan tasks list %s", what, task.ID, held.State, f.ref.Plan)
	}
	return err
}

// finalTaskDue is how long people have for what the point of no return needs.
const finalTaskDue = 7 * 24 * time.Hour

// finalTask is something that people do about the point of no return.
func finalTask(name, what string, owner plan.Role, instruction, wanted string, at time.Time) rollout.Task {
	return rollout.Task{
		Plan: name, Stage: plan.FinaliseApproval, ID: plan.FinaliseApproval + "/" + what, Name: what, Owner: string(owner), Due: at.Add(finalTaskDue),
		Instruction: instruction, Wanted: wanted, Confirm: plan.ByAnother, State: rollout.TaskOpen,
	}
}
