package cutovertest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Plans keeps plans in memory. It is safe for concurrent use.
type Plans struct {
	mu       sync.Mutex
	versions []plan.Version
	frozen   []plan.Frozen
}

var _ plan.Store = (*Plans)(nil)

// NewPlans returns a store without plans.
func NewPlans() *Plans { return &Plans{} }

// Save keeps a version of a plan.
func (s *Plans) Save(_ context.Context, v plan.Version) (plan.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v = copied(v)
	v.Name, v.Hash, v.Number = v.Document.Plan.Metadata.Name, v.Document.Hash(), 1
	if v.Name == "" || v.Author == "" {
		return plan.Version{}, fmt.Errorf("a plan without a name or an author: %w", dualtone.ErrInvalid)
	}
	for _, held := range s.versions {
		if held.Name == v.Name {
			v.Number = held.Number + 1
		}
	}
	if i := s.latest(v.Name); i >= 0 && s.versions[i].Source == v.Source && s.versions[i].Hash == v.Hash {
		return copied(s.versions[i]), nil
	}
	if v.Saved.IsZero() {
		v.Saved = time.Now()
	}
	v.Saved = stored(v.Saved)
	s.versions = append(s.versions, v)
	return copied(v), nil
}

func (s *Plans) latest(name string) int {
	for i, v := range slices.Backward(s.versions) {
		if v.Name == name {
			return i
		}
	}
	return -1
}

// Version returns a version by its hash, or the latest.
func (s *Plans) Version(_ context.Context, name string, hash plan.Hash) (plan.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hash != "" && len(hash) < plan.ShortestHash {
		return plan.Version{}, fmt.Errorf("plan %s %s: a hash of fewer than %d digits: %w", name, hash, plan.ShortestHash, dualtone.ErrInvalid)
	}
	for _, v := range slices.Backward(s.versions) {
		if v.Name == name && v.Hash[:len(hash)] == hash {
			return copied(v), nil
		}
	}
	return plan.Version{}, fmt.Errorf("plan %s %s: %w", name, hash.Short(), dualtone.ErrNotFound)
}

// Versions lists versions by name and number.
func (s *Plans) Versions(_ context.Context, q plan.VersionQuery) ([]plan.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []plan.Version
	for i, v := range s.versions {
		behind := cmp.Or(cmp.Compare(v.Name, q.After.Name), cmp.Compare(v.Number, q.After.Number)) > 0
		if (q.Name == "" || v.Name == q.Name) && (!q.Latest || s.latest(v.Name) == i) && (q.After.Name == "" || behind) {
			v.Document, v.Source = plan.Document{}, ""
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b plan.Version) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Number, b.Number))
	})
	return page(all, q.Limit), nil
}

// Freeze keeps the people of stages.
func (s *Plans) Freeze(_ context.Context, stages ...plan.Frozen) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	frozen := slices.Clone(s.frozen)
	for _, f := range stages {
		f.Hash = plan.PeopleHash(f.People)
		if !slices.ContainsFunc(s.versions, func(v plan.Version) bool { return v.Hash == f.Plan }) {
			return fmt.Errorf("stage %s: plan %s was never saved: %w", f.Stage, f.Plan.Short(), dualtone.ErrNotFound)
		}
		i := slices.IndexFunc(frozen, func(o plan.Frozen) bool { return o.Plan == f.Plan && o.Stage == f.Stage })
		if i >= 0 && frozen[i].Hash != f.Hash {
			return fmt.Errorf("stage %s: frozen already by %s with %d other people: %w", f.Stage, frozen[i].By, len(frozen[i].People), dualtone.ErrConflict)
		}
		if i < 0 {
			if f.At.IsZero() {
				f.At = time.Now()
			}
			f.At, f.People = stored(f.At), slices.Clone(f.People)
			frozen = append(frozen, f)
		}
	}
	s.frozen = frozen
	return nil
}

// Frozen returns the stages that are frozen for a plan.
func (s *Plans) Frozen(_ context.Context, hash plan.Hash) ([]plan.Frozen, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []plan.Frozen{}
	for _, f := range s.frozen {
		if f.Plan == hash {
			all = append(all, copied(f))
		}
	}
	slices.SortFunc(all, func(a, b plan.Frozen) int { return cmp.Compare(a.Stage, b.Stage) })
	return all, nil
}
