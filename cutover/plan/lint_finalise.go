package plan

import (
	"fmt"
	"slices"
)

func (l *linter) finalise() {
	f := l.spec.Finalise
	const path = "spec.finalise"
	if f == nil {
		if len(l.spec.Stages) > 0 {
			l.doubt("spec", "the plan has no finalise, so that both systems are paid for ever", "write spec.finalise with after, not_before, require, approve and actions")
		}
		return
	}
	l.finalAfter(path, f)
	l.approval(path+".approve", f.Approve, BindPlan)
	switch {
	case f.Approve.Need < 2:
		l.wrong(path+".approve.need", "the point of no return needs two approvals", "write need: 2")
	case !slices.Contains(f.Approve.Roles, FinanceOwner):
		l.wrong(path+".approve.roles", "the finance-owner is not among those who approve", "write roles: [cutover-approver, finance-owner]")
	case f.Approve.Need < len(f.Approve.Roles):
		l.wrong(path+".approve.need", fmt.Sprintf("%d of %d roles may approve without the finance-owner", f.Approve.Need, len(f.Approve.Roles)), fmt.Sprintf("write need: %d", len(f.Approve.Roles)))
	}
	if wait := f.NotBefore.AfterLastSwitch; wait < l.spec.Rollback.Window {
		l.wrong(path+".not_before.after_last_switch", fmt.Sprintf("%s is before the way back closes, %s after the last switch", wait, l.spec.Rollback.Window),
			fmt.Sprintf("write at least %s, or shorten rollback.window", l.spec.Rollback.Window))
	}
	l.requirements(path+".require", f.Require)
	if len(f.Actions) == 0 {
		l.wrong(path+".actions", "does nothing", "write actions: [release_old_seats]")
	}
	twice(l, path+".actions", f.Actions)
}

// finalAfter checks that nothing is left to do when the old side goes.
func (l *linter) finalAfter(path string, f *Finalise) {
	twice(l, path+".after", f.After)
	for i := range l.spec.Stages {
		if l.sheet.FaultsAt(fmt.Sprintf("spec.stages[%d].after", i)) {
			return // What comes after what is not known yet.
		}
	}
	reached := slices.Clone(f.After)
	for i, id := range f.After {
		if !l.known(fmt.Sprintf("%s.after[%d]", path, i), "stage", string(id), l.stageIDs()) {
			return
		}
	}
	for i := 0; i < len(reached); i++ {
		s, _ := l.plan.Stage(reached[i])
		for _, id := range s.After {
			if !slices.Contains(reached, id) {
				reached = append(reached, id)
			}
		}
	}
	var left []StageID
	for _, s := range l.spec.Stages {
		if s.Kind != Rehearsal && !slices.Contains(reached, s.ID) {
			left = append(left, s.ID)
		}
	}
	if left != nil {
		l.wrong(path+".after", "does not wait for "+few(left), "name the last stages: nobody may be left on the old side")
	}
}

func (l *linter) requirements(path string, all []Requirement) {
	for i, r := range all {
		at := fmt.Sprintf("%s[%d]", path, i)
		if first := slices.IndexFunc(all, func(o Requirement) bool { return o.Name == r.Name }); first < i {
			l.wrong(at, fmt.Sprintf("%s is required twice", r.Name), "take one away")
		}
		switch {
		case r.Name == NoCallsOnOld && r.For == 0:
			l.wrong(at, "does not say for how long", "write no_calls_on_old: 7d")
		case r.Name != NoCallsOnOld && r.For != 0:
			l.wrong(at, fmt.Sprintf("%s holds or does not, for no time", r.Name), "write the name alone")
		}
	}
	for _, must := range []Requires{FreshReconcile, NoOpenHolds, EvidencePackSigned, NoCallsOnOld} {
		if !slices.ContainsFunc(all, func(r Requirement) bool { return r.Name == must }) {
			want := "add " + string(must)
			if must == NoCallsOnOld {
				want += ": 7d"
			}
			l.wrong(path, fmt.Sprintf("lacks %s", must), want)
		}
	}
	if slices.ContainsFunc(all, func(r Requirement) bool { return r.Name == FreshReconcile }) && len(l.spec.Gates.Reconcile) == 0 {
		l.wrong(path, "requires a reconcile that the plan does not have", "write spec.gates.reconcile")
	}
}

func (l *linter) finance() {
	f := l.spec.Finance
	if f == nil {
		return
	}
	const path = "spec.finance"
	for i, w := range f.Warn {
		at := fmt.Sprintf("%s.warn[%d]", path, i)
		switch {
		case w.ForecastOver == nil && w.DaysToNotice == nil:
			l.wrong(at, "warns of nothing", "write forecast_over: 10% or days_to_notice: 21")
		case w.ForecastOver != nil && w.DaysToNotice != nil:
			l.wrong(at, "warns of two things", "write each as an item of its own")
		case w.ForecastOver != nil && f.Budget == nil:
			l.wrong(at+".forecast_over", "a forecast over which budget", "write budget: {amount: \"42000.00\", currency: GBP}")
		case w.DaysToNotice != nil && f.Contracts == "":
			l.wrong(at+".days_to_notice", "notice of which contract", "write contracts: finance/contracts.yaml")
		}
	}
	if l.sheet.Written(path+".planned_overlap") && f.PlannedOverlap == (Overlap{}) {
		l.wrong(path+".planned_overlap", "no overlap at all", "write before_switch: 7d or after_switch: soak")
	}
}
