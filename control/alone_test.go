package control_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
	"github.com/dualtone/dualtone/workflows"
)

// A way back of one person is looked at before any system is asked: Temporal has
// no part in what is refused here.
func TestARollbackOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	ctx, now := t.Context(), time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	store := rollouttest.NewStore(cutovertest.NewStores(dualtone.Person{ID: "E1"}, dualtone.Person{ID: "E2"}))
	kept := rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Active, Since: now}
	if err := store.KeepPlan(ctx, kept, []rollout.Stage{{ID: "pilot", State: rollout.Pending}}, map[string][]dualtone.PersonID{"pilot": {"E1"}}); err != nil {
		t.Fatal(err)
	}
	plans := control.Plans{Store: store, Now: func() time.Time { return now }}
	give := func(who dualtone.PersonID, stage string) error {
		return plans.Give(ctx, "emea", workflows.PlanOrder{
			Order: rollout.Order{Verb: rollout.Rollback, Actor: "oscar", Role: plan.Operator, Reason: "voice quality"}, Person: who, Stage: stage,
		})
	}
	for name, c := range map[string]struct {
		who, stage string
		want       error
		says       string
	}{
		"in no plan":       {"E2", "", dualtone.ErrNotFound, "rollback of E2 refused: they are not in plan emea"},
		"not moved":        {"E1", "", dualtone.ErrConflict, "they are " + string(cutover.Planned)},
		"no such stage":    {"E1", "wave-9", dualtone.ErrNotFound, `plan emea has no stage "wave-9"`},
		"nothing moved it": {"E1", "pilot", dualtone.ErrConflict, "they are " + string(cutover.Planned)},
	} {
		if err := give(dualtone.PersonID(c.who), c.stage); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
}

func TestACompletedPlanIsNotApprovedAgain(t *testing.T) {
	t.Parallel()
	ctx, now := t.Context(), time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	store := rollouttest.NewStore(cutovertest.NewStores())
	if err := store.KeepPlan(ctx, rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Completed, Since: now}, nil, nil); err != nil {
		t.Fatal(err)
	}
	plans := control.Plans{Store: store, Now: func() time.Time { return now }}
	_, err := plans.Decide(ctx, "emea", rollout.Order{Verb: rollout.Approve, Actor: "eve", Role: plan.CutoverApprover})
	if !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "stage finalise") {
		t.Errorf("approval of a plan that is completed: %v", err)
	}
}

const limitedPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: emea, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: sf}
  timezone: UTC
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  limits: {concurrency: 4}
  stages: [{id: pilot, kind: pilot, cohort: {where: "true"}, windows: [always]}]
`

// What a dry run says would be taken is taken: an order about what does not stand, or
// above what was approved, is refused before it is given as well.
func TestADryRunRefusesWhatWouldBeRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	versions := cutovertest.NewPlans()
	read := plan.Read(plan.Source{Name: "plan.yaml", Now: now, Text: []byte(limitedPlan)})
	version, err := versions.Save(t.Context(), plan.Version{Document: read.Document, Author: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	plans := control.Plans{Versions: versions}
	view := control.PlanView{
		Plan: rollout.Plan{Name: "emea", Hash: string(version.Hash), Author: "ada", State: rollout.Active, Since: now}, AsOf: now,
		Stages: []rollout.Stage{{ID: "pilot", State: rollout.AwaitingApproval}, {ID: "wave", State: rollout.Switching}, {ID: "failed", State: rollout.Failed}},
		Holds:  []rollout.Hold{{ID: "pilot-1", Stage: "pilot"}}, Pauses: []rollout.Paused{{Stage: "wave", Actor: "ivy"}},
		Needs: map[string]plan.Approval{"pilot": {Need: 1, Roles: []plan.Role{plan.OperationsLead}}},
	}
	for name, c := range map[string]struct {
		verb  rollout.Verb
		role  plan.Role
		order workflows.PlanOrder
		says  string // empty where it would be taken
	}{
		"a pause in a pause":       {rollout.Pause, plan.Operator, workflows.PlanOrder{Stage: "wave"}, "ivy has paused it already"},
		"a pause of all":           {rollout.Pause, plan.Operator, workflows.PlanOrder{}, ""},
		"the end of a pause":       {rollout.Resume, plan.Operator, workflows.PlanOrder{Stage: "wave"}, ""},
		"the end of none":          {rollout.Resume, plan.Operator, workflows.PlanOrder{}, "it is not paused"},
		"the end of a hold":        {rollout.Release, plan.Operator, workflows.PlanOrder{Stage: "pilot", Hold: "pilot-1"}, ""},
		"the end of another hold":  {rollout.Release, plan.Operator, workflows.PlanOrder{Stage: "pilot", Hold: "pilot-2"}, "there is no open hold pilot-2"},
		"a stage's hold as a plan": {rollout.Release, plan.Operator, workflows.PlanOrder{}, "there is no open hold"},
		"fewer at a time":          {rollout.Limit, plan.Operator, workflows.PlanOrder{Rate: &rollout.Rate{Concurrency: 2}}, ""},
		"more than were approved":  {rollout.Limit, plan.Operator, workflows.PlanOrder{Rate: &rollout.Rate{Concurrency: 5}}, "more users at a time than were approved"},
		"the author's override":    {rollout.Override, plan.CutoverApprover, workflows.PlanOrder{Stage: "failed", Order: rollout.Order{Actor: "ada"}}, "its author does not let it pass"},
		"somebody else's":          {rollout.Override, plan.CutoverApprover, workflows.PlanOrder{Stage: "failed"}, ""},
		"the wrong role":           {rollout.Approve, plan.CutoverApprover, workflows.PlanOrder{Stage: "pilot"}, "eve acts as cutover-approver; may: operations-lead"},
		"the right role":           {rollout.Approve, plan.OperationsLead, workflows.PlanOrder{Stage: "pilot"}, ""},
	} {
		c.order.Order = rollout.Order{Verb: c.verb, Actor: cmp.Or(c.order.Actor, "eve"), Role: c.role, Reason: "as agreed"}
		err := plans.Would(t.Context(), view, c.order)
		if (c.says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}
