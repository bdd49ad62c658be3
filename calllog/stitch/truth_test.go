package stitch_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/calllog/stitch"
)

func traces(legs []calllog.Leg) []calllog.Trace {
	all := make([]calllog.Trace, len(legs))
	for i := range legs {
		all[i] = legs[i].Trace()
	}
	return all
}

// What is joined must be right nearly always, and what can be told apart must be
// joined nearly always. Callers whose number nobody knows can be followed only
// where a key or the diverter survived.
func TestJoinsAreRight(t *testing.T) {
	t.Parallel()
	recall := map[truth.Class]float64{
		truth.Forward: 0.97, truth.Deflect: 0.94, truth.Overflow: 0.94, truth.Midway: 0.94, truth.Parallel: 0.97,
		truth.ThereBack: 0.88, truth.Anonymous: 0.55, truth.LostCaller: 0.55,
	}
	worlds := map[string]func(*truth.Settings){
		"a clock that is fast and drifts":         func(*truth.Settings) {},
		"a clock that is slow":                    func(s *truth.Settings) { s.Skew, s.Drift = -47*time.Minute, -9*time.Second },
		"good clocks":                             func(s *truth.Settings) { s.Skew, s.Drift = 0, 0 },
		"few keys":                                func(s *truth.Settings) { s.Keys = 0.05 },
		"many calls from companies' main numbers": func(s *truth.Settings) { s.Hot = 0.35 },
	}
	for name, worsen := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := truth.Usual(11, 12000)
			worsen(&s)
			legs, facts := truth.Make(s)
			scores := facts.Scores(legs, stitch.All(traces(legs), nil).Calls)
			if got := scores[""].Precision(); got < 0.995 {
				t.Errorf("precision %.4f of %d joins, want at least 0.995", got, scores[""].Put)
			}
			keys := s.Keys / 0.4
			for _, class := range truth.Crossing() {
				got, want := scores[class].Recall(), recall[class]
				switch {
				case class == truth.Anonymous || class == truth.LostCaller:
					want -= 0.2 * (1 - keys)
				case s.Hot > 0.2:
					want -= 0.12 // who rang again cannot be told from who sits beside
				}
				if got < want {
					t.Errorf("%s: recall %.3f of %d, want at least %.3f", class, got, scores[class].True, want)
				}
			}
		})
	}
}

// Without a clock there is nothing to compare times by; with one they agree.
func TestClocksAreMeasured(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-time.Hour / 2, 0, 83 * time.Second} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			t.Parallel()
			s := truth.Usual(5, 4000)
			s.Skew, s.Drift = skew, 6*time.Second
			legs, _ := truth.Make(s)
			clocks := stitch.All(traces(legs), nil).Clocks
			if len(clocks) == 0 {
				t.Fatal("no clock was measured")
			}
			c := clocks[0]
			// The PBX cuts seconds off, half of one in the middle.
			want := skew + 3*time.Second - 400*time.Millisecond
			if off := (c.Ahead - want).Abs(); c.System != truth.Old || off > 300*time.Millisecond {
				t.Errorf("%s is %s ahead of %s, want %s", c.System, c.Ahead, c.Against, want)
			}
			if off := (c.Drift - s.Drift).Abs(); off > 1500*time.Millisecond {
				t.Errorf("drift %s a day, want %s", c.Drift, s.Drift)
			}
			if c.Spread > 500*time.Millisecond || c.Pairs < 50 {
				t.Errorf("spread %s over %d pairs", c.Spread, c.Pairs)
			}
		})
	}
}

// A key that everybody holds ties nobody together, and says so.
func TestSharedKeysTieNobody(t *testing.T) {
	t.Parallel()
	shared := []calllog.Key{{Kind: calllog.UserToUser, Value: "04c81d2a00"}, {Kind: calllog.UCID, Value: "00000000000000000000"}}
	var legs []calllog.Trace
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i := range 400 {
		system := []string{truth.Old, truth.New}[i%2]
		legs = append(legs, calllog.Trace{
			LegID: calllog.LegID{System: system, Record: strconv.Itoa(i)}, Call: fmt.Sprint("c", i),
			Started: at.Add(time.Duration(i) * 20 * time.Second), Ended: at.Add(time.Duration(i)*20*time.Second + time.Minute),
			Direction: calllog.Internal, Keys: shared,
		})
	}
	if calls := stitch.All(legs, nil).Calls; len(calls) != 0 {
		t.Errorf("%d calls were made of legs that have nothing but a constant in common; the first has %d legs", len(calls), len(calls[0].Members))
	}
}

func BenchmarkAll(b *testing.B) {
	s := truth.Usual(1, 70_000)
	legs, _ := truth.Make(s)
	all := traces(legs)
	b.ReportAllocs()
	for b.Loop() {
		stitch.All(all, nil)
	}
	b.ReportMetric(float64(len(all))*float64(b.N)/b.Elapsed().Seconds(), "legs/s")
}
