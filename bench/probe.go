package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// probePatience is how long a question waits for its answer: after that (T1 of RFC 3261) a
// SIP client asks again, and so does a resolver about then.
const probePatience = 500 * time.Millisecond

// asker asks one server. A question has a number, from which it is told what is asked
// and what the right answer is.
type asker interface {
	ask(ctx context.Context, p pace) (probed, error)
}

// pace is when questions are asked, for a span of time.
type pace struct {
	span time.Duration
	// rate is that of an open loop, in which nobody waits for answers.
	rate float64
	// outstanding is how many questions of a closed loop wait for their answers.
	outstanding int
	// patience is how long an answer may take.
	patience time.Duration
}

func openLoop(rate float64, span time.Duration) pace {
	return pace{span: span, rate: rate, patience: probePatience}
}

func closedLoop(outstanding int, span time.Duration) pace {
	return pace{span: span, outstanding: outstanding, patience: probePatience}
}

// asked is how many questions should have been asked by now, when so many are done with.
func (p pace) asked(since time.Duration, done int) int {
	switch {
	case p.rate > 0:
		return int(p.rate * min(since, p.span).Seconds())
	case since < p.span:
		return done + p.outstanding
	}
	return 0
}

// due is when a question should be asked.
func (p pace) due(n int, now time.Duration) time.Duration {
	if p.rate > 0 {
		return time.Duration(float64(n+1) / p.rate * float64(time.Second))
	}
	return now
}

// probed is what one server answered in a span.
type probed struct {
	Rate     float64 `json:"rate,omitempty"` // that was asked for, 0 in a closed loop
	Asked    int     `json:"asked"`
	Answered int     `json:"answered"`
	// Wrong are answers that say something else than they should.
	Wrong int `json:"wrong"`
	// TurnedAway are answers that the server has too much to do.
	TurnedAway int     `json:"turned_away"`
	Seconds    float64 `json:"seconds"`
	P50        int     `json:"p50_us"`
	P99        int     `json:"p99_us"`
	// Late is how much too late the 99th of 100 questions was sent: a prober that
	// cannot keep up must not be taken for a slow server.
	Late int `json:"late_us,omitempty"`
	// CPU is the server's processor time an answer.
	CPU float64 `json:"cpu_us"`
}

func (p probed) rate() float64 { return float64(p.Answered) / p.Seconds }

// perCore is how many answers a core gives in a second.
func (p probed) perCore() float64 { return 1e6 / p.CPU }

// clean reports whether all was answered rightly, and asked at the rate that was meant: the
// prober has an end as well.
func (p probed) clean() bool {
	const kept = 0.99
	return p.right() && float64(p.Asked) >= kept*p.Rate*p.Seconds
}

// right reports whether all was answered, and rightly.
func (p probed) right() bool { return p.Answered == p.Asked && p.Wrong+p.TurnedAway == 0 }

// heard gathers answers.
type heard struct {
	asked, answered, wrong, turnedAway int
	patience                           time.Duration
	// took are those that came in time.
	took []time.Duration
}

// verdict is what an answer is.
type verdict int

const (
	right verdict = iota
	wrong
	turnedAway
)

func rightIf(ok bool) verdict {
	if ok {
		return right
	}
	return wrong
}

// note notes an answer and how long it took.
func (h *heard) note(v verdict, took time.Duration) {
	h.answered++
	switch v {
	case right:
	case wrong:
		h.wrong++
	case turnedAway:
		h.turnedAway++
	}
	if took < h.patience {
		h.took = append(h.took, took)
	}
}

// line is how a server is reached.
type line interface {
	// send asks a question that was due at a moment, if there is room for it.
	send(n int, due time.Time) (sent bool, err error)
	// hear gathers the answers that are there.
	hear(h *heard) error
}

// converse asks at a pace, from a first question on, and hears the answers. Kept to a
// processor it never sleeps: a thread that had to be woken first would be late. Where it is
// not, as in a test, the server may be in this process.
func converse(ctx context.Context, l line, first int, p pace) (probed, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // nothing else may take the processor
	runtime.GC()
	alone := runtime.GOMAXPROCS(0) == 1
	const moment = 100 * time.Microsecond
	h := heard{patience: p.patience, took: make([]time.Duration, 0, 1<<20)}
	var late []time.Duration
	began, lost, last := time.Now(), 0, p.span
	for quiet := began; ctx.Err() == nil; {
		now := time.Now()
		since := now.Sub(began)
		n, may := h.asked, p.asked(since, h.answered+lost)
		if n < may {
			due := p.due(n, since)
			sent, err := l.send(first+n, began.Add(due))
			if err != nil {
				return probed{}, err
			}
			if sent {
				h.asked++
				late = append(late, since-due)
				quiet, last = now, max(last, since)
			}
		}
		before := h.answered
		if err := l.hear(&h); err != nil {
			return probed{}, err
		}
		if h.answered > before {
			quiet = now
		} else if !alone {
			<-time.After(moment)
		}
		if n >= may && h.asked <= h.answered+lost && since > p.span {
			break
		}
		if now.Sub(quiet) > p.patience {
			lost = h.asked - h.answered
		}
	}
	result := h.sum(p, last)
	if p.rate > 0 {
		result.Late = micros(late, 99)
	}
	return result, ctx.Err()
}

// sum is what was heard at a pace by which it took a while to ask.
func (h *heard) sum(p pace, took time.Duration) probed {
	return probed{
		Rate: p.rate, Asked: h.asked, Answered: len(h.took), Wrong: h.wrong, TurnedAway: h.turnedAway,
		Seconds: took.Seconds(), P50: micros(h.took, 50), P99: micros(h.took, 99),
	}
}

// micros is a percentile in microseconds, 0 of nothing.
func micros(took []time.Duration, percent int) int {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return int(took[(len(took)-1)*percent/100].Microseconds())
}
