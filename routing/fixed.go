package routing

import (
	"time"

	"github.com/dualtone/dualtone"
)

// Fixed is a Decider that sends every call to the same sides. Servers are tested
// with it.
type Fixed struct {
	Sides []dualtone.Side
	Order Order
	At    Revision
}

var _ Decider = Fixed{}

// Decide sends the call to the sides.
func (f Fixed) Decide(call Call) Decision {
	d := Decision{
		Result: Routed, Number: dualtone.Number(call.Called), Order: f.Order,
		Scope: ByDefault, Rule: "default", Reason: "fixed", Revision: f.At,
	}
	for i, side := range f.Sides {
		q := uint16(1000)
		if f.Order != Parallel {
			q -= uint16(i) * 500
		}
		d.Targets = append(d.Targets, Target{Side: side, Q: q})
	}
	if len(f.Sides) == 0 {
		d.Result, d.Scope, d.Rule = NotFound, ByNothing, ""
	}
	return d
}

// Revision is At.
func (f Fixed) Revision() Revision { return f.At }

// Age is zero: nothing newer exists.
func (Fixed) Age(time.Time) time.Duration { return 0 }
