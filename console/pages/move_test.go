package pages

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/routing"
)

// Of whom something of a move may still stand, that is what can be mended.
func TestWhoIsLeftBetweenTheSidesIsOfferedTheWayBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		side  dualtone.Side
		state cutover.State
		want  string
	}{
		"never moved":                      {dualtone.Old, "", "new"},
		"moved":                            {dualtone.New, cutover.OnNew, "old"},
		"restored":                         {dualtone.Old, cutover.Restored, "new"},
		"a move that was not taken back":   {dualtone.Old, cutover.RestoreDrift, "old"},
		"a move of which nothing is known": {dualtone.Old, cutover.Unknown, "old"},
	} {
		buttons := moveButtons(Viewer{}, cutover.PersonState{Side: tt.side, State: tt.state})
		if got := buttons[0].hidden[0].value; got != tt.want {
			t.Errorf("%s: the page offers the %s side, want %s", name, got, tt.want)
		}
	}
}

// What a way back has left is offered to be agreed to, but for what calls follow.
func TestWhatAWayBackLeftIsOfferedToBeAgreedTo(t *testing.T) {
	t.Parallel()
	before := cutovertest.Before()
	sent := cutover.Value{Forward: &dualtone.Forward{To: "+12125550199"}}
	ways := []threeWay{
		{Drift: cutover.Drift{Facet: cutover.OldForward, Before: before[cutover.OldForward], Now: sent}, theirs: true},
		{Drift: cutover.Drift{Facet: cutover.OldOffering, Before: before[cutover.OldOffering], Now: before[cutover.OldOffering]}},
		{Drift: cutover.Drift{Facet: cutover.Routes, Before: before[cutover.Routes], Now: cutover.Value{Routes: []routing.Route{{Number: "+12125551001"}}}}, theirs: true},
	}
	for state, want := range map[cutover.State]map[string]int{
		cutover.OnNew:        {"over": 2},
		cutover.RestoreDrift: {"over": 2, "keep": 1},
	} {
		offered := map[string]int{}
		for _, f := range wayBack(page{}, cutover.PersonState{Side: dualtone.New, State: state}, ways)[0].fields {
			offered[f.name] = len(f.checks)
		}
		if diff := cmp.Diff(want, offered); diff != "" {
			t.Errorf("%s: the choices (-want +got):\n%s", state, diff)
		}
	}
}
