package stitch

import (
	"cmp"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// leg is what a trace says, put so that it compares quickly: times in
// milliseconds, numbers by their last nine digits, zero for what is unknown.
type leg struct {
	start, answer, end int64
	ends               bool // the end can be believed
	group, system      int32

	customer                 uint64
	caller, called, dialed   uint64
	diverted, agent, forward uint64
}

// order puts traces into the order of their starts, in place. They are large: what is
// sorted is where they are, and each is moved once.
func order(traces []calllog.Trace) {
	type place struct{ started, at int64 }
	places := make([]place, len(traces))
	for i := range traces {
		places[i] = place{traces[i].Started.UnixNano(), int64(i)}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.started != b.started {
			return cmp.Compare(a.started, b.started)
		}
		return traces[a.at].LegID.Compare(traces[b.at].LegID)
	})
	for i := range places {
		if places[i].at < 0 || places[i].at == int64(i) {
			continue
		}
		// A ring of traces, each of which goes to where the one before it was.
		first, to := traces[i], int64(i)
		for {
			from := places[to].at
			places[to].at = -1
			if from == int64(i) {
				traces[to] = first
				break
			}
			traces[to] = traces[from]
			to = from
		}
	}
}

func look(t *calllog.Trace) leg {
	l := leg{
		start: t.Started.UnixMilli(), end: t.Ended.UnixMilli(),
		caller: ending(t.Caller), called: ending(t.Called), dialed: ending(t.Dialed), diverted: ending(t.Diverted),
		agent: digits(string(t.Agent)), forward: digits(t.TransferTo),
	}
	if !t.Answered.IsZero() {
		l.answer = t.Answered.UnixMilli()
	}
	l.ends = !t.Ended.IsZero() && l.end >= l.start && l.end-l.start <= longest.Milliseconds()
	if !l.ends {
		l.end = l.start
	}
	switch t.Direction {
	case calllog.Inbound:
		l.customer = outside(t.Caller)
	case calllog.Outbound:
		l.customer = outside(t.Called)
	case calllog.Internal:
	}
	return l
}

// outside is the ending of a number that is one to the whole world.
func outside(p calllog.Party) uint64 {
	if p.Number == "" {
		return 0
	}
	return digits(string(p.Number))
}

func ending(p calllog.Party) uint64 {
	if p.Number != "" {
		return digits(string(p.Number))
	}
	return digits(p.Raw)
}

// digits returns the last nine digits of a number or extension, zero where it
// is an address or a word or has too few to mean anything.
func digits(text string) uint64 {
	const modulus = 1_000_000_000
	var n uint64
	count := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			n = (n*10 + uint64(c-'0')) % modulus
			count++
		case c == '+' && i == 0, c == ' ', c == '-', c == '(', c == ')', c == '.':
		default:
			return 0
		}
	}
	if count < 3 {
		return 0
	}
	return n
}

// names reports whether a number is one of those that the leg was meant for.
func (l *leg) names(number uint64) bool {
	return number != 0 && (number == l.called || number == l.dialed || number == l.agent)
}

// meant reports whether two legs were meant for the same number, or one for
// where the other was sent.
func (l *leg) meant(other *leg) bool {
	return l.names(other.called) || l.names(other.dialed) || other.names(l.forward)
}

// strangers reports whether two legs cannot be of one call as far as their
// numbers tell: both know their customer, and it is not the same.
func (l *leg) strangers(other *leg) bool {
	return l.customer != 0 && other.customer != 0 && l.customer != other.customer &&
		!l.names(other.caller) && !other.names(l.caller)
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
