package activities_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
)

// number is an action with its number in the journal.
type number struct {
	at int
	cutover.Action
}

// A worker that is lost leaves an intent without an outcome. Whoever takes the
// switch back tells what became of it, from what stands there.
func TestTheJournalTellsWhatBecameOfALostWrite(t *testing.T) {
	t.Parallel()
	agent, before := cutovertest.Agent(), cutovertest.Before()
	plan, err := cutovertest.Migration().Plan(agent, before, &dualtone.Offering{Profile: "work"})
	if err != nil {
		t.Fatal(err)
	}
	phone := slices.IndexFunc(plan, func(a cutover.Action) bool { return a.Facet == cutover.Softphone })
	licensed := *before[cutover.Softphone].Softphone
	licensed.Licenses = []string{"CloudPhone"}
	first, crm := number{1, plan[0]}, number{phone + 1, plan[phone]}
	half := before.With(cutover.Softphone, cutover.Value{Softphone: &licensed})
	calls := slices.IndexFunc(plan, func(a cutover.Action) bool { return a.Facet == cutover.OldForward })
	forward := number{calls + 1, plan[calls]}
	unlit := dualtone.Forward{To: forward.To.Forward.To, Detail: maps.Clone(forward.To.Forward.Detail)}
	if unlit.Detail == nil {
		unlit.Detail = map[string]string{}
	}
	unlit.Detail["lamp"] = "off"
	for name, tt := range map[string]struct {
		number
		world cutover.Image
		want  []string
		lost  bool // the writer was there to say that no answer came
	}{
		"written":            {first, before.With(first.Facet, first.To), []string{"intent 1", "state 0", "wrote 1", "intent -1", "wrote -1", "state 0"}, false},
		"not written":        {first, before, []string{"intent 1", "state 0", "note 1", "state 0"}, false},
		"written, no answer": {first, before.With(first.Facet, first.To), []string{"intent 1", "lost 1", "state 0", "wrote 1", "intent -1", "wrote -1", "state 0"}, true},
		"taken back, no answer": {
			number{-crm.at, cutover.Action{Facet: crm.Facet, From: crm.To, To: crm.From}},
			before,
			[]string{"intent -4", "lost -4", "state 0", "wrote -4", "state 0"},
			true,
		},
		"broken off after the license": {crm, half, []string{"intent 4", "state 0", "note 4", "intent -4", "wrote -4", "state 0"}, false},
		"broken off before the lamp was lit": {
			forward,
			before.With(cutover.OldForward, cutover.Value{Forward: &unlit}),
			[]string{"intent 6", "state 0", "note 6", "intent -6", "wrote -6", "state 0"},
			false,
		},
		"broken off before the license was taken": {
			number{-crm.at, cutover.Action{Facet: crm.Facet, From: crm.To, To: crm.From}},
			half,
			[]string{"intent -4", "state 0", "note -4", "intent -4", "wrote -4", "state 0"},
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, stores := cutovertest.NewWorld(tt.world), cutovertest.NewStores(agent)
			s := cutover.Switch{ID: "s", Person: agent.ID, To: dualtone.New, State: cutover.Captured, Before: before, Actions: plan}
			if _, err := stores.Keep(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			intent := cutover.Entry{
				Switch: s.ID, Person: agent.ID, Action: tt.at, Kind: cutover.Intent, Facet: tt.Facet, From: &tt.From, To: &tt.To,
			}
			known := []cutover.Entry{intent}
			if tt.lost {
				intent.Kind = cutover.Lost
				known = append(known, intent)
			}
			if err := stores.Record(t.Context(), known...); err != nil {
				t.Fatal(err)
			}
			takeBack(t, world, stores, s)
			entries, err := stores.Journal(t.Context(), cutover.JournalQuery{Person: agent.ID, After: 1})
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, e := range entries {
				told = append(told, fmt.Sprintf("%s %d", e.Kind, e.Action))
			}
			if diff := cmp.Diff(tt.want, told); diff != "" {
				t.Errorf("the journal (-want +got):\n%s", diff)
			}
			if diff := cutover.Differences(before, world.Image()); len(diff) > 0 {
				t.Errorf("not as before: %+v", diff)
			}
			if left := world.Image()[cutover.Softphone].Softphone.Licenses; len(left) > 0 {
				t.Errorf("the user keeps %v", left)
			}
		})
	}
}

func takeBack(t *testing.T, world *cutovertest.World, stores *cutovertest.Stores, s cutover.Switch) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, userOf(world, stores), &activities.Cohort{})
	_, err := env.ExecuteActivity(string(cutover.TakeBack), activities.Order{
		Switch: s.ID, Person: s.Person, To: s.To, State: cutover.Compensating, Detail: "the worker was lost",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// userOf are the activities over a world in memory.
func userOf(world *cutovertest.World, stores *cutovertest.Stores) *activities.User {
	return &activities.User{
		Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), CRM: world.CRM(cutovertest.CallCenters()...),
		Router: world.Router(), People: stores, Switches: stores, Migration: cutovertest.Migration(),
		Drain: activities.Drain{Poll: time.Millisecond}, Now: time.Now,
	}
}
