package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// A capture that comes while somebody's word is being kept that the person is left
// out waits for that word, and obeys it.
func TestACaptureWaitsForWhoeverLeavesThePersonOut(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newPool(t)
	plans, noon := NewRollouts(pool), time.Date(2027, 3, 2, 12, 0, 0, 0, time.UTC)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(NewPeople(pool).Import(ctx, []dualtone.Person{{ID: "p1"}}, cutover.Import{Actor: "ada"}))
	must(plans.KeepPlan(ctx, rollout.Plan{Name: "emea", Hash: "h", Author: "ada", State: rollout.Active, Since: noon, Kept: noon},
		[]rollout.Stage{{ID: "pilot", Kind: "pilot", State: rollout.Switching}}, map[string][]dualtone.PersonID{"pilot": {"p1"}}))

	skip, err := pool.Begin(ctx)
	must(err)
	_, err = skip.Exec(ctx, `UPDATE plan_users SET state = 'skipped', detail = 'on leave' WHERE person = 'p1'`)
	must(err)
	kept := make(chan error, 1)
	go func() {
		_, err := NewSwitches(pool).Keep(ctx, cutover.Switch{
			ID: "s1", Person: "p1", To: dualtone.New, State: cutover.Captured, Cohort: "emea/pilot", Started: noon,
		})
		kept <- err
	}()
	waits := func() (n int) {
		must(pool.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n))
		return n
	}
	for waits() == 0 {
		select {
		case err := <-kept:
			t.Fatalf("the capture did not wait: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	must(skip.Commit(ctx))
	if left, ok := errors.AsType[*cutover.LeftOutError](<-kept); !ok || left.Why != "on leave" {
		t.Errorf("the capture was told %v, want that they are on leave", left)
	}
	users, err := plans.Users(ctx, rollout.UserQuery{Plan: "emea", Person: "p1"})
	must(err)
	if users[0].State != cutover.Skipped {
		t.Errorf("they are %s, want skipped", users[0].State)
	}
}
