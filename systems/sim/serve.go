package sim

import "slices"

// serveQueues gives waiting callers to free members: the lowest penalty first,
// and among equals whoever has been idle longest.
func (w *World) serveQueues() {
	if len(w.waiting) == 0 {
		return
	}
	// A queue without a free member has none for its later callers either.
	dry := map[string]bool{}
	for _, c := range slices.Clone(w.waiting) {
		if dry[c.Queue] {
			continue
		}
		member, ok := w.freeMember(c.Queue)
		if !ok {
			dry[c.Queue] = true
			continue
		}
		w.ring(c, member.Person)
	}
}

func (w *World) freeMember(queue string) (Member, bool) {
	q, ok := w.queues[queue]
	if !ok {
		return Member{}, false
	}
	var best Member
	found := false
	for _, m := range q.Members {
		if found && m.Penalty > best.Penalty {
			continue
		}
		p := w.people[m.Person]
		if p == nil || !p.SignedIn || p.Away || m.Paused || w.busy(m.Person) {
			continue
		}
		if !found || m.Penalty < best.Penalty || w.idle[m.Person].Before(w.idle[best.Person]) {
			best, found = m, true
		}
	}
	return best, found
}

func (w *World) busy(person string) bool { return len(w.active[person]) > 0 }

func (w *World) queueOf(number string) *Queue {
	if q, ok := w.queues[number]; ok {
		return q
	}
	return w.queues[w.queueNumbers[number]]
}

func (w *World) personOf(number string) *Person {
	if p, ok := w.people[number]; ok {
		return p
	}
	if ids := w.lines[number]; len(ids) > 0 {
		return w.people[ids[0]]
	}
	return nil
}

// list makes a person reachable by extension and number.
func (w *World) list(p *Person) {
	for _, line := range [2]string{p.Extension, p.Number} {
		if line == "" || slices.Contains(w.lines[line], p.ID) {
			continue
		}
		w.lines[line] = append(w.lines[line], p.ID)
		slices.Sort(w.lines[line])
	}
}

func (w *World) unlist(p *Person) {
	for _, line := range [2]string{p.Extension, p.Number} {
		ids := slices.DeleteFunc(w.lines[line], func(id string) bool { return id == p.ID })
		if len(ids) == 0 {
			delete(w.lines, line)
			continue
		}
		w.lines[line] = ids
	}
}
