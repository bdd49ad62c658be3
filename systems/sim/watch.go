package sim

import (
	"maps"
	"slices"
	"time"
)

// Change is one thing that happened in the world: to a call, to a person or to
// a member of a queue. The values are copies.
type Change struct {
	At time.Time
	// Call is a call as it is now and CallBefore as it was; CallBefore is nil
	// for one that has just arrived.
	Call, CallBefore *Call
	// Person is nil for somebody who was removed, PersonBefore for somebody new.
	Person, PersonBefore *Person
	// Queue names the queue whose member changed. Member is nil for one who
	// left, MemberBefore for one who joined.
	Queue                string
	Member, MemberBefore *Member
}

// Watch calls f with every change from now on, in order, and before that with
// everybody, every member and every call in progress as if they had just come.
// The world waits for f, which must be quick and must not ask the world
// anything.
func (w *World) Watch(f func(Change)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	for _, id := range slices.Sorted(maps.Keys(w.people)) {
		p := *w.people[id]
		f(Change{At: now, Person: &p})
	}
	for _, id := range slices.Sorted(maps.Keys(w.queues)) {
		for _, m := range w.queues[id].Members {
			f(Change{At: now, Queue: id, Member: &m})
		}
	}
	for _, c := range w.inProgress() {
		f(Change{At: c.Arrived, Call: c.copy()})
	}
	w.watchers = append(w.watchers, f)
}

func (w *World) tell(change Change) {
	change.At = w.clock.Now()
	for _, f := range w.watchers {
		f(change)
	}
}

func (w *World) tellPerson(before, now *Person) {
	if len(w.watchers) == 0 || before != nil && now != nil && *before == *now {
		return
	}
	change := Change{}
	if before != nil {
		copied := *before
		change.PersonBefore = &copied
	}
	if now != nil {
		copied := *now
		change.Person = &copied
	}
	w.tell(change)
}

// tellMembers says who joined, left or changed between two lists of members.
func (w *World) tellMembers(queue string, before, now []Member) {
	if len(w.watchers) == 0 {
		return
	}
	before, now = trimmed(before, now)
	was := make(map[string]Member, len(before))
	for _, m := range before {
		was[m.key()] = m
	}
	for _, m := range now {
		old, ok := was[m.key()]
		delete(was, m.key())
		switch {
		case !ok:
			w.tell(Change{Queue: queue, Member: &m})
		case old != m:
			w.tell(Change{Queue: queue, Member: &m, MemberBefore: &old})
		}
	}
	for _, m := range before {
		if _, left := was[m.key()]; left {
			w.tell(Change{Queue: queue, MemberBefore: &m})
		}
	}
}

// trimmed leaves out what two lists have in common at their beginning and their
// end, since most changes are to one member of many.
func trimmed(a, b []Member) ([]Member, []Member) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// key tells members of one queue apart.
func (m Member) key() string {
	if m.Device != "" {
		return m.Device
	}
	return "\x00" + m.Person
}

// inProgress lists the calls that are not over, in the order of arrival.
func (w *World) inProgress() []*Call {
	calls := slices.Concat(w.waiting, w.forwarded)
	for _, held := range w.active {
		calls = append(calls, held...)
	}
	slices.SortFunc(calls, byArrival)
	return calls
}

func byArrival(a, b *Call) int { return a.nth - b.nth }
