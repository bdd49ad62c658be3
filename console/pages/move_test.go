package pages

import (
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
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
