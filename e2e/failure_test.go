package e2e_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems/sim"
)

// trial is one user who is moved and brought back while things fail.
type trial struct {
	*site
	t       *testing.T
	control *control.Control
	e       employee
	before  standing
	// meddled is what somebody else put the user into.
	meddled []place
	// want is where the user stands on the old side once they are back: as
	// before, but for what somebody else changed.
	want standing
}

// companies have their tries side by side: a try waits for far longer than it works,
// and what fails in one company's systems fails for all of its people.
const companies = 3

// TestAnyFailureOfAnySystem lets requests to the three systems fail in every way
// in which a system can, in a move and in the way back.
//
//nolint:paralleltest // Parallel would have its parts wait for each other where there are few processors.
func TestAnyFailureOfAnySystem(t *testing.T) {
	t.Parallel()
	var tries sync.WaitGroup
	for i := range companies {
		tries.Go(func() { t.Run(fmt.Sprintf("company %d", i+1), anyFailure) })
	}
	tries.Wait()
}

func anyFailure(t *testing.T) {
	t.Helper()
	s := newSite(t, 6, pace{drain: "1s", patience: "4s", signIn: "0s"})
	s.open(t)
	c := s.workHere(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		e := s.people[n%len(s.people)]
		n++
		before := s.standing(r, e)
		x := &trial{site: s, t: t, control: c, e: e, before: before, want: before}
		defer x.tidy(t)
		x.fail(r, "move")
		if x.run(r, dualtone.New) != cutover.OnNew {
			return
		}
		if rapid.IntRange(0, 4).Draw(r, "meddle") == 0 {
			x.meddle(r)
		}
		x.fail(r, "way back")
		x.run(r, dualtone.Old)
	})
}

// fail plans what goes wrong next.
func (x *trial) fail(t *rapid.T, label string) {
	x.clearFaults()
	kinds := []sim.FaultKind{sim.Slow, sim.Refused, sim.CutShort, sim.Throttled, sim.Expired, sim.AnswerLost, sim.Failed}
	systems := map[string]*sim.Faults{"pbx": x.old.Faults, "cloud": x.cloud.Faults, "crm": x.org.Faults}
	for range rapid.IntRange(0, 4).Draw(t, label+": failures") {
		system := rapid.SampledFrom([]string{"pbx", "cloud", "crm"}).Draw(t, "system")
		systems[system].Inject(sim.Fault{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Skip: rapid.IntRange(0, 25).Draw(t, "after"),
			Count: rapid.SampledFrom([]int{1, 1, 1, 3, 30}).Draw(t, "times"),
			Delay: 300 * time.Millisecond, RetryAfter: time.Second,
		})
	}
}

// run switches the user and compares where they stand with where they are said
// to be.
func (x *trial) run(t *rapid.T, to dualtone.Side) cutover.State {
	m, err := x.control.SwitchUser(t.Context(), x.e.person(), to, control.Why{Actor: "tester", Reason: "property"})
	must(t, err)
	// What fails may fail for good, and a way back never gives up.
	mend := time.AfterFunc(8*time.Second, x.clearFaults)
	defer mend.Stop()
	p, err := m.Wait(t.Context())
	must(t, err)
	x.clearFaults()
	person, err := x.stores.Person(t.Context(), x.e.person())
	must(t, err)
	drifted := p.State == cutover.RestoreDrift
	want := x.want
	if person.Side == dualtone.New && !drifted {
		want = x.moved(x.e, x.before)
		if x.meddled != nil {
			want.OldQueues = x.meddled
		}
	}
	now := x.standing(t, x.e)
	if diff := cmp.Diff(want, now, orEmpty()); diff != "" {
		x.story(t, "%s to the %s side ended %s (%s), but (-want +got):\n%s", x.e.ID, to, p.State, p.Detail, diff)
	}
	meddled := to == dualtone.Old && x.meddled != nil
	if drifted && !meddled || p.State == cutover.Restored && meddled {
		x.story(t, "%s ended %s (%s); somebody else changed something: %t", x.e.ID, p.State, p.Detail, meddled)
	}
	if drifted {
		x.checkDrift(t)
		return p.State
	}
	if !meddled {
		x.checkJournal(t, x.e, person, now)
	}
	return p.State
}

// story fails the try and tells how it came to that.
func (x *trial) story(t *rapid.T, format string, args ...any) {
	x.t.Logf(format, args...)
	for _, faults := range []*sim.Faults{x.old.Faults, x.cloud.Faults, x.org.Faults} {
		for _, struck := range faults.Struck() {
			x.t.Logf("%s %s %s", struck.At.Format("05.000"), struck.Op, struck.Fault.Kind)
		}
	}
	x.tellJournal(x.t, x.e)
	t.Fatalf(format, args...)
}

// meddle is somebody else who puts the user into a queue of the old side between the
// move and the way back: into one more, or at another penalty into that which they were
// in. It is theirs to keep, and costs the user no other.
func (x *trial) meddle(t *rapid.T) {
	queue := rapid.SampledFrom(queueNames()).Draw(t, "queue")
	x.meddled = []place{x.join(t, x.e, queue, theirs)}
	x.want.OldQueues = append(slices.DeleteFunc(slices.Clone(x.before.OldQueues), func(p place) bool { return p.Queue == queue }), x.meddled...)
	slices.SortFunc(x.want.OldQueues, place.compare)
}

// theirs is a penalty that tells somebody else's membership.
const theirs = 9

// checkDrift wants the journal to name what somebody else changed, and nothing
// else.
func (x *trial) checkDrift(t *rapid.T) {
	found := 0
	for _, entry := range x.journal(t, x.e) {
		if entry.Kind != cutover.Drifted {
			continue
		}
		found++
		if entry.Facet != cutover.OldOffering || len(entry.From.Offering.Memberships) != len(x.before.OldQueues) ||
			!slices.ContainsFunc(entry.Now.Offering.Memberships, func(m dualtone.Membership) bool { return m.Penalty == theirs }) {
			t.Fatalf("the journal tells of a drift of %s from %+v to %+v", entry.Facet, entry.From, entry.Now)
		}
	}
	if found == 0 {
		t.Fatalf("the journal does not tell of the drift")
	}
}

// tidy brings the user back, so that others can try.
func (x *trial) tidy(t *testing.T) {
	t.Helper()
	x.clearFaults()
	if x.meddled != nil {
		must(t, x.old.ChangeMembers(x.meddled[0].Queue, func(all []sim.Member) ([]sim.Member, error) {
			return slices.DeleteFunc(all, func(m sim.Member) bool { return m.Penalty == theirs }), nil
		}))
	}
	m, err := x.control.SwitchUser(t.Context(), x.e.person(), dualtone.Old, control.Why{Actor: "tester", Reason: "tidy"})
	if err != nil {
		return // a try that failed before its end leaves its switch running
	}
	_, _ = m.Wait(t.Context()) // the next try begins by looking
}
