package control

import (
	"context"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// needs looks what must be approved now. The plan's own document is read only where
// something must be.
func (p *Plans) needs(ctx context.Context, v *PlanView) error {
	waits := []string{}
	if v.Plan.State == rollout.Submitted {
		waits = append(waits, "")
	}
	for _, s := range v.Stages {
		if s.State == rollout.AwaitingApproval {
			waits = append(waits, s.ID)
		}
	}
	if p.Versions == nil || len(waits) == 0 && v.Plan.State != rollout.Completed {
		return nil
	}
	version, err := p.Versions.Version(ctx, v.Plan.Name, plan.Hash(v.Plan.Hash))
	if err != nil {
		return err
	}
	document := &version.Document.Plan
	v.Needs = map[string]plan.Approval{}
	for _, id := range waits {
		need := document.Spec.Approvals.Plan
		if s, ok := document.Stage(plan.StageID(id)); ok {
			need = document.Approval(s)
		}
		v.Needs[id] = need
	}
	if v.Plan.State != rollout.Completed {
		return nil
	}
	if v.Finalise = document.Spec.Finalise; v.Finalise != nil {
		v.Needs[workflows.FinalStage] = v.Finalise.Approve
	}
	return nil
}

// Said is what people have said of something that must be approved now, those whose
// word counts and those whose does not. Of a stage only its workflow knows exactly
// what is bound, so it also tells of those who approved an earlier state of it.
func (v PlanView) Said(stage string) rollout.Verdict {
	var all []rollout.Approval
	for _, a := range v.Approvals {
		if a.Stage == stage {
			all = append(all, a)
		}
	}
	bound := rollout.Bound{Plan: v.Plan.Hash, Cohort: v.Plan.CohortHash}
	for _, s := range v.Stages {
		if s.ID == stage && len(all) > 0 {
			bound = rollout.Bound{Plan: v.Plan.Hash, Cohort: all[len(all)-1].Bound.Cohort, Evidence: s.Evidence}
		}
	}
	return rollout.Count(v.Needs[stage], v.Plan.Author, bound, all, v.AsOf)
}
