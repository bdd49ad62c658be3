package main

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realsbc"
)

func TestACallIsHeldToTheTableOfItsMoment(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }
	turns := []turn{{at: at(10), side: dualtone.New}, {at: at(20), side: dualtone.Old}}
	for what, c := range map[string]struct {
		call realsbc.Call
		want sipCalls
	}{
		"before the flip":             {realsbc.Call{Platform: "old", Sent: at(1), Answered: at(2), Ended: at(3)}, sipCalls{OnOld: 1}},
		"too early on the new side":   {realsbc.Call{Platform: "new", Sent: at(1), Answered: at(2), Ended: at(3)}, sipCalls{OnNew: 1, Elsewhere: 1}},
		"while an edge may not know":  {realsbc.Call{Platform: "old", Sent: at(10.5), Answered: at(10.6), Ended: at(12)}, sipCalls{OnOld: 1}},
		"when every edge must know":   {realsbc.Call{Platform: "old", Sent: at(11.5), Answered: at(11.6), Ended: at(12)}, sipCalls{OnOld: 1, Elsewhere: 1}},
		"between the flips":           {realsbc.Call{Platform: "new", Sent: at(15), Answered: at(16), Ended: at(30)}, sipCalls{OnNew: 1}},
		"after the way back":          {realsbc.Call{Platform: "old", Sent: at(25), Answered: at(26), Ended: at(27)}, sipCalls{OnOld: 1}},
		"after the way back, astray":  {realsbc.Call{Platform: "new", Sent: at(25), Answered: at(26), Ended: at(27)}, sipCalls{OnNew: 1, Elsewhere: 1}},
		"by the fallback":             {realsbc.Call{Platform: "new", Source: "fallback", Sent: at(1), Answered: at(2), Ended: at(3)}, sipCalls{OnNew: 1, ByFallback: 1}},
		"answered and never ended":    {realsbc.Call{Platform: "old", Sent: at(1), Answered: at(2)}, sipCalls{OnOld: 1, Cut: 1}},
		"refused":                     {realsbc.Call{Sent: at(1), Refused: 503}, sipCalls{Failed: 1}},
		"without any answer":          {realsbc.Call{Sent: at(1)}, sipCalls{Failed: 1}},
		"flipped while it was placed": {realsbc.Call{Platform: "new", Sent: at(9.9), Answered: at(10.1), Ended: at(12)}, sipCalls{OnNew: 1}},
	} {
		var got sipCalls
		got.count(&c.call, turns, dualtone.Old)
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", what, got, c.want)
		}
	}
}
