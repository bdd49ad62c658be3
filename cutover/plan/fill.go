package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// Defaults of an approval.
const (
	planApprovalHolds  = 7 * Day
	stageApprovalHolds = Day / 2
)

// fill puts the defaults where the file says nothing.
func (r *Reading) fill() {
	spec := &r.Document.Plan.Spec
	if b := spec.Baseline; b != nil {
		b.Align = cmp.Or(b.Align, SameWeekdaySameHalfHour)
	}
	for i := range spec.Gates.Precheck {
		p := &spec.Gates.Precheck[i]
		p.OnFail = cmp.Or(p.OnFail, SkipUser)
		if p.Wait > 0 {
			p.OnTimeout = cmp.Or(p.OnTimeout, DeferUser)
		}
	}
	for i := range spec.Gates.Health {
		g := &spec.Gates.Health[i]
		g.FailAfter = cmp.Or(g.FailAfter, 1)
		if g.Metric == "" {
			g.Metric = Metric(g.Name)
		}
	}
	for i := range spec.Gates.Reconcile {
		g := &spec.Gates.Reconcile[i]
		g.OnFail = cmp.Or(g.OnFail, HoldPlan)
	}
	r.fillApproval("spec.approvals.plan", &spec.Approvals.Plan, planApprovalHolds, BindPlan, BindCohort)
	r.fillApproval("spec.approvals.stage_default", &spec.Approvals.StageDefault, stageApprovalHolds, BindPlan, BindCohort, BindEvidence)
	r.fillRollback(&spec.Rollback)
	for i := range spec.Stages {
		r.fillStage(fmt.Sprintf("spec.stages[%d]", i), &spec.Stages[i])
	}
	if f := spec.Finalise; f != nil {
		r.fillApproval("spec.finalise.approve", &f.Approve, stageApprovalHolds, BindPlan, BindCohort, BindEvidence)
	}
}

func (r *Reading) fillApproval(path string, a *Approval, holds Duration, binds ...Binding) {
	if !r.sheet.Written(path + ".not_author") {
		a.NotAuthor = true
	}
	if !r.sheet.Written(path + ".valid_for") {
		a.ValidFor = holds
	}
	if !r.sheet.Written(path + ".binds") {
		a.Binds = binds
	}
}

func (r *Reading) fillRollback(b *Rollback) {
	b.OnGateFail = cmp.Or(b.OnGateFail, Automatic)
	b.Scope = cmp.Or(b.Scope, ScopeStage)
	b.Verify = cmp.Or(b.Verify, BeforeImageEqual)
	b.Drain.Then = cmp.Or(b.Drain.Then, ForceRouteKeepMedia)
	if !r.sheet.Written("spec.rollback.skip_gates") {
		b.SkipGates = true
	}
	if !r.sheet.Written("spec.rollback.keep_new_side_records") {
		b.KeepNewSideRecords = true
	}
}

func (r *Reading) fillStage(path string, s *Stage) {
	s.Kind = cmp.Or(s.Kind, Wave)
	switch {
	case s.Kind.Switches():
		s.Reversal = cmp.Or(s.Reversal, ReversalMinutes)
	case s.Kind == Rehearsal:
		s.Reversal = cmp.Or(s.Reversal, ReversalNone)
	}
	if s.Approve != nil {
		r.fillApproval(path+".approve", s.Approve, stageApprovalHolds, BindPlan, BindCohort, BindEvidence)
	}
	if c := s.Cohort; c != nil {
		c.Order, c.Freeze = cmp.Or(c.Order, ByID), cmp.Or(c.Freeze, AtApproval)
	}
	if t := s.Traffic; t != nil {
		t.Speed = cmp.Or(t.Speed, 1)
	}
	for i := range s.Tasks {
		s.Tasks[i].Confirm = cmp.Or(s.Tasks[i].Confirm, ByAnother)
	}
}

// order is the stages in an order in which each comes after those it waits for;
// stages that wait for each other are left out.
func (p *Plan) order() []StageID {
	var sorted []StageID
	for range p.Spec.Stages {
		for _, s := range p.Spec.Stages {
			ready := !slices.ContainsFunc(s.After, func(id StageID) bool { return !slices.Contains(sorted, id) })
			if ready && !slices.Contains(sorted, s.ID) {
				sorted = append(sorted, s.ID)
			}
		}
	}
	return sorted
}
