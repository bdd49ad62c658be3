// Package account proves that no call was lost: every attempt that reached the
// company's border is found again in the call log and counted under exactly one
// of a few outcomes, and those that are not found are counted by themselves.
package account

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Outcome is what became of an attempt.
type Outcome string

// The outcomes. Their counts add up to the attempts.
const (
	AnsweredOld  Outcome = "answered_old"
	AnsweredNew  Outcome = "answered_new"
	AbandonedOld Outcome = "abandoned_old"
	AbandonedNew Outcome = "abandoned_new"
	Voicemail    Outcome = "voicemail"
	Deflected    Outcome = "deflected"
	Rejected     Outcome = "rejected"
	Unaccounted  Outcome = "unaccounted" // no system recorded it
)

// Outcomes lists all, in the order of reports.
func Outcomes() []Outcome {
	return []Outcome{AnsweredOld, AnsweredNew, AbandonedOld, AbandonedNew, Voicemail, Deflected, Rejected, Unaccounted}
}

// Call is a call of the log as accounting looks at it: its legs, and the side of
// the migration that each one's system is on.
type Call struct {
	ID   calllog.CallID
	Legs []Leg
}

// Leg is a leg of a call.
type Leg struct {
	calllog.Trace

	Side dualtone.Side
}

// Booked is an attempt and what became of it.
type Booked struct {
	calllog.Attempt

	Outcome Outcome        `json:"outcome"`
	Call    calllog.CallID `json:"call,omitempty"` // none when unaccounted or refused
	// By says how the call was found: a kind of key, or numbers and times.
	By string `json:"by,omitempty"`
}

// Accounting is the attempts of a time, and their sum.
type Accounting struct {
	Attempts int             `json:"attempts"`
	Sums     map[Outcome]int `json:"sums"`
	Booked   []Booked        `json:"booked,omitempty"`
	// Beyond counts inbound calls of the log that nobody saw at the border: they
	// came by another way. They are in no sum.
	Beyond int `json:"beyond"`
}

// within is how far apart the border's clock and a system's may be when numbers
// and times alone tie an attempt to a call.
const within = 10 * time.Second

// Of books every attempt. Attempts and calls may come in any order; a call takes
// one attempt alone, so that two which rang through and of which one was lost
// are never one.
func Of(attempts []calllog.Attempt, calls []Call) Accounting {
	attempts = once(attempts)
	calls = slices.SortedFunc(slices.Values(calls), func(a, b Call) int { return cmp.Compare(a.ID, b.ID) })
	l := newLedger(calls)
	booked := make([]Booked, len(attempts))
	for i, a := range attempts {
		booked[i] = Booked{Attempt: a}
		l.byKey(&booked[i])
	}
	l.byNumbers(booked)
	sum := Accounting{Attempts: len(attempts), Sums: map[Outcome]int{}, Booked: booked}
	for i := range booked {
		b := &booked[i]
		if b.Outcome == "" {
			b.Outcome = l.outcome(b)
		}
		sum.Sums[b.Outcome]++
	}
	for i, c := range calls {
		if !l.taken[i] && c.inbound() {
			sum.Beyond++
		}
	}
	return sum
}

// once keeps the first of attempts with the same ID, which was asked about again
// and again, with the keys of all.
func once(attempts []calllog.Attempt) []calllog.Attempt {
	attempts = slices.SortedFunc(slices.Values(attempts), func(a, b calllog.Attempt) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), a.At.Compare(b.At), strings.Compare(a.Refused, b.Refused))
	})
	kept := attempts[:0]
	for _, a := range attempts {
		if n := len(kept); n > 0 && kept[n-1].ID == a.ID {
			for _, k := range a.Keys {
				if !slices.Contains(kept[n-1].Keys, k) {
					kept[n-1].Keys = append(slices.Clip(kept[n-1].Keys), k)
				}
			}
			if a.Refused == "" {
				kept[n-1].Refused = ""
			}
			continue
		}
		kept = append(kept, a)
	}
	return kept
}

func (c *Call) inbound() bool {
	return slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Direction == calllog.Inbound })
}

// ledger knows which calls are still to be found.
type ledger struct {
	calls []Call
	taken []bool
	keys  map[calllog.Key][]int
	lines map[line][]int
}

// line is a caller and a number that was called, by their last nine digits.
type line struct{ caller, called string }

func newLedger(calls []Call) *ledger {
	l := &ledger{calls: calls, taken: make([]bool, len(calls)), keys: map[calllog.Key][]int{}, lines: map[line][]int{}}
	for i := range calls {
		for j := range calls[i].Legs {
			leg := &calls[i].Legs[j]
			for _, k := range leg.Keys {
				l.keys[k] = append(l.keys[k], i)
			}
			if leg.Direction != calllog.Inbound {
				continue
			}
			caller := ending(number(leg.Caller))
			for _, called := range []calllog.Party{leg.Called, leg.Dialed, leg.Diverted} {
				at := line{caller, ending(number(called))}
				if at.called != "" && !slices.Contains(l.lines[at], i) {
					l.lines[at] = append(l.lines[at], i)
				}
			}
		}
	}
	return l
}

func number(p calllog.Party) string {
	if p.Number != "" {
		return string(p.Number)
	}
	return p.Raw
}

// ending is the last nine digits of a number; empty for a withheld one.
func ending(text string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	return digits[max(0, len(digits)-9):]
}

// byKey finds the call that holds one of the attempt's keys.
func (l *ledger) byKey(b *Booked) {
	for _, k := range b.Keys {
		for _, i := range l.keys[k] {
			if !l.taken[i] {
				l.taken[i] = true
				b.Call, b.By = l.calls[i].ID, string(k.Kind)
				return
			}
		}
	}
}

// byNumbers finds calls of the same caller to the same number at about the same
// time, the nearest first.
func (l *ledger) byNumbers(booked []Booked) {
	type match struct {
		attempt, call int
		off           time.Duration
	}
	var all []match
	for n := range booked {
		b := &booked[n]
		if b.Call != "" || b.Refused != "" {
			continue
		}
		seen := map[int]bool{}
		for _, called := range []string{string(b.Number), b.Called} {
			for _, i := range l.lines[line{ending(b.Caller), ending(called)}] {
				off := l.calls[i].off(b.At)
				if called != "" && !l.taken[i] && !seen[i] && off <= within {
					seen[i] = true
					all = append(all, match{n, i, off})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(x, y match) int {
		return cmp.Or(cmp.Compare(x.off, y.off), cmp.Compare(x.attempt, y.attempt), cmp.Compare(x.call, y.call))
	})
	for _, m := range all {
		if booked[m.attempt].Call == "" && !l.taken[m.call] {
			l.taken[m.call] = true
			booked[m.attempt].Call, booked[m.attempt].By = l.calls[m.call].ID, "numbers and times"
		}
	}
}

// off is how far the nearest of the call's inbound legs began from a time.
func (c *Call) off(at time.Time) time.Duration {
	least := time.Duration(1<<63 - 1)
	for i := range c.Legs {
		if c.Legs[i].Direction == calllog.Inbound {
			least = min(least, c.Legs[i].Started.Sub(at).Abs())
		}
	}
	return least
}

func (l *ledger) outcome(b *Booked) Outcome {
	if b.Call == "" {
		if b.Refused != "" {
			return Rejected
		}
		return Unaccounted
	}
	i, _ := slices.BinarySearchFunc(l.calls, b.Call, func(c Call, id calllog.CallID) int { return cmp.Compare(c.ID, id) })
	return l.calls[i].outcome()
}

// outcome is what the caller experienced. Where both systems say that they
// answered, one passed the call on to the other: whose agent came last had it.
func (c *Call) outcome() Outcome {
	legs := slices.SortedStableFunc(slices.Values(c.Legs), func(a, b Leg) int {
		return cmp.Or(a.Started.Compare(b.Started), a.LegID.Compare(b.LegID))
	})
	has := func(all ...calllog.Disposition) bool {
		return slices.ContainsFunc(legs, func(l Leg) bool { return slices.Contains(all, l.Disposition) })
	}
	for _, l := range slices.Backward(legs) {
		if l.Disposition == calllog.Answered || l.Disposition == calllog.TransferredOut && !l.Answered.IsZero() {
			return on(l.Side, AnsweredOld, AnsweredNew)
		}
	}
	last := legs[len(legs)-1]
	switch {
	case has(calllog.Voicemail):
		return Voicemail
	case has(calllog.AbandonedQueue, calllog.AbandonedRinging, calllog.ShortAbandon, calllog.NoAnswer):
		return on(last.Side, AbandonedOld, AbandonedNew)
	case has(calllog.Deflected, calllog.TransferredOut):
		return Deflected
	case has(calllog.Rejected, calllog.Busy, calllog.Failed):
		return Rejected
	default:
		return on(last.Side, AbandonedOld, AbandonedNew)
	}
}

func on(side dualtone.Side, before, after Outcome) Outcome {
	if side == dualtone.New {
		return after
	}
	return before
}
