package rollout_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// floor is a plan's stages at work, each with the users it has in flight.
type floor struct {
	whole    rollout.Rate
	movers   []rollout.Mover
	inFlight map[string]int
}

func (f *floor) tell(m rollout.Moves) { f.movers = rollout.Divide(f.whole, m.After(f.movers)) }

func (f *floor) told(stage string) rollout.Rate {
	for _, m := range f.movers {
		if m.Stage == stage {
			return m.Told
		}
	}
	return rollout.Rate{}
}

func TestWhatOneStageGivesUpAnotherGetsOnceItIsFree(t *testing.T) {
	t.Parallel()
	f := &floor{whole: rollout.Rate{Concurrency: 10, UsersPerMinute: 30}}
	f.tell(rollout.Moves{Stage: "a"})
	if f.told("a").Concurrency != 10 || f.told("a").UsersPerMinute != 30 {
		t.Fatalf("alone: %+v", f.movers)
	}
	f.tell(rollout.Moves{Stage: "b"})
	if f.told("a").Concurrency != 5 || f.told("b").Concurrency != 0 || f.told("a").UsersPerMinute != 15 {
		t.Fatalf("while a still has ten in flight: %+v", f.movers)
	}
	settled := 5
	f.tell(rollout.Moves{Stage: "a", Settled: &settled})
	if f.told("b").Concurrency != 5 || f.told("b").UsersPerMinute != 15 {
		t.Fatalf("once a has five in flight: %+v", f.movers)
	}
	f.tell(rollout.Moves{Stage: "b", Back: true})
	if f.told("a").Concurrency != 0 || f.told("b").Concurrency != 10 {
		t.Fatalf("while b goes back: %+v", f.movers)
	}
	f.tell(rollout.Moves{Stage: "b", Over: true})
	if f.told("a").Concurrency != 10 || len(f.movers) != 1 {
		t.Fatalf("after b: %+v", f.movers)
	}
}

// What was told before a limit went down is still in flight after it.
func TestWhatIsInFlightCountsWhateverIsToldOfIt(t *testing.T) {
	t.Parallel()
	f := &floor{whole: rollout.Rate{Concurrency: 10}}
	f.tell(rollout.Moves{Stage: "a"})
	f.tell(rollout.Moves{Stage: "b"})
	settled, late := 5, 9
	f.tell(rollout.Moves{Stage: "a", Settled: &settled})
	f.tell(rollout.Moves{Stage: "a", Settled: &late})
	if f.told("b").Concurrency != 5 {
		t.Errorf("a holds five, whatever came late: %+v", f.movers)
	}
	f = &floor{whole: rollout.Rate{Concurrency: 10}}
	f.tell(rollout.Moves{Stage: "a", Back: true})
	f.whole.Concurrency = 4
	f.tell(rollout.Moves{Stage: "b"})
	if a := f.movers[0]; a.Told.Concurrency != 4 || a.Held != 10 {
		t.Errorf("a still brings ten back: %+v", f.movers)
	}
}

// TestStagesTogetherNeverDoMoreThanThePlanMay plays stages that come and go, with
// switches that end when they like.
func TestStagesTogetherNeverDoMoreThanThePlanMay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		chance := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // G404: a test's.
		f := &floor{whole: rollout.Rate{Concurrency: 1 + chance.IntN(12), UsersPerMinute: chance.IntN(3) * 20}, inFlight: map[string]int{}}
		for step := range 200 {
			stage := fmt.Sprintf("s%d", chance.IntN(5))
			at := slices.IndexFunc(f.movers, func(m rollout.Mover) bool { return m.Stage == stage })
			switch chance.IntN(6) {
			case 0:
				f.tell(rollout.Moves{Stage: stage})
			case 1:
				if f.inFlight[stage] == 0 && at >= 0 {
					f.tell(rollout.Moves{Stage: stage, Over: true})
				}
			case 2:
				if f.inFlight[stage] > 0 {
					f.inFlight[stage]--
				}
			case 3:
				if told := f.told(stage); at >= 0 && f.inFlight[stage] <= told.Concurrency {
					f.tell(rollout.Moves{Stage: stage, Settled: &told.Concurrency})
				}
			default:
				if f.inFlight[stage] < f.told(stage).Concurrency {
					f.inFlight[stage]++
				}
			}
			all, pace := 0, 0
			for _, n := range f.inFlight {
				all += n
			}
			for _, m := range f.movers {
				pace += m.Told.UsersPerMinute
			}
			if all > f.whole.Concurrency || f.whole.UsersPerMinute > 0 && pace > f.whole.UsersPerMinute {
				t.Fatalf("seed %d step %d: %d in flight, %d a minute, allowed %+v: %+v", seed, step, all, pace, f.whole, f.movers)
			}
		}
		// Once everything has settled, everybody has their part.
		for range 5 {
			for _, m := range f.movers {
				most := m.Told.Concurrency
				f.tell(rollout.Moves{Stage: m.Stage, Settled: &most})
			}
		}
		given := 0
		for _, m := range f.movers {
			given += m.Told.Concurrency
		}
		if len(f.movers) > 0 && f.whole.UsersPerMinute == 0 && given != f.whole.Concurrency {
			t.Fatalf("seed %d: %d of %d are given: %+v", seed, given, f.whole.Concurrency, f.movers)
		}
	}
}

func TestLimitsGoDownFreelyAndUpToWhatWasApproved(t *testing.T) {
	t.Parallel()
	const percent = 10_000
	most := rollout.Rate{
		Concurrency: 10, UsersPerMinute: 30, APIShare: 20 * percent, MaxOnNew: 25 * percent, MinLeftOnOld: 4,
		StopWhen: rollout.StopWhen{Share: 0.03, InARow: 3, MinAttempts: 20},
	}
	for _, c := range []struct {
		what string
		o    rollout.Rate
		why  string // ends the refusal, which names the cap
	}{
		{"nothing", rollout.Rate{}, ""},
		{"fewer at a time", rollout.Rate{Concurrency: 2}, ""},
		{"more at a time", rollout.Rate{Concurrency: 11}, "at a time than were approved: 10"},
		{"more a minute", rollout.Rate{UsersPerMinute: 31}, "a minute than were approved: 30"},
		{"a smaller share of the CRM", rollout.Rate{APIShare: 5 * percent}, ""},
		{"a larger share of the CRM", rollout.Rate{APIShare: 21 * percent}, "than was approved: 20%"},
		{"a smaller blast radius", rollout.Rate{MaxOnNew: 10 * percent, MinLeftOnOld: 6}, ""},
		{"a larger blast radius", rollout.Rate{MaxOnNew: 26 * percent}, "than was approved: 25%"},
		{"fewer people left", rollout.Rate{MinLeftOnOld: 3}, "than were approved: 4"},
		{"it stops sooner", rollout.Rate{StopWhen: rollout.StopWhen{InARow: 2, Share: 0.01}}, ""},
		{"it stops later", rollout.Rate{StopWhen: rollout.StopWhen{InARow: 4}}, "than were approved: 3"},
	} {
		if why := most.With(c.o).Within(most); (why == "") != (c.why == "") || !strings.HasSuffix(why, c.why) {
			t.Errorf("%s: %q", c.what, why)
		}
	}
	free := rollout.Rate{Concurrency: 10}
	if why := free.With(rollout.Rate{MaxOnNew: 10 * percent}).Within(free); why == "" {
		t.Error("a plan without a blast radius takes one without saying of what")
	}
}
