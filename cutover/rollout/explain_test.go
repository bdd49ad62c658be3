package rollout_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func word(reason string, until time.Duration) rollout.Explained {
	e := rollout.Explained{
		Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", Key: "E1 old.forward", Old: "wanted a", New: "found b",
		Actor: "kim", Role: plan.OperationsLead, Reason: reason, At: noon(),
	}
	if until > 0 {
		e.Until = noon().Add(until)
	}
	return e
}

func TestAPersonsWordHoldsForTheDifferenceAsItWasAndUntilItEnds(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	changed, elsewhere, other := word("CHG-1", day), word("CHG-1", day), word("CHG-1", day)
	changed.New, elsewhere.Stage, other.Gate = "found c", "wave-1", "reconcile/call_log"
	for name, c := range map[string]struct {
		said []rollout.Explained
		at   time.Duration
		want string
	}{
		"nobody said anything":     {nil, time.Hour, ""},
		"in force":                 {[]rollout.Explained{word("CHG-1", day)}, time.Hour, "explained by kim (operations-lead) on 2027-03-02T12:00:00Z until 2027-03-03T12:00:00Z: CHG-1"},
		"over":                     {[]rollout.Explained{word("CHG-1", day)}, day, ""},
		"not said yet":             {[]rollout.Explained{word("CHG-1", day)}, -time.Hour, ""},
		"of what was found before": {[]rollout.Explained{changed}, time.Hour, ""},
		"of another stage":         {[]rollout.Explained{elsewhere}, time.Hour, ""},
		"of another comparison":    {[]rollout.Explained{other}, time.Hour, ""},
		"taken back":               {[]rollout.Explained{word("CHG-1", day), word("I was wrong", 0)}, time.Hour, ""},
		"said again, after all":    {[]rollout.Explained{word("I was wrong", 0), word("CHG-2", day)}, time.Hour, "CHG-2"},
	} {
		r := rollout.Reading{Stage: "pilot", Gate: "reconcile/user_state", Differences: []rollout.Difference{
			{Key: "E1 old.forward", Old: "wanted a", New: "found b"}, {Key: "E2 routes"}, {Key: "E1 old.forward", Old: "wanted a", New: "found b", Explanation: "a rule"},
		}}
		n := rollout.Explain(&r, c.said, noon().Add(c.at))
		if got := r.Differences[0].Explanation; !strings.Contains(got, c.want) || (got == "") != (c.want == "") || n != min(len(c.want), 1) {
			t.Errorf("%s: %q, %d explained; want %q", name, got, n, c.want)
		}
		if r.Differences[1].Explanation != "" || r.Differences[2].Explanation != "a rule" {
			t.Errorf("%s: other differences became %+v", name, r.Differences[1:])
		}
	}
}

func TestAWordThatNobodyCanGoByIsRefused(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*rollout.Explained){
		"needs a reason":    func(e *rollout.Explained) { e.Reason = "" },
		"who says so":       func(e *rollout.Explained) { e.Actor = "" },
		"before it begins":  func(e *rollout.Explained) { e.Until = e.At },
		"for up to 92 days": func(e *rollout.Explained) { e.Until = e.At.AddDate(1, 0, 0) },
	} {
		e := word("CHG-1", time.Hour)
		spoil(&e)
		if err := e.Check(); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
