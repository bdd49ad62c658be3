// Package truth makes up the call records of a company in the middle of its
// migration, of which it knows what really happened: which legs are one call and
// what kind of call it was. Whoever is tested with it sees the legs alone.
//
// The PBX tells whole seconds by a clock that is wrong and drifts; keys survive
// only some of the ways between the systems; records are lost, and some have
// wrong ends.
package truth

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// The two systems.
const (
	Old = "pbx"
	New = "cloud"
)

// Class is what kind of call it was.
type Class string

// The classes of calls. Those that cross have legs on both systems.
const (
	Plain      Class = "plain"      // one system, its own key on all legs
	Transfer   Class = "transfer"   // from agent to agent on one system
	Conference Class = "conference" // many legs on one system
	Outbound   Class = "outbound"
	Redial     Class = "redial"    // abandoned on one system, tried again on the other: two calls
	Forward    Class = "forward"   // crosses; the PBX stays in the call
	Deflect    Class = "deflect"   // crosses; the PBX hands it over and is out
	Overflow   Class = "overflow"  // crosses; waited in the old queue first
	Midway     Class = "midway"    // crosses; an agent transferred it while talking
	Parallel   Class = "parallel"  // crosses; both rang
	ThereBack  Class = "back"      // crosses, and is transferred back
	Anonymous  Class = "anonymous" // crosses; nobody knows the caller
	LostCaller Class = "lost"      // crosses; the caller's number is lost on the way
)

// Crossing lists the classes with legs on both systems.
func Crossing() []Class {
	return []Class{Forward, Deflect, Overflow, Midway, Parallel, ThereBack, Anonymous, LostCaller}
}

// Settings say how bad the world is. Shares are from 0 to 1.
type Settings struct {
	Seed  uint64
	Calls int
	Days  int
	From  time.Time // the first day
	// Crossing is the share of calls that cross, and Keys that of these whose
	// two halves hold a common key.
	Crossing, Keys float64
	// Skew is what the PBX's clock shows too much on the first day, Drift what it
	// gains in a day.
	Skew, Drift time.Duration
	// Lost records never come; WrongEnds end before they start or days later.
	Lost, WrongEnds float64
	// Hot is the share of calls from numbers behind which many people sit.
	Hot float64
	// Constant is the share of legs that hold one and the same user-to-user value.
	Constant float64
}

// Usual is a bad world of the usual kind.
func Usual(seed uint64, calls int) Settings {
	return Settings{
		Seed: seed, Calls: calls, Days: 1, From: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
		Crossing: 0.2, Keys: 0.4, Skew: 83 * time.Second, Drift: 4 * time.Second,
		Lost: 0.01, WrongEnds: 0.005, Hot: 0.1, Constant: 0.05,
	}
}

// Truth is what really happened.
type Truth struct {
	call  map[calllog.LegID]int
	class []Class
}

// Call is the number of the call that a leg belonged to.
func (t *Truth) Call(id calllog.LegID) int { return t.call[id] }

// Class is what kind of call a leg belonged to.
func (t *Truth) Class(id calllog.LegID) Class { return t.class[t.call[id]] }

// Make makes up legs, in the order of their starts, and tells the truth apart
// from them.
func Make(s Settings) ([]calllog.Leg, *Truth) {
	w := &world{
		Settings: s, Truth: &Truth{call: map[calllog.LegID]int{}},
		chance: rand.New(rand.NewPCG(s.Seed, 7)), //nolint:gosec // chance that can be repeated
	}
	for len(w.class) < s.Calls {
		w.next()
	}
	w.spoil()
	slices.SortFunc(w.legs, func(a, b calllog.Leg) int {
		return cmp.Or(a.Started.Compare(b.Started), a.LegID.Compare(b.LegID))
	})
	return w.legs, w.Truth
}

type world struct {
	Settings
	*Truth

	chance  *rand.Rand
	legs    []calllog.Leg
	serials int
	owns    int
}

func (w *world) happens(share float64) bool { return w.chance.Float64() < share }

// between is a time between two, with a long tail of rare long ones.
func (w *world) between(least, usual time.Duration) time.Duration {
	return least + time.Duration(w.chance.ExpFloat64()*float64(usual-least))
}

// arrival is a time within business hours, most in late morning and afternoon.
func (w *world) arrival() time.Time {
	day := w.From.AddDate(0, 0, w.chance.IntN(w.Days))
	peak := 10.5
	if w.happens(0.5) {
		peak = 15
	}
	hour := min(max(peak+w.chance.NormFloat64()*1.8, 0), 23.9)
	if w.happens(0.04) {
		hour = w.chance.Float64() * 24
	}
	return day.Add(time.Duration(hour * float64(time.Hour)))
}

func (w *world) customer() calllog.Party {
	if w.happens(w.Hot) {
		return number("+1202555%04d", w.chance.IntN(12))
	}
	return number("+1303%07d", w.chance.IntN(60_000))
}

func (w *world) service() calllog.Party { return number("+1555010%04d", w.chance.IntN(40)) }

func (w *world) cloudNumber() calllog.Party { return number("+1555020%04d", w.chance.IntN(300)) }

func number(format string, n int) calllog.Party {
	text := fmt.Sprintf(format, n)
	return calllog.Party{Raw: text, Number: numberOf(text)}
}

func (w *world) extension() string { return strconv.Itoa(2000 + w.chance.IntN(300)) }

// spoil does to the records what the world does to them.
func (w *world) spoil() {
	kept := w.legs[:0]
	for _, l := range w.legs {
		if w.happens(w.Lost) {
			continue
		}
		if w.happens(w.Constant) {
			l.Keys = append(l.Keys, calllog.Key{Kind: calllog.UserToUser, Value: "04c81d2a00"})
		}
		if l.System == Old {
			l.Keys = append(l.Keys, calllog.Key{Kind: calllog.UCID, Value: "00000000000000000000"})
			l.Started, l.Answered, l.Ended = w.wrong(l.Started), w.wrong(l.Answered), w.wrong(l.Ended)
		} else {
			l.Started, l.Answered, l.Ended = w.late(l.Started, 150), w.late(l.Answered, 150), w.late(l.Ended, 150)
		}
		if w.happens(w.WrongEnds) {
			l.Ended = l.Started.Add(time.Duration(w.chance.IntN(20)-4) * 12 * time.Hour)
		}
		kept = append(kept, l)
	}
	w.legs = kept
}

// wrong is a time as the PBX records it.
func (w *world) wrong(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	drift := time.Duration(float64(w.Drift) * float64(t.Sub(w.From)) / float64(24*time.Hour))
	return w.late(t, 400).Add(w.Skew + drift).Truncate(time.Second)
}

func (w *world) late(t time.Time, most int) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(time.Duration(w.chance.IntN(most)) * time.Millisecond).Truncate(time.Millisecond)
}
