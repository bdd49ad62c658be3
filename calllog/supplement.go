package calllog

import (
	"slices"
	"time"
)

// Supplement adds to a leg what its system recorded apart from it and often
// later or earlier: its quality, its queue, its wrap-up.
type Supplement struct {
	// ID names the supplement itself, so that it counts once.
	ID  LegID `json:"id"`
	Leg Match `json:"leg"`
	// Adds holds the fields that it brings; fields that are zero say nothing.
	Adds Leg `json:"adds"`
	// Spare says that its end of a call usually has no record of its own, so that
	// nothing is amiss where no leg fits.
	Spare bool `json:"spare,omitempty"`
}

// Match finds the leg of the same system that a supplement belongs to.
type Match struct {
	// One of these is given: the leg's own key, one of its channels, or its call,
	// the last with the agent where several had it.
	Record  string `json:"record,omitempty"`
	Channel string `json:"channel,omitempty"`
	Call    string `json:"call,omitempty"`

	Agent string `json:"agent,omitempty"`
	// Queue and At choose among several legs of a channel: the one in that
	// queue, or else one whose record names none, that was alive at that time.
	Queue string    `json:"queue,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// Name says by what the leg is meant.
func (m Match) Name() string {
	var name string
	switch {
	case m.Record != "":
		name = "record " + m.Record
	case m.Channel != "":
		name = "channel " + m.Channel
	default:
		name = "call " + m.Call
	}
	if m.Queue != "" {
		name += " in queue " + m.Queue
	}
	if m.Agent != "" {
		name += " of agent " + m.Agent
	}
	return name
}

// Fits reports whether a leg of the same system may be the one that is meant.
func (m Match) Fits(l *Leg) bool {
	switch {
	case m.Record != "":
		return l.Record == m.Record
	case m.Channel != "":
		return slices.Contains(l.Channels, m.Channel) && (m.Queue == "" || l.Queue == "" || string(l.Queue) == m.Queue)
	default:
		return m.Call != "" && l.Call == m.Call && (m.Agent == "" || string(l.Agent) == m.Agent)
	}
}

// Supply adds to the leg what a supplement brings. The order in which several
// are added makes no difference: what the leg's own record does not say is
// filled, what only the supplement's source can know replaces it, and of two
// qualities the worse one counts.
func (l *Leg) Supply(s *Supplement) {
	a := &s.Adds
	fill(&l.Queue, a.Queue)
	fill(&l.Agent, a.Agent)
	fill(&l.Extension, a.Extension)
	fill(&l.Site, a.Site)
	fill(&l.TransferTo, a.TransferTo)
	fill(&l.Recording, a.Recording)
	fill(&l.Activity, a.Activity)
	fill(&l.Pop, a.Pop)
	// A queue's log knows better than the CDR, for which the queue itself is
	// who answered.
	replace(&l.Disposition, a.Disposition)
	replace(&l.Cause, a.Cause)
	replace(&l.Wait, a.Wait)
	replace(&l.Ring, a.Ring)
	replace(&l.Talk, a.Talk)
	replace(&l.Hold, a.Hold)
	replace(&l.WrapUp, a.WrapUp)
	l.Transfers = max(l.Transfers, a.Transfers)
	l.Quality.worsen(a.Quality)
}

// worsen takes the worse of each figure of two ends of a leg.
func (q *Quality) worsen(other Quality) {
	if other.MOS != 0 && (q.MOS == 0 || other.MOS < q.MOS) {
		q.MOS = other.MOS
	}
	q.Jitter = max(q.Jitter, other.Jitter)
	q.Lost += other.Lost
	q.Packets += other.Packets
}

func fill[T comparable](field *T, value T) {
	var none T
	if *field == none {
		*field = value
	}
}

func replace[T comparable](field *T, value T) {
	var none T
	if value != none {
		*field = value
	}
}
