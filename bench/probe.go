package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// probePatience is how long a question waits for its answer: after that (T1 of RFC 3261) a
// SIP client asks again, and so does a resolver about then.
const probePatience = 500 * time.Millisecond

// asker asks one server. A question has a number, from which it is told what is asked
// and what the right answer is.
type asker interface {
	// closed keeps so many questions outstanding, each from a socket of its own.
	closed(ctx context.Context, outstanding int, span time.Duration) (probed, error)
	// open asks at a fixed rate, whatever is answered.
	open(ctx context.Context, rate float64, span time.Duration) (probed, error)
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

func (p probed) clean() bool { return p.Answered == p.Asked && p.Wrong+p.TurnedAway == 0 }

// heard gathers the answers of one goroutine.
type heard struct {
	asked, wrong, turnedAway int
	took                     []time.Duration
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

func (h *heard) judge(v verdict) {
	switch v {
	case right:
	case wrong:
		h.wrong++
	case turnedAway:
		h.turnedAway++
	}
}

// sum puts together what several goroutines have gathered.
func sum(all []heard, span time.Duration) probed {
	p := probed{Seconds: span.Seconds()}
	var took []time.Duration
	for _, t := range all {
		p.Asked += t.asked
		p.Wrong += t.wrong
		p.TurnedAway += t.turnedAway
		took = append(took, t.took...)
	}
	p.Answered = len(took)
	p.P50, p.P99 = micros(took, 50), micros(took, 99)
	return p
}

// micros is a percentile in microseconds, 0 of nothing.
func micros(took []time.Duration, percent int) int {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return int(took[(len(took)-1)*percent/100].Microseconds())
}

// pace calls send for each question at its time, and returns how late each was.
func pace(ctx context.Context, rate float64, span time.Duration, send func(n int, due time.Time) error) (late []time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := time.Now()
	all := int(rate * span.Seconds())
	for n := 0; n < all && ctx.Err() == nil; {
		now := time.Now()
		for ; n < all; n++ {
			due := began.Add(time.Duration(float64(n) / rate * float64(time.Second)))
			if due.After(now) {
				if err := sleep(time.Until(due)); err != nil {
					return late, err
				}
				break
			}
			late = append(late, now.Sub(due))
			if err := send(n, due); err != nil {
				return late, err
			}
			now = time.Now()
		}
	}
	return late, ctx.Err()
}

// sleep has the kernel wake the thread, some 50 us late. A timer of Go is up to a
// millisecond late on an idle processor, and what has become due meanwhile would be
// sent in one burst, which no callers do.
func sleep(d time.Duration) error {
	left := unix.NsecToTimespec(max(0, d.Nanoseconds()))
	for {
		err := unix.Nanosleep(&left, &left)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
