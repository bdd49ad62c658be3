package sim

import "slices"

// serveQueues gives waiting callers to free members: the lowest penalty first,
// and among equals whoever has been idle longest.
func (w *World) serveQueues() {
	for _, id := range slices.Clone(w.waiting) {
		c := w.calls[id]
		member, ok := w.freeMember(c.Queue)
		if !ok {
			continue
		}
		w.waiting = slices.DeleteFunc(w.waiting, func(other string) bool { return other == id })
		w.ring(c, member.Person)
	}
}

func (w *World) freeMember(queue string) (Member, bool) {
	var best Member
	found := false
	for _, m := range w.queues[queue].Members {
		p := w.people[m.Person]
		if p == nil || !p.SignedIn || p.Away || m.Paused || w.busy(m.Person) {
			continue
		}
		if !found || m.Penalty < best.Penalty ||
			m.Penalty == best.Penalty && w.idle[m.Person].Before(w.idle[best.Person]) {
			best, found = m, true
		}
	}
	return best, found
}

func (w *World) queueOf(number string) *Queue {
	for _, q := range w.queues {
		if number == q.ID || number == q.Number && number != "" {
			return q
		}
	}
	return nil
}

func (w *World) personOf(number string) *Person {
	if number == "" {
		return nil
	}
	for _, p := range w.people {
		if number == p.ID || number == p.Extension || number == p.Number {
			return p
		}
	}
	return nil
}
