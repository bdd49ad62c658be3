package cutover_test

import (
	"slices"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

func routed(side dualtone.Side, numbers ...dualtone.Number) cutover.Value {
	v := cutover.Value{Routes: []routing.Route{}}
	for _, n := range numbers {
		v.Routes = append(v.Routes, routing.Route{Number: n, Sides: []dualtone.Side{side}})
	}
	return v
}

func TestTheOrderOfSomebodysNumbersMeansNothing(t *testing.T) {
	t.Parallel()
	both := routed(dualtone.New, "+493010", "+493011")
	for name, c := range map[string]struct {
		other cutover.Value
		equal bool
	}{
		"another order":        {routed(dualtone.New, "+493011", "+493010"), true},
		"one more":             {routed(dualtone.New, "+493010", "+493011", "+493012"), false},
		"another in its place": {routed(dualtone.New, "+493010", "+493012"), false},
		"another side":         {routed(dualtone.Old, "+493010", "+493011"), false},
	} {
		if got := both.Equal(c.other); got != c.equal {
			t.Errorf("%s: equal is %t", name, got)
		}
	}
}

// What a way back starts from is whole: each write begins where the one before it ended,
// and holds the numbers that stand now.
func TestAMoveIsRenumberedAsAWhole(t *testing.T) {
	t.Parallel()
	move := []cutover.Action{
		{Step: cutover.DualRoute, Facet: cutover.Routes, From: routed(dualtone.Old, "+493010", "+493011"), To: routed(dualtone.New, "+493010", "+493011")},
		{Step: cutover.FlipRoute, Facet: cutover.Routes, From: routed(dualtone.New, "+493010", "+493011"), To: routed(dualtone.New, "+493010", "+493011")},
	}
	kept := slices.Clone(move)
	before := cutover.Image{cutover.Routes: move[0].From}
	now := cutover.Image{cutover.Routes: routed(dualtone.New, "+493011", "+493012")}
	home, actions := cutover.Renumbered(before, move, now)
	numbers := now.Numbers()
	if r := home[cutover.Routes].Routes; !slices.Equal(home.Numbers(), numbers) || r[0].Sides[0] != dualtone.Old || len(r[1].Sides) > 0 {
		t.Errorf("before the move there were %+v", r)
	}
	from := home[cutover.Routes]
	for i, a := range actions {
		if !a.From.Equal(from) || !slices.Equal(cutover.Image{cutover.Routes: a.To}.Numbers(), numbers) {
			t.Errorf("write %d goes from %+v to %+v", i+1, a.From.Routes, a.To.Routes)
		}
		from = a.To
	}
	if !from.Equal(now[cutover.Routes]) {
		t.Errorf("the move ends with %+v", from.Routes)
	}
	for i := range move {
		if !move[i].From.Equal(kept[i].From) || !move[i].To.Equal(kept[i].To) {
			t.Errorf("the move itself was changed: %+v", move[i])
		}
	}
}
