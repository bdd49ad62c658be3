package stitch

import (
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// evidence is what speaks for one group of legs having come from another.
type evidence uint16

const (
	sameCustomer   evidence = 1 << iota
	busyCustomer            // the same, but many calls at a time are from that number
	noCustomer              // one of them does not know its customer
	namesDiverter           // it was diverted by whom the other was for
	sentThere               // the other was sent to its number
	sameTarget              // both were for the same number
	answerTogether          // both were answered at once: the first system passed the answer on
	endTogether             // both ended at once: the first system stayed in the call
	handedOver              // it began as the other was sent away
	rangTogether            // both began at once and only one was answered
	noMoment                // both have good times, and none is the same
)

const (
	// enough is the weight from which a join is believed, and lead how much
	// more it must weigh than any other that would stand against it.
	enough = 55
	lead   = 15
)

// weights say how much each piece of evidence counts, in percent of certainty.
var weights = []struct { //nolint:gochecknoglobals // A constant list.
	what   evidence
	weight int
	words  string
}{
	{sameCustomer, 25, "same customer"},
	{busyCustomer, 0, "same customer, a number with many calls"},
	{noCustomer, -25, "customer not known"},
	{namesDiverter, 45, "diverted by the number that was called"},
	{sentThere, 40, "sent to this number"},
	{sameTarget, 20, "same number called"},
	{answerTogether, 30, "answered together"},
	{endTogether, 35, "ended together"},
	{handedOver, 35, "began as the other was handed over"},
	{rangTogether, 45, "rang together and one was answered"},
	{noMoment, -20, "no moment in common"},
}

func (e evidence) has(what evidence) bool { return e&what != 0 }

// weight sums up the evidence; moments that hardly fit count less.
func (e evidence) weight(off, within int64) int {
	sum := -int(10 * off / within)
	for _, w := range weights {
		if e.has(w.what) {
			sum += w.weight
		}
	}
	return sum
}

// words tells the evidence to people.
func (e evidence) words() string {
	var all []string
	for _, w := range weights {
		if e.has(w.what) {
			all = append(all, w.words)
		}
	}
	return strings.Join(all, ", ")
}

// weigh looks for what speaks for child having come from parent, and how many
// milliseconds the moments that should be one are apart. ahead is what the
// child's clock shows more.
func (s *stitching) weigh(parent, child *group, ahead, within int64) (evidence, int64) {
	p, c := &s.legs[parent.legs[0]], &s.legs[child.legs[0]]
	start, end, answer := child.start-ahead, child.end-ahead, child.answer-ahead
	if start < parent.start-within || start > parent.end+within || p.strangers(c) {
		return 0, 0
	}
	// Calls that are shorter than what clocks may be off end together anyway.
	brief := min(within, max(min(parent.end-parent.start, child.end-child.start)/2, time.Second.Milliseconds()))
	var e evidence
	off := within
	together := func(what evidence, a, b, within int64) {
		if abs(a-b) <= within {
			e |= what
			off = min(off, abs(a-b))
		}
	}
	switch {
	case p.customer == 0 || c.customer == 0:
		e |= noCustomer
	case p.customer != c.customer: // related all the same
	case parent.busy || child.busy:
		e |= busyCustomer
	default:
		e |= sameCustomer
	}
	for _, n := range parent.legs {
		p := &s.legs[n]
		switch {
		case p.names(c.diverted):
			e |= namesDiverter
		case c.names(p.forward):
			e |= sentThere
		case p.meant(c):
			e |= sameTarget
		}
	}
	if parent.answer != 0 && child.answer != 0 {
		together(answerTogether, parent.answer, answer, brief)
	}
	if parent.ends && child.ends {
		together(endTogether, parent.end, end, brief)
	}
	if parent.ends && s.sentAway(parent) {
		together(handedOver, parent.end, start, within)
	}
	if loser(parent, answer, child.answer != 0, end, within) {
		together(rangTogether, parent.start, start, within)
	}
	if e&(answerTogether|endTogether|handedOver|rangTogether) == 0 && parent.ends && child.ends {
		e |= noMoment
	}
	return e, off
}

// sentAway reports whether the system says that it passed the call on.
func (s *stitching) sentAway(g *group) bool {
	for _, n := range g.legs {
		switch t := &s.traces[n]; {
		case t.Disposition == calllog.Deflected, t.Disposition == calllog.TransferredOut, t.TransferTo != "":
			return true
		}
	}
	return false
}

// loser reports whether one of two groups was not answered and ended when the
// other was.
func loser(parent *group, childAnswer int64, childAnswered bool, childEnd, within int64) bool {
	switch {
	case parent.answer == 0 && childAnswered:
		return parent.ends && abs(parent.end-childAnswer) <= within
	case parent.answer != 0 && !childAnswered:
		return abs(childEnd-parent.answer) <= within
	default:
		return false
	}
}

func apart(off, within int64) string {
	return fmt.Sprintf("moments %s apart of %s allowed", milliseconds(off).Round(100*time.Millisecond),
		milliseconds(within).Round(100*time.Millisecond))
}
