package pages

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestWhatAnOrderCameToIsASentence(t *testing.T) {
	t.Parallel()
	for _, o := range append(planOffers(), stageOffers()...) {
		if got := orderTaken(o.verb); o.verb != rollout.Start && strings.HasPrefix(got, "Taken: ") {
			t.Errorf("%s is answered by %q", o.text, got)
		}
	}
}

func TestWhatIsSaidTwiceIsToldOnce(t *testing.T) {
	t.Parallel()
	if got := joined("no calls on cloud", "no calls on cloud", ""); got != "no calls on cloud" {
		t.Errorf("told %q", got)
	}
}
