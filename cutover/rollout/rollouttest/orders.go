package rollouttest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Record appends a transition and moves what it is about.
func (s *Store) Record(_ context.Context, t rollout.Transition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.kept(t.Plan)
	if err != nil {
		return err
	}
	t.At, t.Serial = stored(t.At), int64(len(s.transitions)+1)
	held := slices.ContainsFunc(s.transitions, func(h rollout.Transition) bool {
		return h.Plan == t.Plan && h.Stage == t.Stage && h.At.Equal(t.At) && h.Verb == t.Verb && h.Actor == t.Actor
	})
	if held {
		return nil
	}
	state := &k.State
	if t.Stage != "" {
		st, err := k.stage(t.Stage)
		if err != nil {
			return err
		}
		state = &st.State
	}
	if *state != t.From {
		return fmt.Errorf("%s of plan %s, stage %q: it is %s, no longer %s: %w", t.Verb, t.Plan, t.Stage, *state, t.From, dualtone.ErrConflict)
	}
	s.transitions = append(s.transitions, t)
	if t.From != t.To {
		k.move(t)
	}
	return nil
}

// move brings a plan or a stage to the state that a transition leads to.
func (k *kept) move(t rollout.Transition) {
	if st, err := k.stage(t.Stage); err == nil {
		st.State, st.Since, st.Detail, st.Until = t.To, t.At, t.Reason, time.Time{}
		return
	}
	k.State, k.Since, k.Detail = t.To, t.At, t.Reason
}

// Transitions returns transitions, oldest first.
func (s *Store) Transitions(_ context.Context, q rollout.TransitionQuery) ([]rollout.Transition, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.Transition{}
	for _, t := range s.transitions {
		if (q.Plan == "" || t.Plan == q.Plan) && (q.Stage == "" || t.Stage == q.Stage) && (q.Actor == "" || t.Actor == q.Actor) && t.Serial > q.After {
			all = append(all, t)
		}
	}
	return page(all, q.Limit), nil
}

// PlaceHold stores a hold.
func (s *Store) PlaceHold(_ context.Context, h rollout.Hold) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.kept(h.Plan); err != nil {
		return err
	}
	if s.hold(h) < 0 {
		h.Placed, h.Expires = stored(h.Placed), stored(h.Expires)
		s.holds = append(s.holds, h)
	}
	return nil
}

func (s *Store) hold(h rollout.Hold) int {
	return slices.IndexFunc(s.holds, func(held rollout.Hold) bool { return held.Plan == h.Plan && held.ID == h.ID })
}

// ReleaseHold ends a hold.
func (s *Store) ReleaseHold(_ context.Context, h rollout.Hold) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.hold(h)
	if i < 0 {
		return fmt.Errorf("hold %s of plan %s: %w", h.ID, h.Plan, dualtone.ErrNotFound)
	}
	held := &s.holds[i]
	at := stored(h.Released)
	if !held.Released.IsZero() && !held.Released.Equal(at) {
		return fmt.Errorf("hold %s of plan %s: %s released it already: %w", h.ID, h.Plan, held.ReleasedBy, dualtone.ErrConflict)
	}
	held.Released, held.ReleasedBy, held.Why = at, h.ReleasedBy, h.Why
	return nil
}

// Holds returns a plan's holds, oldest first.
func (s *Store) Holds(_ context.Context, plan string) ([]rollout.Hold, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.Hold{}
	for _, h := range s.holds {
		if h.Plan == plan {
			all = append(all, h)
		}
	}
	slices.SortStableFunc(all, func(a, b rollout.Hold) int { return cmp.Or(a.Placed.Compare(b.Placed), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// Decide stores what somebody said.
func (s *Store) Decide(_ context.Context, a rollout.Approval) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.kept(a.Plan); err != nil {
		return err
	}
	a.At, a.Expires = stored(a.At), stored(a.Expires)
	for _, h := range s.approvals {
		if h.Plan == a.Plan && h.Stage == a.Stage && h.Actor == a.Actor && h.At.Equal(a.At) {
			return nil
		}
	}
	s.approvals = append(s.approvals, a)
	return nil
}

// Approvals returns what was said of a plan and its stages, oldest first.
func (s *Store) Approvals(_ context.Context, plan string) ([]rollout.Approval, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.Approval{}
	for _, a := range s.approvals {
		if a.Plan == plan {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b rollout.Approval) int { return a.At.Compare(b.At) })
	return all, nil
}

// KeepReadings stores what gates measured.
func (s *Store) KeepReadings(_ context.Context, all ...rollout.Reading) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range all {
		if _, err := s.kept(r.Plan); err != nil {
			return err
		}
		r.At, r.From, r.To = stored(r.At), stored(r.From), stored(r.To)
		held := slices.ContainsFunc(s.readings, func(h rollout.Reading) bool {
			return h.Plan == r.Plan && h.Stage == r.Stage && h.Gate == r.Gate && h.At.Equal(r.At)
		})
		if !held {
			s.readings = append(s.readings, r)
		}
	}
	return nil
}

// Readings returns readings, oldest first.
func (s *Store) Readings(_ context.Context, q rollout.ReadingQuery) ([]rollout.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.Reading{}
	for _, r := range s.readings {
		if (q.Plan == "" || r.Plan == q.Plan) && (q.Stage == "" || r.Stage == q.Stage) && (q.Gate == "" || r.Gate == q.Gate) && !r.At.Before(stored(q.Since)) {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b rollout.Reading) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Gate, b.Gate)) })
	if q.Last > 0 && len(all) > q.Last {
		all = all[len(all)-q.Last:]
	}
	return all, nil
}

// OpenTasks stores tasks.
func (s *Store) OpenTasks(_ context.Context, all ...rollout.Task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range all {
		if _, err := s.kept(t.Plan); err != nil {
			return err
		}
		if s.task(t.Plan, t.ID) < 0 {
			t.Due = stored(t.Due)
			s.tasks = append(s.tasks, t)
		}
	}
	return nil
}

func (s *Store) task(plan, id string) int {
	return slices.IndexFunc(s.tasks, func(t rollout.Task) bool { return t.Plan == plan && t.ID == id })
}

// Task returns one task.
func (s *Store) Task(_ context.Context, plan, id string) (rollout.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.task(plan, id)
	if i < 0 {
		return rollout.Task{}, fmt.Errorf("task %s of plan %s: %w", id, plan, dualtone.ErrNotFound)
	}
	return s.tasks[i], nil
}

// MoveTask stores what became of a task.
func (s *Store) MoveTask(_ context.Context, from, to rollout.Task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.task(to.Plan, to.ID)
	if i < 0 || s.tasks[i].State != from.State || !s.tasks[i].DoneAt.Equal(stored(from.DoneAt)) {
		return fmt.Errorf("task %s of plan %s: it was changed meanwhile: %w", to.ID, to.Plan, dualtone.ErrConflict)
	}
	to.Due, to.DoneAt, to.ConfirmedAt = stored(to.Due), stored(to.DoneAt), stored(to.ConfirmedAt)
	s.tasks[i] = to
	return nil
}

// Tasks returns tasks in the order in which they are due.
func (s *Store) Tasks(_ context.Context, q rollout.TaskQuery) ([]rollout.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.Task{}
	for _, t := range s.tasks {
		if (q.Plan == "" || t.Plan == q.Plan) && (q.Stage == "" || t.Stage == q.Stage) && (q.Owner == "" || t.Owner == q.Owner) &&
			(len(q.States) == 0 || slices.Contains(q.States, t.State)) {
			all = append(all, t)
		}
	}
	byDue := func(a, b rollout.Task) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(all, byDue)
	if i := s.task(q.Plan, q.After); q.After != "" && i >= 0 {
		after := s.tasks[i]
		all = slices.DeleteFunc(all, func(t rollout.Task) bool { return byDue(t, after) <= 0 })
	}
	return page(all, q.Limit), nil
}
