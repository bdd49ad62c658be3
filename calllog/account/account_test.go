package account_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/account"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/calllog/stitch"
)

// day is a made-up day as the border and the log saw it.
func day(t *testing.T, seed uint64) ([]calllog.Attempt, []account.Call) {
	t.Helper()
	s := truth.Usual(seed, 1500)
	s.Lost, s.WrongEnds, s.Skew, s.Drift = 0, 0, 2*time.Second, 0
	legs, facts := truth.Make(s)
	traces := make([]calllog.Trace, len(legs))
	for i := range legs {
		traces[i] = legs[i].Trace()
	}
	return border(traces, facts), log(traces)
}

// border makes an attempt of every call that came from outside.
func border(traces []calllog.Trace, facts *truth.Truth) []calllog.Attempt {
	var all []calllog.Attempt
	seen := map[int]bool{}
	for _, l := range traces {
		call := facts.Call(l.LegID)
		if l.Direction != calllog.Inbound || seen[call] {
			continue
		}
		seen[call] = true
		a := calllog.Attempt{ID: fmt.Sprint("dialog ", call), At: l.Started, Caller: string(l.Caller.Number), Number: l.Called.Number}
		for _, k := range l.Keys {
			if k.Kind == calllog.DecisionKey || k.Kind == calllog.SIPCallID {
				a.Keys = append(a.Keys, k)
			}
		}
		all = append(all, a)
	}
	return all
}

// log stitches legs and makes calls of all.
func log(traces []calllog.Trace) []account.Call {
	sides := map[string]dualtone.Side{truth.Old: dualtone.Old, truth.New: dualtone.New}
	home := map[calllog.LegID]calllog.CallID{}
	for _, c := range stitch.All(traces, nil).Calls {
		for _, m := range c.Members {
			home[m.Leg] = c.ID
		}
	}
	byID := map[calllog.CallID]*account.Call{}
	var order []calllog.CallID
	for _, l := range traces {
		id := home[l.LegID]
		if id == "" {
			id = calllog.CallIDOf(l.LegID, l.Started)
		}
		if byID[id] == nil {
			byID[id] = &account.Call{ID: id}
			order = append(order, id)
		}
		byID[id].Legs = append(byID[id].Legs, account.Leg{Trace: l, Side: sides[l.System]})
	}
	all := make([]account.Call, len(order))
	for i, id := range order {
		all[i] = *byID[id]
	}
	return all
}

// Whatever happened, the outcomes add up to the attempts, and the order in which
// they are given changes nothing.
func TestEveryAttemptHasOneOutcome(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		attempts, calls := day(t, seed)
		sum := account.Of(attempts, calls)
		check(t, sum)
		// Two calls of one customer that were joined by mistake leave an attempt over.
		if lost := sum.Sums[account.Unaccounted]; lost > 1 || sum.Attempts < 1000 {
			t.Errorf("seed %d: %d of %d attempts unaccounted, though nothing was lost", seed, lost, sum.Attempts)
		}
		chance := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // chance that can be repeated
		attempts = append(attempts, attempts[:200]...)
		chance.Shuffle(len(attempts), func(i, j int) { attempts[i], attempts[j] = attempts[j], attempts[i] })
		chance.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
		if diff := cmp.Diff(sum, account.Of(attempts, calls)); diff != "" {
			t.Errorf("seed %d: shuffled, and some attempts asked about twice:\n%s", seed, diff)
		}
	}
}

func check(t *testing.T, sum account.Accounting) {
	t.Helper()
	total, taken := 0, map[calllog.CallID]string{}
	for outcome, n := range sum.Sums {
		if !slices.Contains(account.Outcomes(), outcome) {
			t.Errorf("outcome %q is not one of them", outcome)
		}
		total += n
	}
	if total != sum.Attempts || len(sum.Booked) != sum.Attempts {
		t.Errorf("outcomes add up to %d, booked %d, attempts %d", total, len(sum.Booked), sum.Attempts)
	}
	for _, b := range sum.Booked {
		if other := taken[b.Call]; b.Call != "" && other != "" {
			t.Errorf("call %s has two attempts, %s and %s", b.Call, other, b.ID)
		}
		taken[b.Call] = b.ID
	}
}

// For every call whose records vanish one attempt more is unaccounted, no more
// and no less: no other call stands in for it.
func TestACallThatVanishesIsMissed(t *testing.T) {
	t.Parallel()
	attempts, calls := day(t, 9)
	chance := rand.New(rand.NewPCG(9, 9)) //nolint:gosec // chance that can be repeated
	chance.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	gone := 0
	for _, c := range calls[:100] {
		if slices.ContainsFunc(c.Legs, func(l account.Leg) bool { return l.Direction == calllog.Inbound }) {
			gone++
		}
	}
	before, sum := account.Of(attempts, calls), account.Of(attempts, calls[100:])
	check(t, sum)
	// A call that nobody had counted at the border may vanish unseen.
	if got := sum.Sums[account.Unaccounted]; got > gone || got < gone-before.Beyond {
		t.Errorf("%d unaccounted after %d inbound calls vanished, of which at most %d were beyond the border", got, gone, before.Beyond)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	leg := func(side dualtone.Side, after time.Duration, d calllog.Disposition) account.Leg {
		l := account.Leg{Side: side, Trace: calllog.Trace{
			LegID: calllog.LegID{System: string(side), Record: after.String()}, Started: at.Add(after), Direction: calllog.Inbound, Disposition: d,
			Caller: calllog.Party{Number: "+13035550100"}, Called: calllog.Party{Number: "+15550100001"},
		}}
		if d == calllog.Answered || d == calllog.TransferredOut {
			l.Answered = l.Started.Add(time.Second)
		}
		return l
	}
	for _, test := range []struct {
		what string
		legs []account.Leg
		want account.Outcome
	}{
		{"the old side answered", []account.Leg{leg(dualtone.Old, 0, calllog.Answered)}, account.AnsweredOld},
		{"the old side passed it on to the new, and stayed in it", []account.Leg{leg(dualtone.Old, 0, calllog.Answered), leg(dualtone.New, 1, calllog.Answered)}, account.AnsweredNew},
		{"it was passed on and given up there", []account.Leg{leg(dualtone.Old, 0, calllog.Deflected), leg(dualtone.New, 1, calllog.AbandonedQueue)}, account.AbandonedNew},
		{"both rang, the old side answered", []account.Leg{leg(dualtone.Old, 0, calllog.Answered), leg(dualtone.New, 1, calllog.AnsweredElsewhere)}, account.AnsweredOld},
		{"nobody took it but the machine", []account.Leg{leg(dualtone.Old, 0, calllog.NoAnswer), leg(dualtone.Old, 1, calllog.Voicemail)}, account.Voicemail},
		{"the caller had enough", []account.Leg{leg(dualtone.Old, 0, calllog.ShortAbandon)}, account.AbandonedOld},
		{"it was sent elsewhere", []account.Leg{leg(dualtone.New, 0, calllog.Deflected)}, account.Deflected},
		{"the line was busy", []account.Leg{leg(dualtone.New, 0, calllog.Busy)}, account.Rejected},
		{"an agent transferred it out of the house", []account.Leg{leg(dualtone.New, 0, calllog.TransferredOut)}, account.AnsweredNew},
	} {
		attempt := calllog.Attempt{ID: "one", At: at, Caller: "+13035550100", Number: "+15550100001"}
		got := account.Of([]calllog.Attempt{attempt}, []account.Call{{ID: "call", Legs: test.legs}})
		if got.Booked[0].Outcome != test.want {
			t.Errorf("%s: %s, want %s", test.what, got.Booked[0].Outcome, test.want)
		}
	}
	refused := calllog.Attempt{ID: "one", At: at, Refused: "loop"}
	if got := account.Of([]calllog.Attempt{refused}, nil); got.Sums[account.Rejected] != 1 {
		t.Errorf("refused at the border: %+v, want rejected", got.Sums)
	}
}
