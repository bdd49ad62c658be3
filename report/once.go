package report

import (
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// handOver is how much later than an answer a leg may have begun on which it was
// given: systems round to seconds.
const handOver = 2 * time.Second

// Once says what to add to the figures of each leg of a call that crossed several
// systems, so that all of them together count the call once, as its customer
// experienced it:
//
//   - it is offered once and ends as it ended for the customer: answered, where and
//     when somebody first answered, else as its last leg ended;
//   - the wait is from the call's first moment, whichever system that was on, until then;
//   - of legs that one conversation ran through, the one counts on which the person
//     sat; what other people talked after a transfer stays theirs;
//   - a leg to the outside by which one system handed the call to another is no
//     outbound call.
//
// Ahead is what a system's clock shows more than the first leg's. Nothing is said of
// the figures of each side.
func Once(legs []calllog.Leg, ahead func(system string) time.Duration) []Figures {
	c := crossing{legs: legs, ahead: ahead, of: make([]Figures, len(legs))}
	for i := range legs {
		c.of[i] = Of(&legs[i])
	}
	counts, answered := c.counts()
	corrections := make([]Figures, len(legs))
	if counts < 0 {
		return corrections
	}
	for i := range legs {
		f := &corrections[i]
		switch {
		case c.of[i][Outbound] == 1:
			f.without(&c.of[i], Outbound, Connected, OutboundTalk)
		case c.of[i][Offered] == 1 && i != counts:
			f.withoutOutcome(&c.of[i])
			if c.of[i][Answered] == 0 || c.began(i).Before(answered) {
				f.without(&c.of[i], Talk, Hold, WrapUp, Popped, PopMissed, PopFailed, Loggable, Logged)
			}
		}
	}
	c.waited(counts, &corrections[counts])
	return corrections
}

// crossing is a call that crossed systems.
type crossing struct {
	legs  []calllog.Leg
	ahead func(system string) time.Duration
	of    []Figures
}

func (c *crossing) began(i int) time.Time {
	return c.legs[i].Started.Add(-c.ahead(c.legs[i].System))
}

// counts is the offered leg that the call counts as, -1 for none, and until when a
// leg began that the first conversation ran through.
func (c *crossing) counts() (leg int, until time.Time) {
	leg = -1
	for i := range c.legs {
		if c.of[i][Answered] == 1 {
			if at := c.legs[i].Answered.Add(handOver - c.ahead(c.legs[i].System)); until.IsZero() || at.Before(until) {
				until = at
			}
		}
	}
	for i := range c.legs {
		if c.of[i][Offered] == 0 || !until.IsZero() && (c.of[i][Answered] == 0 || !c.began(i).Before(until)) {
			continue
		}
		if leg < 0 || c.began(i).After(c.began(leg)) {
			leg = i
		}
	}
	return leg, until
}

// waited adds what the customer had waited before the leg that counts began.
func (c *crossing) waited(leg int, f *Figures) {
	first := c.began(leg)
	for i := range c.legs {
		if at := c.began(i); at.Before(first) {
			first = at
		}
	}
	before := c.began(leg).Sub(first).Milliseconds()
	of := &c.of[leg]
	for sum, in := range map[Measure]Measure{AnswerWait: answeredIn, AbandonWait: abandonedIn} {
		was := slices.Index(of[in:in+bins], 1)
		if was < 0 || before <= 0 {
			continue
		}
		f[sum] += before
		f[in+Measure(was)]--
		f[in+bin(of[sum]+before)]++
	}
}

func (f *Figures) without(of *Figures, these ...Measure) {
	for _, m := range these {
		f[m] -= of[m]
	}
}

func (f *Figures) withoutOutcome(of *Figures) {
	f.without(of, Offered, Answered, Abandoned, NoAnswer, Busy, Rejected, Failed, Voicemail, AnswerWait, AbandonWait)
	for b := range bins {
		f.without(of, answeredIn+b, abandonedIn+b)
	}
}
