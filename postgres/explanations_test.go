package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestAWordOnADifferenceStandsTogetherWithTheAudit(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	store, log := NewRollouts(pool), NewAudit(pool)
	e := rollout.Explained{
		Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", Key: "E1 old.forward", Old: "a", New: "b",
		Actor: "lea", Role: "operations-lead", Reason: "CHG-1", At: noon(), Until: noon().Add(time.Hour),
	}
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "lea", Role: "operations-lead", Reason: "CHG-1"})
	if err := store.Explain(ctx, e); err == nil {
		t.Error("a difference of a plan that is not there is explained")
	}
	if err := store.KeepPlan(ctx, rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Active, Since: noon(), Kept: noon()}, nil, nil); err != nil {
		t.Fatal(err)
	}
	// Nobody stands for it in the audit, so it is not kept either.
	if err := store.Explain(t.Context(), e); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("without a cause: %v", err)
	}
	if err := store.Explain(ctx, e); err != nil {
		t.Fatal(err)
	}
	back := e
	back.Reason, back.Until = "I was wrong", time.Time{}
	if err := store.Explain(ctx, back); err != nil {
		t.Fatal(err)
	}
	got, err := store.Explanations(ctx, "emea")
	if diff := cmp.Diff([]rollout.Explained{e, back}, got, cmpopts.IgnoreFields(rollout.Explained{}, "Serial")); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	entries, err := log.Entries(ctx, audit.Query{Action: "difference.explain"})
	if err != nil || len(entries) != 2 {
		t.Errorf("the audit has %+v, %v; want an entry of each that was kept", entries, err)
	}
	if _, err := pool.Exec(ctx, `UPDATE plan_explanations SET reason = 'x'`); err == nil {
		t.Error("what somebody said can be changed")
	}
}
