package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

func noon() time.Time { return time.Date(2026, 11, 9, 12, 0, 0, 123456000, time.UTC) }

// planned is a whole switch, as a capture makes it.
func planned(id cutover.SwitchID, p dualtone.Person) cutover.Switch {
	before := cutover.Image{
		cutover.Softphone: {Softphone: &dualtone.Softphone{CallCenter: "old-cc", PermissionSets: []string{"CTI"}}},
		cutover.Routes:    {Routes: []routing.Route{{Number: p.Numbers[0], Person: p.ID, Sides: []dualtone.Side{dualtone.Old}}}},
		cutover.OldSeat:   {Seat: &dualtone.Seat{Enabled: true}},
		cutover.OldForward: {
			Forward: &dualtone.Forward{Detail: map[string]string{"CFU": ""}},
		},
		cutover.OldOffering: {Offering: &dualtone.Offering{Memberships: []dualtone.Membership{{Queue: "sales", Penalty: 2, Device: "PJSIP/1001"}}}},
		cutover.NewSeat:     {Seat: &dualtone.Seat{Enabled: false}},
		cutover.NewOffering: {Offering: &dualtone.Offering{}},
	}
	actions := []cutover.Action{
		{Step: cutover.Prepare, Facet: cutover.NewSeat, From: before[cutover.NewSeat], To: cutover.Value{Seat: &dualtone.Seat{Enabled: true, Licenses: []string{"agent"}}}},
		{Step: cutover.SwitchCRM, Facet: cutover.Softphone, From: before[cutover.Softphone], To: cutover.Value{Softphone: &dualtone.Softphone{CallCenter: "new-cc", PermissionSets: []string{"CTI", "SCV"}}}},
	}
	return cutover.Switch{
		ID: id, Person: p.ID, To: dualtone.New, Cohort: "wave-1", State: cutover.Captured, Started: noon(), Before: before, Actions: actions,
		Provenance: routing.Provenance{Actor: "ada", Reason: "wave 1", Workflow: "switch-" + string(p.ID), Run: "0192f0c8-7f1e-7c3a-9d53-2f6b6a1f0a10"},
	}
}

func keep(tb testing.TB, pool *pgxpool.Pool, w cutover.Switch) cutover.Switch {
	tb.Helper()
	if w.Started.IsZero() {
		w.Started = noon()
	}
	held, err := NewSwitches(pool).Keep(tb.Context(), w)
	if err != nil {
		tb.Fatal(err)
	}
	return held
}

func reached(w cutover.Switch, state cutover.State, after time.Duration) cutover.Entry {
	return cutover.Entry{
		Switch: w.ID, Person: w.Person, Kind: cutover.Reached, State: state, Text: "to " + string(state), Attempt: 1,
		Provenance: w.Provenance, At: noon().Add(after),
	}
}

func record(tb testing.TB, pool *pgxpool.Pool, entries ...cutover.Entry) {
	tb.Helper()
	if err := NewSwitches(pool).Record(tb.Context(), entries...); err != nil {
		tb.Fatal(err)
	}
}

func peopled(tb testing.TB, n int) *pgxpool.Pool {
	tb.Helper()
	pool := newPool(tb)
	if err := NewPeople(pool).Import(tb.Context(), agents(n), why()); err != nil {
		tb.Fatal(err)
	}
	return pool
}

func TestTheJournalRefusesChangeAndDeletion(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	record(t, pool, reached(keep(t, pool, planned("s1", agent(1))), cutover.Drained, 0))
	for _, sql := range []string{
		"UPDATE journal SET text = 'nothing happened'", "DELETE FROM journal", "TRUNCATE journal",
		"DELETE FROM people_changes", "UPDATE route_changes SET numbers = '{}'",
	} {
		if _, err := pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "append only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestWordsThatPostgresRefusesAreStillJournaled(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	w := planned("s1", agent(1))
	w.Detail = "bad \xff and \x00"
	w = keep(t, pool, w)
	e := reached(w, cutover.Drained, time.Second)
	e.Text = "bad \xff and \x00"
	record(t, pool, e)
	journal, err := NewSwitches(pool).Journal(t.Context(), cutover.JournalQuery{})
	if err != nil || len(journal) != 2 {
		t.Fatalf("%d entries: %v", len(journal), err)
	}
	for _, e := range journal {
		if e.Text != "bad \uFFFD and \uFFFD" {
			t.Errorf("%q", e.Text)
		}
	}
}
