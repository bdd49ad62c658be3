package routing

import (
	"time"

	"github.com/dualtone/dualtone"
)

// sending is a plan made ready: what is tried for a caller inside the share and
// for one outside of it.
type sending struct {
	order         Order
	share         uint16 // Whole unless it is split
	inside, rest  []Target
	reason, other string
}

// The sentences that a decision may give.
const (
	becauseSide      = "the rule names this side"
	becauseFailover  = "the rule names this side, and the other one if it refuses"
	becauseBoth      = "the rule rings both sides"
	becauseInside    = "the rule splits callers, and this one is in the share of the new side"
	becauseOutside   = "the rule splits callers, and this one is not in the share of the new side"
	becauseEmergency = "an emergency number is decided before any rule, by the caller's location"
	becauseUnplaced  = "an emergency number is decided before any rule; the caller's location is not known"
	becauseNowhere   = "an emergency number is decided before any rule; the caller's location is none of those that are configured"
	becauseNothing   = "no rule holds for this number"
	becauseNoNumber  = "what was dialed is no number"
	becauseNoTable   = "no table is loaded"
	becauseEmpty     = "the table holds no rule, so the SBC's own fallback decides"
	becauseIngress   = "the call came from the other target's platform and does not go back there"
	becauseLoop      = "the call came from the only target's platform and does not go back there"
	becauseDiverted  = "the number has forwarded this call before"
	becauseRepeated  = "the same call comes again and again; it is pinned to the default"
	becauseAgain     = "the same call comes again and again; without a default it is pinned to the old side"
	becauseCallback  = "the number called for help lately, so the call goes to the side that it called from"
)

func send(p Plan) sending {
	s := sending{order: Serial, share: Whole, inside: targets(p.Sides, p.How), reason: becauseSide}
	switch p.How {
	case Both:
		s.order, s.reason = Parallel, becauseBoth
	case Split:
		s.inside, s.rest = targets(p.Sides[:1], InOrder), targets(p.Sides[1:], InOrder)
	case SplitFailover:
		s.rest = targets([]dualtone.Side{p.Sides[1], p.Sides[0]}, InOrder)
	case InOrder:
		if len(p.Sides) > 1 {
			s.reason = becauseFailover
		}
	}
	if p.How == Split || p.How == SplitFailover {
		s.share, s.reason, s.other = p.Share, becauseInside, becauseOutside
	}
	return s
}

func targets(sides []dualtone.Side, how How) []Target {
	all := make([]Target, len(sides))
	for i, side := range sides {
		all[i] = Target{Side: side, Q: 1000}
		if i > 0 && how != Both {
			all[i].Q = 500
		}
	}
	return all
}

// rule is a route made ready, without its number and its owner, so that many
// numbers share one.
type rule struct {
	sides     []dualtone.Side
	terms     Terms // without Queue
	queue     ownerKind
	plan      sending
	otherwise *sending
	hours     *Hours
}

// ownerKind tells a queue's number from a person's.
type ownerKind bool

// ruleKey is equal for routes that share a rule.
type ruleKey struct {
	sides       string
	terms       Terms
	from, until int64
	queue       ownerKind
}

func keyOf(r Route) ruleKey {
	t := r.terms()
	k := ruleKey{sides: Plan{Sides: r.Sides}.String(), terms: t, queue: t.Queue != ""}
	if !t.From.IsZero() {
		k.from = t.From.UnixNano()
	}
	if !t.Until.IsZero() {
		k.until = t.Until.UnixNano()
	}
	k.terms.Queue, k.terms.From, k.terms.Until = "", time.Time{}, time.Time{}
	return k
}

func compile(r Route) (*rule, error) {
	t := r.terms()
	c := &rule{sides: r.Sides, queue: t.Queue != "", plan: send(r.Plan())}
	t.Queue = ""
	c.terms = t
	if t.Hours != "" {
		hours, err := ParseHours(t.Hours)
		if err != nil {
			return nil, err
		}
		c.hours = hours
	}
	if t.Otherwise != "" {
		p, err := ParsePlan(t.Otherwise)
		if err != nil {
			return nil, err
		}
		other := send(p)
		c.otherwise = &other
	}
	return c, nil
}

// at is what the rule does at a moment; nil when it does not hold then and says
// nothing else.
func (c *rule) at(now time.Time) *sending {
	if c.hours == nil && c.terms.From.IsZero() && c.terms.Until.IsZero() {
		return &c.plan
	}
	if (!c.terms.From.IsZero() && now.Before(c.terms.From)) ||
		(!c.terms.Until.IsZero() && !now.Before(c.terms.Until)) ||
		(c.hours != nil && !c.hours.Open(now)) {
		return c.otherwise
	}
	return &c.plan
}

// route puts number and owner back.
func (c *rule) route(number dualtone.Number, owner string) Route {
	r := Route{Number: number, Sides: c.sides}
	t := c.terms
	if c.queue {
		t.Queue = dualtone.QueueID(owner)
	} else {
		r.Person = dualtone.PersonID(owner)
	}
	if !t.IsZero() {
		r.Terms = &t
	}
	return r
}
