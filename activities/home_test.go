package activities_test

import (
	"cmp"
	"testing"

	"go.temporal.io/sdk/testsuite"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/routing"
)

// unrouted is a move of somebody whose number has no route of its own.
func unrouted(t *testing.T) (dualtone.Person, cutover.Image, []cutover.Action) {
	t.Helper()
	agent := cutovertest.Agent()
	before := cutovertest.Before().With(cutover.Routes, cutover.Value{Routes: []routing.Route{{Number: agent.Numbers[0]}}})
	plan, err := cutovertest.Migration().Plan(agent, before, &dualtone.Offering{Profile: "work"})
	if err != nil {
		t.Fatal(err)
	}
	return agent, before, plan
}

// The default leads a number without a route of its own to the old side. Its owner is
// moved, and so are all others; then the default is changed to the new side, which leads
// nobody astray. On the way back the number needs a route.
func TestWhoeverGoesBackIsRungThere(t *testing.T) {
	t.Parallel()
	agent, before, plan := unrouted(t)
	own := cutover.Value{Routes: []routing.Route{{Number: agent.Numbers[0], Person: agent.ID, Sides: []dualtone.Side{dualtone.Old}}}}
	for name, tt := range map[string]struct {
		rules string
		want  cutover.Value
	}{
		"nothing leads it":               {"", before[cutover.Routes]},
		"the default still leads it":     {"old", before[cutover.Routes]},
		"the default leads it elsewhere": {"new", own},
	} {
		for how, back := range map[string]func(*testing.T, *cutovertest.World, *cutovertest.Stores, cutover.Switch){"taken back": takeBack, "gone back": goBack} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				world, stores := cutovertest.NewWorld(cutover.Apply(before, plan)), cutovertest.NewStores(agent)
				if tt.rules != "" {
					world.SetRules(routing.Route{Number: routing.Default, Sides: []dualtone.Side{dualtone.Side(tt.rules)}})
				}
				s := cutover.Switch{ID: "s", Person: agent.ID, To: dualtone.New, State: cutover.OnNew, Before: before, Actions: plan}
				if _, err := stores.Keep(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				back(t, world, stores, s)
				want := before.With(cutover.Routes, tt.want)
				if diff := cutover.Differences(want, world.Image()); len(diff) > 0 {
					t.Errorf("not as it should be: %+v", diff)
				}
			})
		}
	}
}

// The default is changed after the way back was planned.
func TestADefaultThatIsChangedOnTheWayBackIsNoticed(t *testing.T) {
	t.Parallel()
	agent, before, plan := unrouted(t)
	world, stores := cutovertest.NewWorld(cutover.Apply(before, plan)), cutovertest.NewStores(agent)
	s := cutover.Switch{ID: "s", Person: agent.ID, To: dualtone.New, State: cutover.OnNew, Before: before, Actions: plan}
	if _, err := stores.Keep(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	do := doing(t, world, stores, s)
	do(cutover.Capture, cutover.Done)
	do(cutover.Ready, cutover.Done)
	world.SetRules(routing.Route{Number: routing.Default, Sides: []dualtone.Side{dualtone.New}})
	do(cutover.Move, cutover.Done)
	do(cutover.Verify, cutover.Differs)
}

// goBack goes the whole way back.
func goBack(t *testing.T, world *cutovertest.World, stores *cutovertest.Stores, s cutover.Switch) {
	t.Helper()
	do := doing(t, world, stores, s)
	for _, work := range []cutover.Work{cutover.Capture, cutover.Ready, cutover.Move, cutover.Verify} {
		do(work, cutover.Done)
	}
}

// doing does the works of a way back one by one, and wants an outcome of each.
func doing(t *testing.T, world *cutovertest.World, stores *cutovertest.Stores, s cutover.Switch) func(cutover.Work, cutover.Outcome) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, userOf(world, stores), &activities.Cohort{})
	state := map[cutover.Work]cutover.State{cutover.Move: cutover.Drained, cutover.Verify: cutover.Verifying}
	return func(work cutover.Work, want cutover.Outcome) {
		t.Helper()
		o := activities.Order{Switch: "back", Person: s.Person, To: dualtone.Old, State: cmp.Or(state[work], cutover.Captured)}
		value, err := env.ExecuteActivity(string(work), o)
		if err != nil {
			t.Fatal(err)
		}
		var r activities.Result
		if err := value.Get(&r); err != nil || r.Outcome != want {
			t.Fatalf("%s: %+v, %v, want %s", work, r, err, want)
		}
	}
}
