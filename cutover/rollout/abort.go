package rollout

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// InFlight is what becomes of those who are being switched when a plan is aborted.
type InFlight string

// What becomes of those in flight.
const (
	FinishThem   InFlight = "finish"
	TakeBackThem InFlight = "back"
)

// AbortsAlone reports whether an order to abort a whole plan does so by itself. Other
// than an incident commander's it only asks, until somebody else agrees. Whoever asks
// holds the plan, so that nobody is switched while the other one is looked for.
func AbortsAlone(o Order) bool { return o.Role == plan.IncidentCommander }

// AskedAbort is the hold by which somebody has asked for the plan to be aborted; false
// where nobody has, or the hold was released since, which takes it back.
func AskedAbort(holds []Hold, now time.Time) (Hold, bool) {
	for _, h := range holds {
		if h.Abort != "" && h.OpenAt(now) {
			return h, true
		}
	}
	return Hold{}, false
}

// AgainstAbort is what speaks against aborting a plan, beside what Take finds: with
// agree somebody else must have asked for it, without it nobody may have.
func (s Standing) AgainstAbort(o Order, agree bool) error {
	if o.Verb != Abort || s.Level != OfPlan {
		return nil
	}
	refuse := func(kind error, why string, args ...any) error {
		return &RefusalError{What: fmt.Sprintf("%s of %s refused", o.Verb, s.Name()), Why: fmt.Sprintf(why, args...), kind: kind}
	}
	asked, found := AskedAbort(s.Holds, o.At)
	switch {
	case agree && !found:
		return refuse(dualtone.ErrConflict, "nobody has asked for it")
	case AbortsAlone(o), !agree && !found, agree && asked.Owner != o.Actor:
		return nil
	case agree:
		return refuse(dualtone.ErrDenied, "%s asked for it, and somebody else must agree, or an %s orders it", asked.Owner, plan.IncidentCommander)
	case asked.Owner == o.Actor:
		return refuse(dualtone.ErrConflict, "%s has asked for it already: somebody else must agree; releasing the hold %s takes it back", asked.Owner, asked.ID)
	default:
		return refuse(dualtone.ErrConflict, "%s has asked for it already (%s): agree to that; releasing the hold %s takes it back", asked.Owner, asked.Reason, asked.ID)
	}
}

// Agreed is the order by which a plan is aborted that somebody has asked for, in the
// words of both.
func (h Hold) Agreed(o Order) Order {
	if h.Owner != o.Actor {
		o.Reason = fmt.Sprintf("%s; asked for by %s: %s", o.Reason, h.Owner, h.Reason)
	}
	return o
}
