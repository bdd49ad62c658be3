package rollouttest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// asked is what a worker asked.
type asked struct {
	rollout.Usage

	worker string
}

// KeepUsage stores what a worker asked so far.
func (s *Store) KeepUsage(_ context.Context, worker string, all []rollout.Usage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range all {
		u.Hour = stored(u.Hour)
		i := slices.IndexFunc(s.asked, func(a asked) bool {
			was := a.Usage
			was.Requests = u.Requests
			return a.worker == worker && was == u
		})
		if i < 0 {
			s.asked = append(s.asked, asked{u, worker})
		} else {
			s.asked[i].Requests = max(s.asked[i].Requests, u.Requests)
		}
	}
	return nil
}

// Usage returns what all workers asked for a plan.
func (s *Store) Usage(_ context.Context, plan string, since time.Time) ([]rollout.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []rollout.Usage
	for _, a := range s.asked {
		if a.Plan != plan || !a.Hour.Add(time.Hour).After(since) {
			continue
		}
		i := slices.IndexFunc(all, func(u rollout.Usage) bool {
			u.Requests = a.Requests
			return u == a.Usage
		})
		if i < 0 {
			all = append(all, a.Usage)
		} else {
			all[i].Requests += a.Requests
		}
	}
	slices.SortFunc(all, func(a, b rollout.Usage) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.System, b.System))
	})
	return all, nil
}
