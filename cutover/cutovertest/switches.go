package cutovertest

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// Keep stores a switch unless it is there.
func (s *Stores) Keep(_ context.Context, w cutover.Switch) (cutover.Switch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok := s.switches[w.ID]; ok {
		if held.Person != w.Person {
			return cutover.Switch{}, fmt.Errorf("switch %s of person %s: held for person %s: %w", w.ID, w.Person, held.Person, dualtone.ErrConflict)
		}
		return copied(held.Switch), nil
	}
	if _, ok := s.people[w.Person]; !ok {
		return cutover.Switch{}, fmt.Errorf("person %s: %w", w.Person, dualtone.ErrNotFound)
	}
	for _, other := range s.switches {
		if w.Pass != "" && other.Person == w.Person && other.Pass == w.Pass {
			return cutover.Switch{}, fmt.Errorf("person %s was switched in this pass of cohort %s already: %w", w.Person, w.Cohort, dualtone.ErrConflict)
		}
	}
	for _, ask := range s.ask {
		if err := ask(w); err != nil {
			return cutover.Switch{}, err
		}
	}
	k := &kept{Switch: copied(w), reached: w.Started}
	k.Started, k.Ended = stored(k.Started), stored(k.Ended)
	s.switches[w.ID] = k
	s.add(cutover.Entry{
		Switch: w.ID, Person: w.Person, Kind: cutover.Reached, State: w.State, Text: w.Detail,
		Provenance: w.Provenance, At: w.Started,
	})
	s.movePerson(k)
	return copied(k.Switch), nil
}

// Switch returns a switch.
func (s *Stores) Switch(_ context.Context, id cutover.SwitchID) (cutover.Switch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.switches[id]
	if !ok {
		return cutover.Switch{}, fmt.Errorf("switch %s: %w", id, dualtone.ErrNotFound)
	}
	return copied(w.Switch), nil
}

// Latest returns the switch that stands.
func (s *Stores) Latest(_ context.Context, person dualtone.PersonID) (cutover.Switch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.switches[s.stands[person]]
	if !ok {
		return cutover.Switch{}, fmt.Errorf("standing switch of %s: %w", person, dualtone.ErrNotFound)
	}
	return copied(w.Switch), nil
}

// Record appends to the journal what it does not hold yet.
func (s *Stores) Record(_ context.Context, entries ...cutover.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		if w, ok := s.switches[e.Switch]; e.Kind == cutover.Reached && (!ok || w.Person != e.Person) {
			return fmt.Errorf("switch %s of person %s was never kept: %w", e.Switch, e.Person, dualtone.ErrNotFound)
		}
	}
	for _, e := range entries {
		if e.At.IsZero() {
			e.At = time.Now()
		}
		if s.add(copied(e)) && e.Kind == cutover.Reached {
			s.move(s.switches[e.Switch], e)
		}
	}
	return nil
}

// add reports whether the entry is new.
func (s *Stores) add(e cutover.Entry) bool {
	e.At = stored(e.At)
	key := fmt.Sprint(e.Switch, "\n", e.At, "\n", e.Kind, "\n", e.Action, "\n", e.Attempt, "\n", e.Step, "\n", e.Facet, "\n", e.State, "\n", e.Text)
	if s.recorded[key] {
		return false
	}
	s.recorded[key] = true
	e.Serial = int64(len(s.journal) + 1)
	s.journal = append(s.journal, e)
	return true
}

func (s *Stores) move(w *kept, e cutover.Entry) {
	at := stored(e.At)
	if !w.State.Leads(e.State) && (e.State.Leads(w.State) || at.Before(w.reached)) {
		return
	}
	w.State, w.Detail, w.reached, w.Ended = e.State, e.Text, at, time.Time{}
	if e.State.Final() {
		w.Ended = at
	}
	if s.people[w.Person].Switch == w.ID {
		s.movePerson(w)
	}
}

func (s *Stores) movePerson(w *kept) {
	p := s.people[w.Person]
	p.State, p.Switch, p.Detail, p.Since = w.State, w.ID, w.Detail, w.reached
	for _, heard := range s.follow {
		heard(*p, w.Switch)
	}
	s.stand(p.Side, w)
	switch w.State {
	case cutover.OnNew:
		p.Side = dualtone.New
	case cutover.Restored:
		p.Side = dualtone.Old
	default:
	}
}

// stand notes which switch of a person, who is on a side so far, a way back takes back.
func (s *Stores) stand(side dualtone.Side, w *kept) {
	stands := s.stands[w.Person]
	switch {
	case w.State == cutover.OnNew && (len(w.Actions) > 0 || stands == ""):
		stands = w.ID
	case w.State == cutover.Restored && w.To == dualtone.Old, w.State.Clean() && stands == w.ID:
		stands = ""
	case !w.State.Clean() && w.To == dualtone.New && len(w.Actions) > 0 && side == dualtone.Old:
		stands = w.ID
	}
	s.stands[w.Person] = stands
}

// Journal returns entries, oldest first.
func (s *Stores) Journal(_ context.Context, q cutover.JournalQuery) ([]cutover.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []cutover.Entry
	for _, e := range s.journal {
		if (q.Person == "" || e.Person == q.Person) && (q.Switch == "" || e.Switch == q.Switch) &&
			(q.Kind == "" || e.Kind == q.Kind) && e.Serial > q.After && !e.At.Before(stored(q.Since)) {
			found = append(found, copied(e))
		}
	}
	return page(found, q.Limit), nil
}

// stored is a time as a database keeps it.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
