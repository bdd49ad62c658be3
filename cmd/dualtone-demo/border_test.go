package main

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realsbc"
	"github.com/dualtone/dualtone/routing"
)

func TestACallIsHeldToTheTableThatDecidedIt(t *testing.T) {
	t.Parallel()
	changes := []made{
		{10, []dualtone.Side{dualtone.New, dualtone.Old}},
		{12, []dualtone.Side{dualtone.New}},
		{20, nil}, // the route is taken away, and home counts
	}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	call := func(platform, source, revision string) realsbc.Call {
		return realsbc.Call{Platform: platform, Source: source, Revision: revision, Sent: noon, Answered: noon.Add(time.Second), Ended: noon.Add(2 * time.Second)}
	}
	cut, refused := call("old", "dualtone", "9"), call("", "", "")
	cut.Ended, refused.Answered, refused.Refused = time.Time{}, time.Time{}, 503
	for what, c := range map[string]struct {
		call      realsbc.Call
		confirmed routing.Revision
		want      sipCalls
	}{
		"before the flip":             {call("old", "dualtone", "9"), 9, sipCalls{OnOld: 1}},
		"too early on the new side":   {call("new", "dualtone", "9"), 9, sipCalls{OnNew: 1, Elsewhere: 1}},
		"while the edge may not know": {call("old", "dualtone", "9"), 9, sipCalls{OnOld: 1}},
		"when the edge has confirmed": {call("old", "dualtone", "9"), 10, sipCalls{OnOld: 1, Outdated: 1}},
		"sooner than it confirmed":    {call("new", "dualtone", "12"), 9, sipCalls{OnNew: 1}},
		"the first of two":            {call("new", "dualtone", "11"), 10, sipCalls{OnNew: 1}},
		"the second of two":           {call("old", "dualtone", "11"), 10, sipCalls{OnOld: 1, Second: 1}},
		"after the way back":          {call("old", "dualtone", "25"), 20, sipCalls{OnOld: 1}},
		"after the way back, astray":  {call("new", "dualtone", "25"), 20, sipCalls{OnNew: 1, Elsewhere: 1}},
		"by the fallback":             {call("new", "fallback", ""), 12, sipCalls{OnNew: 1, ByFallback: 1}},
		"by nobody knows what":        {call("old", "dualtone", ""), 9, sipCalls{OnOld: 1, Elsewhere: 1}},
		"answered and never ended":    {cut, 9, sipCalls{OnOld: 1, Cut: 1}},
		"refused":                     {refused, 9, sipCalls{Failed: 1}},
		"without any answer":          {realsbc.Call{Sent: noon}, 9, sipCalls{Failed: 1}},
	} {
		var got sipCalls
		got.count(&c.call, changes, dualtone.Old, c.confirmed)
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", what, got, c.want)
		}
	}
}

func TestWhatTheEdgeHasConfirmedIsKnownForEachMoment(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var h heldTo
	for i, revision := range []routing.Revision{3, 3, 5, 8} {
		h.note(noon.Add(time.Duration(i)*time.Second), []routing.Edge{{Revision: revision}})
	}
	for at, want := range map[time.Duration]routing.Revision{-1: 0, 0: 3, time.Second: 3, 2*time.Second - 1: 3, 2 * time.Second: 5, time.Hour: 8} {
		if got := h.at(noon.Add(at)); got != want {
			t.Errorf("after %s: %d, want %d", at, got, want)
		}
	}
}
