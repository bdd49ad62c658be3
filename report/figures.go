package report

import (
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// Measure is one figure that is summed.
type Measure int

// The measures. Their order is that of the packed form, which is stored: new
// ones go before the bins' end only together with a new version of it.
const (
	Legs Measure = iota

	// Offered legs came in, or came through a queue, and stayed here: each is in
	// exactly one of the seven that follow.
	Offered
	Answered
	Abandoned
	NoAnswer
	Busy
	Rejected
	Failed
	Voicemail

	Deflected // went elsewhere: the leg there is the one that is offered
	Elsewhere // lost a parallel ring to another leg
	Outbound
	Connected // outbound and answered
	Internal
	Transfers

	// AnswerWait and the next five are times in milliseconds.
	AnswerWait
	AbandonWait
	Talk
	Hold
	WrapUp
	OutboundTalk

	Popped
	PopMissed
	PopFailed
	Loggable // answered by an agent, so the CRM should hold it
	Logged

	MOSSum // hundredths
	MOSLegs
	JitterSum // microseconds
	JitterLegs
	Lost
	Packets

	answeredIn                       // the first bin of answered legs by their wait
	abandonedIn = answeredIn + bins  // the first bin of abandoned ones
	measures    = abandonedIn + bins // how many there are
	bins        = Measure(edges) + 1 // the last is of those beyond all edges
	edges       = 7
)

// Edges are the waits at which a service level or a short abandon may be
// measured.
func Edges() [edges]time.Duration {
	return [...]time.Duration{
		5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second,
		30 * time.Second, time.Minute, 2 * time.Minute,
	}
}

// Figures are sums over legs.
type Figures [measures]int64

// Add adds other sums.
func (f *Figures) Add(o *Figures) {
	for i, v := range o {
		f[i] += v
	}
}

// Sub takes other sums away.
func (f *Figures) Sub(o *Figures) {
	for i, v := range o {
		f[i] -= v
	}
}

// AnsweredWithin counts answered legs whose wait was at most an edge.
func (f *Figures) AnsweredWithin(edge time.Duration) int64 { return f.within(answeredIn, edge) }

// AbandonedWithin counts abandoned legs whose wait was at most an edge.
func (f *Figures) AbandonedWithin(edge time.Duration) int64 { return f.within(abandonedIn, edge) }

func (f *Figures) within(first Measure, limit time.Duration) int64 {
	var n int64
	for i, edge := range Edges() {
		if edge <= limit {
			n += f[first+Measure(i)]
		}
	}
	return n
}

// Of are the figures of one leg.
func Of(l *calllog.Leg) Figures {
	var f Figures
	f[Legs] = 1
	answered := l.Disposition == calllog.Answered || l.Disposition == calllog.TransferredOut
	switch {
	case l.Disposition == calllog.Deflected:
		f[Deflected] = 1
	case l.Disposition == calllog.AnsweredElsewhere:
		f[Elsewhere] = 1
	case l.Direction == calllog.Inbound || l.Queue != "":
		f.offer(l, answered)
	case l.Direction == calllog.Outbound:
		f[Outbound] = 1
		if answered {
			f[Connected] = 1
			f[OutboundTalk] = talk(l)
		}
	default:
		f[Internal] = 1
	}
	f[Transfers] = int64(l.Transfers)
	if l.Disposition == calllog.TransferredOut && l.Transfers == 0 {
		f[Transfers] = 1
	}
	f.crm(l, answered)
	f.sound(&l.Quality)
	return f
}

func (f *Figures) offer(l *calllog.Leg, answered bool) {
	f[Offered] = 1
	switch l.Disposition {
	case calllog.Busy:
		f[Busy] = 1
	case calllog.Rejected:
		f[Rejected] = 1
	case calllog.Failed:
		f[Failed] = 1
	case calllog.Voicemail:
		f[Voicemail] = 1
	case calllog.AbandonedQueue, calllog.AbandonedRinging, calllog.ShortAbandon:
		waited := waited(l, l.Ended)
		f[Abandoned] = 1
		f[AbandonWait] = waited
		if l.Disposition == calllog.ShortAbandon {
			waited = 0 // its system says that it was a short one, however long that is
		}
		f[abandonedIn+bin(waited)] = 1
	default:
		if !answered {
			f[NoAnswer] = 1
			return
		}
		waited := waited(l, l.Answered)
		f[Answered] = 1
		f[answeredIn+bin(waited)] = 1
		f[AnswerWait] = waited
		f[Talk], f[Hold], f[WrapUp] = talk(l), l.Hold.Milliseconds(), l.WrapUp.Milliseconds()
	}
}

func (f *Figures) crm(l *calllog.Leg, answered bool) {
	switch l.Pop {
	case calllog.Popped:
		f[Popped] = 1
	case calllog.NoMatch:
		f[PopMissed] = 1
	case calllog.PopFail:
		f[PopFailed] = 1
	}
	if answered && l.Agent != "" && l.Disposition != calllog.Deflected {
		f[Loggable] = 1
		if l.Activity != "" {
			f[Logged] = 1
		}
	}
}

func (f *Figures) sound(q *calllog.Quality) {
	if q.MOS > 0 {
		f[MOSSum], f[MOSLegs] = int64(q.MOS), 1
	}
	if q.Jitter > 0 {
		f[JitterSum], f[JitterLegs] = q.Jitter.Microseconds(), 1
	}
	f[Lost], f[Packets] = int64(q.Lost), int64(q.Packets)
}

// Legs are stored to the millisecond, and their times to the microsecond. Sums
// are of what is stored, so that what was added can be taken away again.

// waited is how many milliseconds a caller waited until something came of it: in
// the queue and ringing, or else since the start, where the source keeps no such
// times.
func waited(l *calllog.Leg, until time.Time) int64 {
	if ms := l.Wait.Milliseconds() + l.Ring.Milliseconds(); ms > 0 || until.IsZero() {
		return ms
	}
	return max(0, between(l.Started, until))
}

// talk is without hold, as most systems have it; where the source does not say
// it is what lies between answer and end.
func talk(l *calllog.Leg) int64 {
	if l.Talk > 0 || l.Answered.IsZero() || l.Ended.IsZero() {
		return l.Talk.Milliseconds()
	}
	return max(0, between(l.Answered, l.Ended)-l.Hold.Milliseconds())
}

func between(from, to time.Time) int64 { return (to.UnixMicro() - from.UnixMicro()) / 1000 }

// bin is the first edge that a wait in milliseconds does not exceed.
func bin(waited int64) Measure {
	for i, edge := range Edges() {
		if waited <= edge.Milliseconds() {
			return Measure(i)
		}
	}
	return edges
}
