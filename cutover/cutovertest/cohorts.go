package cutovertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

type cohort struct {
	cutover.Cohort

	members []dualtone.PersonID
}

// Create stores a cohort.
func (s *Stores) Create(_ context.Context, c cutover.Cohort, members []dualtone.PersonID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	unique := slices.Compact(slices.Sorted(slices.Values(members)))
	if c.Name == "" || len(unique) < len(members) {
		return fmt.Errorf("cohort %q: no name, or a member twice: %w", c.Name, dualtone.ErrInvalid)
	}
	if s.cohorts[c.Name] != nil {
		return fmt.Errorf("cohort %s: the name is taken: %w", c.Name, dualtone.ErrConflict)
	}
	var missing []dualtone.PersonID
	for _, id := range members {
		if s.people[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("cohort %s: not in the user list: %v: %w", c.Name, missing, dualtone.ErrNotFound)
	}
	if c.Created.IsZero() {
		c.Created = time.Now()
	}
	c.Created, c.Size, c.States = stored(c.Created), len(members), nil
	s.cohorts[c.Name] = &cohort{c, slices.Clone(members)}
	return nil
}

// Cohort returns a cohort.
func (s *Stores) Cohort(_ context.Context, name string) (cutover.Cohort, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.cohorts[name]
	if !ok {
		return cutover.Cohort{}, fmt.Errorf("cohort %s: %w", name, dualtone.ErrNotFound)
	}
	return s.counted(c), nil
}

func (s *Stores) counted(c *cohort) cutover.Cohort {
	all := c.Cohort
	for _, id := range c.members {
		if all.States == nil {
			all.States = map[cutover.State]int{}
		}
		all.States[stateOf(*s.people[id])]++
	}
	return all
}

func (s *Stores) inCohort(name string, id dualtone.PersonID) bool {
	c, ok := s.cohorts[name]
	return ok && slices.Contains(c.members, id)
}

// Cohorts lists cohorts.
func (s *Stores) Cohorts(_ context.Context, q cutover.CohortQuery) ([]cutover.Cohort, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []cutover.Cohort
	for _, name := range slices.Sorted(maps.Keys(s.cohorts)) {
		c := s.cohorts[name]
		if name > q.After && (q.Text == "" || found(q.Text, name, c.Note)) {
			all = append(all, s.counted(c))
		}
	}
	return page(all, q.Limit), nil
}

// retryable reports whether somebody can be tried again on the way to a side.
func (s *Stores) retryable(p *cutover.PersonState, to dualtone.Side) bool {
	if to == "" {
		return true
	}
	latest, ok := s.switches[p.Switch]
	return ok && latest.To == to && p.Side == to.Other() && slices.Contains(cutover.Retryable(to), p.State)
}

// Members pages through a cohort.
func (s *Stores) Members(_ context.Context, q cutover.MemberQuery) ([]cutover.Member, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.cohorts[q.Cohort]
	if !ok {
		return nil, fmt.Errorf("members of cohort %s: %w", q.Cohort, dualtone.ErrNotFound)
	}
	var all []cutover.Member
	for i, id := range c.members {
		p := s.people[id]
		beyond := q.After > 0 && (!q.Reverse && i+1 <= q.After || q.Reverse && i+1 >= q.After)
		if !beyond && (q.Side == "" || p.Side == q.Side) && (len(q.States) == 0 || slices.Contains(q.States, stateOf(*p))) && s.retryable(p, q.Retry) {
			all = append(all, cutover.Member{Position: i + 1, PersonState: copied(*p)})
		}
	}
	if q.Reverse {
		slices.Reverse(all)
	}
	return page(all, q.Limit), nil
}
