package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

func (s *site) journal(t tester, e employee) []cutover.Entry {
	t.Helper()
	entries, err := s.switches.Journal(t.Context(), cutover.JournalQuery{Person: e.person()})
	must(t, err)
	return entries
}

// checkJournal compares what the journal tells with where the person stands.
func (s *site) checkJournal(t tester, e employee, p cutover.PersonState, now standing) {
	t.Helper()
	entries := s.journal(t, e)
	last := map[cutover.Facet]cutover.Entry{}
	var reached cutover.State
	for _, entry := range entries {
		switch entry.Kind { //nolint:exhaustive // the others are looked at below
		case cutover.Wrote:
			last[entry.Facet] = entry
		case cutover.Reached:
			reached = entry.State
		}
	}
	if reached != p.State {
		t.Errorf("%s: the journal ends in %s, the person is %s", e.ID, reached, p.State)
	}
	for facet, entry := range last {
		if want, got := s.told(facet, *entry.To), s.told(facet, s.stands(facet, now)); want != got {
			t.Errorf("%s: the journal last wrote %s = %s (%d), there stands %s", e.ID, facet, want, entry.Serial, got)
		}
	}
	for i, entry := range entries {
		if entry.Kind == cutover.Intent && !slices.ContainsFunc(entries[i+1:], func(later cutover.Entry) bool { return follows(entry, later) }) {
			t.Errorf("%s: nothing tells what became of intent %d (%s, action %d)", e.ID, entry.Serial, entry.Facet, entry.Action)
		}
	}
}

// follows reports whether a later entry tells what became of an intent, or tries
// the same again.
func follows(intent, later cutover.Entry) bool {
	return later.Switch == intent.Switch && later.Facet == intent.Facet && later.Action == intent.Action && later.Kind != cutover.Reached
}

// stands is a person's standing as the value of a facet, as far as a standing
// tells it.
func (s *site) stands(f cutover.Facet, now standing) cutover.Value {
	switch f {
	case cutover.Softphone:
		sets := slices.DeleteFunc(slices.Clone(now.PermissionSets), func(name string) bool { return name != grant })
		return cutover.Value{Softphone: &dualtone.Softphone{CallCenter: dualtone.CallCenterID(now.CallCenter), PermissionSets: sets}}
	case cutover.OldForward:
		return cutover.Value{Forward: &dualtone.Forward{To: now.Forward}}
	case cutover.OldOffering:
		o := dualtone.Offering{}
		for _, m := range now.OldQueues {
			o.Memberships = append(o.Memberships, dualtone.Membership{
				Queue: dualtone.QueueID(m.Queue), Penalty: m.Penalty, Paused: m.Paused, PauseReason: m.PauseReason,
			})
		}
		return cutover.Value{Offering: &o}
	case cutover.NewOffering:
		o := dualtone.Offering{}
		for _, name := range now.NewQueues {
			o.Memberships = append(o.Memberships, dualtone.Membership{Queue: dualtone.QueueID(s.made.Queues[name])})
		}
		return cutover.Value{Offering: &o}
	case cutover.NewSeat:
		// A parked account holds a right that gives none.
		rights := slices.DeleteFunc(slices.Clone(now.Rights), func(name string) bool { return name == connectsim.Parked })
		return cutover.Value{Seat: &dualtone.Seat{Enabled: len(rights) > 0, Licenses: rights}}
	default:
		return cutover.Value{}
	}
}

// told puts into words what both the journal and a standing tell of a facet.
func (s *site) told(f cutover.Facet, v cutover.Value) string {
	switch f {
	case cutover.Softphone:
		return fmt.Sprintf("%s with %v", v.Softphone.CallCenter, v.Softphone.PermissionSets)
	case cutover.OldForward:
		return fmt.Sprintf("to %q", v.Forward.To)
	case cutover.OldOffering:
		var text strings.Builder
		for _, m := range v.Offering.Sorted().Memberships {
			if m.Penalty == theirs {
				continue // somebody else takes it out again without the journal
			}
			fmt.Fprintf(&text, "%s/%d/%v/%s ", m.Queue, m.Penalty, m.Paused, m.PauseReason)
		}
		return text.String()
	case cutover.NewOffering:
		var queues []string
		for _, m := range v.Offering.Sorted().Memberships {
			queues = append(queues, string(m.Queue))
		}
		return strings.Join(queues, " ")
	case cutover.NewSeat:
		return fmt.Sprintf("%v %v", v.Seat.Enabled, v.Seat.Licenses)
	default:
		return ""
	}
}

// tellJournal puts a person's journal into the test's log.
func (s *site) tellJournal(t tester, e employee) {
	t.Helper()
	for _, entry := range s.journal(t, e) {
		to, _ := json.Marshal(entry.To)
		t.Logf("%6d %s %-8s %3d %-10s %-13s %-12s attempt %d %s %s", entry.Serial, entry.At.Format("05.000"), entry.Kind, entry.Action,
			entry.Step, entry.Facet, entry.State, entry.Attempt, entry.Text, to)
	}
}
