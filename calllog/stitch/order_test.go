package stitch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/calllog/stitch"
)

// Any order and any batches of the same legs, repeats and corrections among
// them, give the calls that all of them give at once.
func TestTheOrderOfArrivalChangesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			legs := restless(seed)
			want := stitch.All(slices.Clone(legs), nil)
			if len(want.Calls) < 100 {
				t.Fatalf("%d calls of several legs: too few to tell", len(want.Calls))
			}
			for arrival := range uint64(3) {
				log := newMemory()
				arrive(t, log, legs, rand.New(rand.NewPCG(seed, arrival))) //nolint:gosec // chance that can be repeated
				if diff := cmp.Diff(want.Calls, log.sorted(), byID); diff != "" {
					t.Fatalf("calls (- at once, + in arrival %d):\n%s", arrival, diff)
				}
				if diff := cmp.Diff(want.Ambiguous, log.ambiguous(), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("ambiguous (- at once, + in arrival %d):\n%s", arrival, diff)
				}
			}
		})
	}
}

var byID = cmpopts.SortSlices(func(a, b calllog.Call) bool { return a.ID < b.ID })

// restless is a world of several days that never sleeps, so that calls cross
// midnight, with long calls and keys that come back.
func restless(seed uint64) []calllog.Trace {
	s := truth.Usual(seed, 700)
	s.Days, s.Hot, s.Lost, s.WrongEnds = 2, 0.5, 0, 0.02
	if seed%3 == 0 {
		s.Keys = 0.02 // hardly a clock to be measured
	}
	legs, facts := truth.Make(s)
	chance := rand.New(rand.NewPCG(seed, 99)) //nolint:gosec // chance that can be repeated
	all := make([]calllog.Trace, len(legs))
	moved := map[int]time.Duration{}
	for i := range legs {
		all[i] = legs[i].Trace()
		t := &all[i]
		call := facts.Call(t.LegID)
		by, ok := moved[call]
		if !ok {
			midnight := calllog.Day(t.Started).Add(time.Duration(chance.NormFloat64() * 40 * float64(time.Minute)))
			by = midnight.Sub(t.Started)
			moved[call] = by
		}
		t.Started, t.Ended = t.Started.Add(by), t.Ended.Add(by)
		if !t.Answered.IsZero() {
			t.Answered = t.Answered.Add(by)
		}
		switch chance.IntN(8) {
		case 0:
			t.Ended = t.Started.Add(time.Duration(chance.IntN(7*60)) * time.Minute)
		case 1:
			t.Keys = append(t.Keys, calllog.Key{Kind: calllog.LinkedID, Value: fmt.Sprint("again ", chance.IntN(40))})
		case 2:
			t.Call = fmt.Sprint("reset ", chance.IntN(40))
		}
	}
	return all
}

// arrive writes legs in any order and in batches of any size, some of them first
// as something else, some twice, and stitches now and then.
func arrive(t *testing.T, log *memory, legs []calllog.Trace, chance *rand.Rand) {
	t.Helper()
	queue := slices.Clone(legs)
	for _, l := range legs {
		switch chance.IntN(20) {
		case 0:
			queue = append(queue, l)
		case 1:
			l.Started = l.Started.Add(time.Duration(chance.IntN(600)-300) * time.Minute)
			l.Caller = calllog.Party{Raw: "as it was first known"}
			log.write(l)
		}
	}
	if chance.IntN(2) == 0 {
		chance.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	}
	for len(queue) > 0 {
		n := min(len(queue), 1+chance.IntN(len(legs)/2))
		log.write(queue[:n]...)
		queue = queue[n:]
		if err := log.run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if len(log.marked) > 0 {
		t.Fatalf("still to be stitched: %v", log.marked)
	}
}
