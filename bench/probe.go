package main

import (
	"context"
	"errors"
	"fmt"
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
	// watched tells, at the end, when the server's processor was away; nil where nobody
	// watches.
	watched func() ([]away, error)
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
	// Calm is the 99th of a hundred among those answers during which both processors were
	// there, and LeftOut the share of the others; see heard.undisturbed.
	Calm    int     `json:"calm_p99_us,omitempty"`
	LeftOut float64 `json:"left_out,omitempty"`
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
	return p.Answered == p.Asked && p.Wrong+p.TurnedAway == 0 && float64(p.Asked) >= kept*p.Rate*p.Seconds
}

// heard gathers answers.
type heard struct {
	asked, answered, wrong, turnedAway int
	patience                           time.Duration
	// took are those that came in time, and sent when their questions went, in Unix
	// nanoseconds.
	took []time.Duration
	sent []int64
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

// note notes an answer, when its question was sent, and how long it took.
func (h *heard) note(v verdict, sent int64, took time.Duration) {
	h.answered++
	switch v {
	case right:
	case wrong:
		h.wrong++
	case turnedAway:
		h.turnedAway++
	}
	if took < h.patience {
		h.took, h.sent = append(h.took, took), append(h.sent, sent)
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
	const room = 1 << 20
	t := talk{pace: p, first: first, began: time.Now(), last: p.span, heard: heard{
		patience: p.patience, took: make([]time.Duration, 0, room), sent: make([]int64, 0, room),
	}}
	for quiet := t.began; ctx.Err() == nil; {
		now := time.Now()
		since := now.Sub(t.began)
		sent, behind, err := t.ask(l, now)
		if err != nil {
			return probed{}, err
		}
		if sent {
			quiet = now
		}
		before := t.answered
		if err := l.hear(&t.heard); err != nil {
			return probed{}, err
		}
		if t.answered > before {
			quiet = now
		} else if !alone {
			<-time.After(moment)
		}
		if !behind && t.asked <= t.answered+t.lost && since > p.span {
			break
		}
		if now.Sub(quiet) > p.patience {
			t.lost = t.asked - t.answered
		}
	}
	result, err := t.result()
	return result, errors.Join(err, ctx.Err())
}

// talk is a conversation with a server while it lasts.
type talk struct {
	heard

	pace  pace
	first int
	began time.Time
	lost  int
	last  time.Duration // when the last question was asked, or was to be
	late  []time.Duration
	// missed is when the prober asked late although there was room: it was not let run.
	missed []away
	full   bool // there was no room for the question that is due
}

// ask asks the question that is due, if one is and there is room; behind when one was due.
func (t *talk) ask(l line, now time.Time) (sent, behind bool, err error) {
	since := now.Sub(t.began)
	n, may := t.asked, t.pace.asked(since, t.answered+t.lost)
	if n >= may {
		return false, false, nil
	}
	due := t.pace.due(n, since)
	sent, err = l.send(t.first+n, t.began.Add(due))
	if err != nil {
		return false, true, err
	}
	t.full = t.full && since-due > longHeldUp || !sent
	if !sent {
		return false, true, nil
	}
	if since-due > longHeldUp && !t.full {
		t.missed = append(t.missed, away{t.began.Add(due).UnixNano(), now.UnixNano()})
	}
	t.asked++
	t.late, t.last = append(t.late, since-due), max(t.last, since)
	return true, true, nil
}

// result is what came of it.
func (t *talk) result() (probed, error) {
	result := t.sum(t.pace, t.last)
	if t.pace.rate > 0 {
		result.Late = micros(t.late, 99)
	}
	if t.pace.watched == nil {
		return result, nil
	}
	there, err := t.pace.watched()
	if err != nil {
		return result, err
	}
	calm := t.undisturbed(append(t.missed, there...))
	result.Calm, result.LeftOut = micros(calm, 99), 1-float64(len(calm))/float64(max(1, len(t.took)))
	return result, nil
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
	took = slices.Sorted(slices.Values(took))
	return int(took[(len(took)-1)*percent/100].Microseconds())
}

// latency says how long answers took.
func (p probed) latency() string {
	return fmt.Sprintf("p50 %d us, p99 %d us, p99 undisturbed %d us with %.1f %% left out", p.P50, p.P99, p.Calm, 100*p.LeftOut)
}
