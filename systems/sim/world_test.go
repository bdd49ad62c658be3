package sim_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/systems/sim"
)

// nine is when the clock of every test starts.
func nine() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// office is a world with Ann (1001), Bob (1002), Cid (1003, signed out) and a
// queue that the first two serve.
func office() (*sim.World, *sim.ManualTime) {
	clock := sim.NewManualTime(nine())
	w := sim.New(clock)
	for _, p := range []sim.Person{
		{ID: "ann", Extension: "1001", Number: "+12125551001", SignedIn: true},
		{ID: "bob", Extension: "1002", Number: "+12125551002", SignedIn: true},
		{ID: "cid", Extension: "1003", Number: "+12125551003"},
	} {
		w.PutPerson(p)
	}
	w.PutQueue(sim.Queue{ID: "support", Number: "5000", Members: []sim.Member{{Person: "ann"}, {Person: "bob"}}})
	return w, clock
}

func state(t *testing.T, w *sim.World, id string) sim.Call {
	t.Helper()
	c, err := w.Call(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stands says how a call stands: its state and who has it.
func stands(t *testing.T, w *sim.World, id, want string) {
	t.Helper()
	c := state(t, w, id)
	if got := string(c.State) + " " + c.Person; got != want {
		t.Errorf("call %s is %q, want %q", id, got, want)
	}
}

func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestACallLivesThroughRingTalkAndWrapUp(t *testing.T) {
	t.Parallel()
	w, clock := office()
	w.Arrive(sim.Incoming{ID: "c", To: "1001", Ring: 2 * time.Second, Talk: time.Minute, Wrap: 10 * time.Second})
	stands(t, w, "c", "ringing ann")
	clock.Advance(2 * time.Second)
	stands(t, w, "c", "talking ann")
	clock.Advance(time.Minute)
	stands(t, w, "c", "wrap_up ann")
	if len(w.Active("ann")) != 1 {
		t.Error("wrap-up does not keep the agent busy")
	}
	clock.Advance(10 * time.Second)
	stands(t, w, "c", "ended ann")
	c := state(t, w, "c")
	got := []time.Duration{c.Rang.Sub(nine()), c.Answered.Sub(nine()), c.Over.Sub(nine())}
	if diff := cmp.Diff([]time.Duration{0, 2 * time.Second, 62 * time.Second}, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	if len(w.Active("ann")) != 0 || len(w.InProgress()) != 0 {
		t.Error("a call that is over keeps somebody busy")
	}
}

func TestAnIncomingCallIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	w, _ := office()
	do(t, w.ChangePerson("bob", func(p *sim.Person) { p.Forward = "+14155550100" }))
	w.Arrive(sim.Incoming{ID: "busy", To: "1001"})
	for to, want := range map[string]sim.Answer{
		"1001":         {Refused: "busy"},
		"1002":         {Forward: "+14155550100"},
		"+12125551003": {Refused: "signed_out"},
		"9999":         {Refused: "unknown"},
		"":             {Refused: "unknown"},
		"5000":         {Accepted: true},
	} {
		if got := w.Arrive(sim.Incoming{ID: "to " + to, To: to}); got != want {
			t.Errorf("call to %q: %+v, want %+v", to, got, want)
		}
	}
	if got := w.Arrive(sim.Incoming{ID: "busy", To: "1002"}); got.Refused != "duplicate" {
		t.Errorf("an id used twice: %+v", got)
	}
}

func TestAForwardedCallStaysUntilItIsOverElsewhere(t *testing.T) {
	t.Parallel()
	w, clock := office()
	do(t, w.ChangePerson("ann", func(p *sim.Person) { p.Forward = "881001" }))
	w.Arrive(sim.Incoming{ID: "c", To: "1001", Ring: time.Second, Talk: time.Second, Patience: time.Second})
	clock.Advance(time.Hour)
	stands(t, w, "c", "ringing ")
	if len(w.InProgress()) != 1 || len(w.Active("ann")) != 0 {
		t.Error("a forwarded call is in progress, and keeps nobody busy")
	}
	do(t, w.Pickup("c"), w.HangUp("c"))
	c := state(t, w, "c")
	if c.State != sim.Ended || !c.Rang.IsZero() || c.ForwardedBy != "ann" || c.ForwardedTo != "881001" || len(w.InProgress()) != 0 {
		t.Errorf("call %+v", c)
	}
}

func TestACallPastTheForwardRingsThePerson(t *testing.T) {
	t.Parallel()
	w, _ := office()
	do(t, w.ChangePerson("ann", func(p *sim.Person) { p.Forward = "+14155550100" }))
	if got := w.Arrive(sim.Incoming{ID: "c", To: "1001", PastForward: true}); !got.Accepted {
		t.Fatalf("answer %+v", got)
	}
	stands(t, w, "c", "ringing ann")
}

func TestAChangedExtensionIsReachedAndTheOldOneIsNot(t *testing.T) {
	t.Parallel()
	w, _ := office()
	do(t, w.ChangePerson("ann", func(p *sim.Person) { p.Extension = "2001" }))
	if p, err := w.Find("2001"); err != nil || p.ID != "ann" {
		t.Errorf("2001 reaches %q (%v)", p.ID, err)
	}
	if _, err := w.Find("1001"); !errors.Is(err, sim.ErrNoPerson) {
		t.Errorf("1001 still reaches somebody: %v", err)
	}
}

func TestAQueueServesThePenaltyThenTheLongestIdle(t *testing.T) {
	t.Parallel()
	w, clock := office()
	call := sim.Incoming{To: "5000", Ring: time.Second, Talk: 10 * time.Second}
	for _, id := range []string{"1", "2", "3"} {
		call.ID = id
		w.Arrive(call)
		clock.Advance(time.Second)
	}
	stands(t, w, "1", "talking ann")
	stands(t, w, "2", "talking bob")
	stands(t, w, "3", "waiting ")
	clock.Advance(8 * time.Second) // Ann is free first.
	stands(t, w, "3", "ringing ann")
	clock.Advance(time.Minute)
	do(t, w.ChangeMembers("support", func(m []sim.Member) ([]sim.Member, error) {
		m[0].Penalty, m[1].Penalty = 1, 2
		return m, nil
	}))
	call.ID = "4"
	w.Arrive(call)
	stands(t, w, "4", "ringing ann") // Bob has been idle longer, but has the higher penalty.
}

func TestAQueueSkipsWhoIsPausedAwayOrSignedOut(t *testing.T) {
	t.Parallel()
	w, _ := office()
	do(t, w.ChangePerson("ann", func(p *sim.Person) { p.Away = true }),
		w.ChangeMembers("support", func(m []sim.Member) ([]sim.Member, error) {
			m[1].Paused = true
			return append(m, sim.Member{Person: "cid"}, sim.Member{Person: "nobody"}), nil
		}))
	w.Arrive(sim.Incoming{ID: "c", To: "support"})
	stands(t, w, "c", "waiting ")
	do(t, w.ChangePerson("cid", func(p *sim.Person) { p.SignedIn = true }))
	stands(t, w, "c", "ringing cid")
}

func TestACallerOutOfPatienceGivesUpWaitingOrRinging(t *testing.T) {
	t.Parallel()
	w, clock := office()
	w.PutQueue(sim.Queue{ID: "empty"})
	w.Arrive(sim.Incoming{ID: "waits", To: "empty", Patience: 5 * time.Second})
	w.Arrive(sim.Incoming{ID: "rings", To: "1001", Patience: 5 * time.Second})
	w.Arrive(sim.Incoming{ID: "talks", To: "1002", Ring: time.Second, Patience: 5 * time.Second})
	clock.Advance(5 * time.Second)
	stands(t, w, "waits", "abandoned ")
	stands(t, w, "rings", "abandoned ann")
	stands(t, w, "talks", "talking bob")
}

func TestHoldResumeAndTransfer(t *testing.T) {
	t.Parallel()
	w, clock := office()
	w.Arrive(sim.Incoming{ID: "c", To: "1001", Talk: time.Minute})
	if err := w.Hold("c"); !errors.Is(err, sim.ErrNoCall) {
		t.Errorf("hold of a ringing call: %v", err)
	}
	do(t, w.Pickup("c"), w.Hold("c"))
	stands(t, w, "c", "held ann")
	for _, to := range []string{"cid", "ann"} {
		if err := w.Transfer("c", to); !errors.Is(err, sim.ErrNotFree) {
			t.Errorf("transfer to %s: %v, want ErrNotFree", to, err)
		}
	}
	if err := w.Transfer("c", "nobody"); !errors.Is(err, sim.ErrNoPerson) {
		t.Errorf("transfer to nobody: %v", err)
	}
	do(t, w.Resume("c"), w.Transfer("c", "bob"))
	stands(t, w, "c", "ringing bob")
	if len(w.Active("ann")) != 0 || len(w.Active("bob")) != 1 {
		t.Error("the transfer did not move the call")
	}
	clock.Advance(2 * time.Minute)
	stands(t, w, "c", "ringing bob") // The first talk's end must not end the second.
	do(t, w.Pickup("c"))
	clock.Advance(time.Minute)
	c := state(t, w, "c")
	if c.State != sim.Ended || !cmp.Equal(c.Transfers, []string{"ann"}) || !c.Answered.Equal(nine()) {
		t.Errorf("call %+v", c)
	}
}

func TestSigningOutCutsTheCallButNotTheWrapUp(t *testing.T) {
	t.Parallel()
	w, _ := office()
	out := func(p *sim.Person) { p.SignedIn = false }
	w.Arrive(sim.Incoming{ID: "talks", To: "1001"})
	w.Arrive(sim.Incoming{ID: "wraps", To: "1002", Wrap: time.Minute})
	do(t, w.Pickup("talks"), w.Pickup("wraps"), w.HangUp("wraps"))
	do(t, w.ChangePerson("ann", out), w.ChangePerson("bob", out))
	stands(t, w, "talks", "cut ann")
	stands(t, w, "wraps", "ended bob")
}

func TestARemovedPersonLeavesCallsAndQueues(t *testing.T) {
	t.Parallel()
	w, _ := office()
	w.Arrive(sim.Incoming{ID: "c", To: "1001"})
	do(t, w.RemovePerson("ann"))
	stands(t, w, "c", "cut ann")
	q, err := w.Queue("support")
	do(t, err)
	if len(q.Members) != 1 || q.Members[0].Person != "bob" {
		t.Errorf("members %+v", q.Members)
	}
	if got := w.Arrive(sim.Incoming{ID: "d", To: "1001"}); got.Refused != "unknown" {
		t.Errorf("answer %+v", got)
	}
}

func TestARefusedEditOfMembersChangesNothing(t *testing.T) {
	t.Parallel()
	w, _ := office()
	no := errors.New("no")
	err := w.ChangeMembers("support", func(m []sim.Member) ([]sim.Member, error) {
		m[0].Paused = true
		return nil, no
	})
	q, _ := w.Queue("support")
	if !errors.Is(err, no) || len(q.Members) != 2 || q.Members[0].Paused {
		t.Errorf("error %v, members %+v", err, q.Members)
	}
}

func TestFaultsStrikeWhatTheyName(t *testing.T) {
	t.Parallel()
	f := sim.NewFaults(sim.NewManualTime(nine()))
	f.Inject(sim.Fault{Kind: sim.Refused, Op: "Queue", About: "1001", Skip: 1, Count: 2})
	f.Inject(sim.Fault{Kind: sim.Slow, Op: "Ping", Count: -1})
	f.Inject(sim.Fault{Kind: sim.Failed})
	var got []sim.FaultKind
	for _, r := range [][2]string{
		{"QueueAdd", "Interface: 1001"}, // let through: the last fault takes it
		{"QueueAdd", "Interface: 1002"},
		{"QueueAdd", "Interface: 1001"},
		{"QueueRemove", "Interface: 1001"},
		{"QueueAdd", "Interface: 1001"},
		{"Ping", ""},
		{"Ping", ""},
	} {
		fault, _ := f.Next(r[0], r[1])
		got = append(got, fault.Kind)
	}
	want := []sim.FaultKind{sim.Failed, "", sim.Refused, sim.Refused, "", sim.Slow, sim.Slow}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if len(f.Struck()) != 5 {
		t.Errorf("struck %d times", len(f.Struck()))
	}
	f.Clear()
	f.Inject(sim.Fault{Kind: sim.Refused})
	if _, struck := f.NextNamed("Connect"); struck {
		t.Error("a fault for any request struck what is no request")
	}
}

func TestAWatcherSeesEveryChangeInOrder(t *testing.T) {
	t.Parallel()
	w, clock := office()
	w.Arrive(sim.Incoming{ID: "old", To: "1002"})
	var seen []string
	w.Watch(func(c sim.Change) {
		switch {
		case c.Call != nil && c.CallBefore == nil:
			seen = append(seen, c.Call.ID+" "+string(c.Call.State))
		case c.Call != nil:
			seen = append(seen, fmt.Sprintf("%s %s>%s", c.Call.ID, c.CallBefore.State, c.Call.State))
		case c.Member != nil && c.MemberBefore == nil:
			seen = append(seen, "joined "+c.Member.Person)
		case c.MemberBefore != nil && c.Member == nil:
			seen = append(seen, "left "+c.MemberBefore.Person)
		case c.Person != nil:
			seen = append(seen, "person "+c.Person.ID)
		}
	})
	w.Arrive(sim.Incoming{ID: "new", To: "5000", Ring: time.Second, Talk: time.Second})
	clock.Advance(time.Minute)
	do(t, w.ChangeMembers("support", func(m []sim.Member) ([]sim.Member, error) { return m[1:], nil }))
	want := []string{
		"person ann", "person bob", "person cid", "joined ann", "joined bob", "old ringing",
		"new waiting", "new waiting>ringing", "new ringing>talking", "new talking>ended", "left ann",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}
