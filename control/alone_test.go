package control_test

import (
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
