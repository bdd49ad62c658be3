package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	pack "github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestReceiptsOfPacksAreKeptForEver(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	if err := NewRollouts(pool).KeepPlan(t.Context(), rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Draft, Since: noon(), Kept: noon()}, nil, nil); err != nil {
		t.Fatal(err)
	}
	store := NewPacks(pool)
	first := pack.Receipt{Plan: "emea", PlanHash: "h1", Stage: "pilot", Seal: "s1", Key: "k", Made: noon(), By: "ada", Users: 3, Findings: []string{}}
	again := first
	again.Seal, again.Made, again.Open, again.Findings = "s2", noon().Add(time.Hour), 2, []string{"line 4: E1 is verifying"}
	other := first
	other.PlanHash = "h0"
	for _, r := range []pack.Receipt{again, first, other, first} {
		if err := store.KeepPack(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.Packs(t.Context(), "emea", "h1")
	if diff := cmp.Diff([]pack.Receipt{first, again}, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	if _, err := pool.Exec(t.Context(), `DELETE FROM plan_packs`); err == nil {
		t.Error("a receipt can be taken away")
	}
}

func TestTheFirstBaselineOfAVersionStays(t *testing.T) {
	t.Parallel()
	store := NewBaselines(newPool(t))
	if _, err := store.Baseline(t.Context(), "h1"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("before any: %v", err)
	}
	first := rollout.Baseline{
		PlanHash: "h1", From: noon().AddDate(0, 0, -28), To: noon(), Zone: "Europe/London", KnownAt: noon(), Source: "call log of pbx",
		Cells: []rollout.Cell{{Weekday: time.Monday, Half: 20, Days: 4, Shares: map[plan.Metric]rollout.Share{plan.AHT: {Sum: 600.5, Of: 4}}}},
	}
	later := first
	later.Cells = nil
	for _, b := range []rollout.Baseline{first, later} {
		if err := store.Freeze(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.Baseline(t.Context(), "h1")
	if diff := cmp.Diff(first, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
}
