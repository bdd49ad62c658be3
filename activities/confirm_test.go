package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/routing"
)

// roll answers with what it was given.
type roll struct {
	lagging []routing.Edge
	err     error
	asked   []routing.Revision
}

func (r *roll) Confirm(_ context.Context, revision routing.Revision) (routing.Confirmation, error) {
	r.asked = append(r.asked, revision)
	return routing.Confirmation{Revision: revision, Confirmed: 3, Lagging: r.lagging, Took: 40 * time.Millisecond}, r.err
}

func TestTheJournalTellsWhichEdgesServeAFlip(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		roll *roll
		want string
	}{
		"all of them": {&roll{}, "revision 1 confirmed by 3 edges in 40 ms"},
		"one lags": {
			&roll{lagging: []routing.Edge{{Name: "sbc-2", Since: since, Silent: time.Second}}},
			"revision 1 confirmed by 3 edges in 40 ms; edge sbc-2 lags at revision 0 since 2026-11-25T08:00:00Z, heard 1.0 s ago",
		},
		"nobody knows": {&roll{err: errors.New("gone")}, "not known whether the edges serve revision 1: gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent, before := cutovertest.Agent(), cutovertest.Before()
			plan, err := cutovertest.Migration().Plan(agent, before, &dualtone.Offering{Profile: "work"})
			if err != nil {
				t.Fatal(err)
			}
			world, stores := cutovertest.NewWorld(before), cutovertest.NewStores(agent)
			s := cutover.Switch{ID: "s", Person: agent.ID, To: dualtone.New, State: cutover.Captured, Before: before, Actions: plan}
			if _, err := stores.Keep(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			u := &activities.User{
				Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), CRM: world.CRM(cutovertest.CallCenters()...),
				Router: world.Router(), Edges: tt.roll, People: stores, Switches: stores, Migration: cutovertest.Migration(),
				Drain: activities.Drain{Poll: time.Millisecond}, Now: time.Now,
			}
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			activities.Register(env, u, &activities.Cohort{})
			if _, err := env.ExecuteActivity(string(cutover.Ready), activities.Order{Switch: s.ID, Person: agent.ID, To: dualtone.New, State: cutover.Captured}); err != nil {
				t.Fatal(err)
			}
			entries, err := stores.Journal(t.Context(), cutover.JournalQuery{Person: agent.ID, Kind: cutover.Wrote})
			if err != nil {
				t.Fatal(err)
			}
			told := map[cutover.Facet]string{}
			for _, e := range entries {
				told[e.Facet] = e.Text
			}
			if told[cutover.Routes] != tt.want || len(tt.roll.asked) != 1 {
				t.Errorf("got %q after %v, want %q", told[cutover.Routes], tt.roll.asked, tt.want)
			}
			if told[cutover.OldOffering] != "" {
				t.Errorf("stopping offers: %q", told[cutover.OldOffering])
			}
		})
	}
}
