package cutover_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/routing"
)

// Somebody with three numbers, of which some have no route, is moved in part or whole.
// Then the ranges and the default are changed, so that some of those need one, and the
// way back is gone twice, the first time perhaps in part.
func TestTheWayBackLeadsHome(t *testing.T) {
	t.Parallel()
	agent := cutovertest.Agent()
	agent.Numbers = []dualtone.Number{"+12125551001", "+12125551002", "+12125551003"}
	rapid.Check(t, func(t *rapid.T) {
		var routes, home []routing.Route
		for _, n := range agent.Numbers {
			switch own := (routing.Route{Number: n, Person: agent.ID, Sides: []dualtone.Side{dualtone.Old}}); rapid.IntRange(0, 2).Draw(t, string(n)) {
			case 0:
				routes = append(routes, own)
			case 1:
				home = append(home, own)
				routes = append(routes, routing.Route{Number: n})
			default:
				routes = append(routes, routing.Route{Number: n})
			}
		}
		before := cutovertest.Before().With(cutover.Routes, cutover.Value{Routes: routes})
		actions, err := cutovertest.Migration().Plan(agent, before, &dualtone.Offering{Profile: "work"})
		if err != nil {
			t.Fatal(err)
		}
		now := cutover.Apply(before, actions[:rapid.IntRange(0, len(actions)).Draw(t, "moved")])
		want := before.Led(home)
		for range 2 {
			var back []cutover.Action
			var drifts []cutover.Drift
			if rapid.Bool().Draw(t, "taken back") {
				var apart []cutover.Action
				back, drifts = cutover.Undo(before, actions, now, home)
				back, apart = cutover.LeadHome(back, now, home)
				back = append(back, apart...)
			} else {
				back, drifts = cutover.PlanReturn(before, actions, now, cutover.Choice{}, home)
				if d := cutover.Differences(want, cutover.BroughtBack(before, back)); len(d) > 0 && len(home) > 0 {
					t.Fatalf("what the way back is held to: %+v", d)
				}
			}
			if len(drifts) > 0 {
				t.Fatalf("nobody else changed anything, and yet %+v drifted", drifts)
			}
			for _, a := range back {
				if stands := (cutover.Image{a.Facet: a.To}); len(cutover.Differences(stands, stands.Led(home))) > 0 {
					t.Fatalf("for a moment a number is led elsewhere: %+v", a)
				}
			}
			if d := cutover.Differences(want, cutover.Apply(now, back)); len(d) > 0 {
				t.Fatalf("after the way back: %+v", d)
			}
			now = cutover.Apply(now, back[:rapid.IntRange(0, len(back)).Draw(t, "done")])
		}
	})
}
