package edgetest

import (
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Fixed is a decider that sends every call to the same sides.
type Fixed struct {
	Sides []dualtone.Side
	Order routing.Order
	At    routing.Revision
}

var _ routing.Decider = Fixed{}

// Decide sends the call to the sides.
func (f Fixed) Decide(call routing.Call) routing.Decision {
	d := routing.Decision{
		Result: routing.Routed, Number: dualtone.Number(call.Called), Order: f.Order,
		Scope: routing.ByDefault, Rule: "default", Reason: "fixed", Revision: f.At,
	}
	for i, side := range f.Sides {
		q := uint16(1000)
		if f.Order != routing.Parallel {
			q -= uint16(i) * 500
		}
		d.Targets = append(d.Targets, routing.Target{Side: side, Q: q})
	}
	if len(f.Sides) == 0 {
		d.Result, d.Scope, d.Rule = routing.NotFound, routing.ByNothing, ""
	}
	return d
}

// Revision is At.
func (f Fixed) Revision() routing.Revision { return f.At }

// Age is zero: nothing newer exists.
func (Fixed) Age(time.Time) time.Duration { return 0 }
