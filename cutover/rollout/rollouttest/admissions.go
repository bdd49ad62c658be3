package rollouttest

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// admitted is when somebody was let through.
type admitted map[dualtone.PersonID]time.Time

// Admit lets people of a stage through.
func (s *Store) Admit(ctx context.Context, a rollout.Admission, choose func(rollout.Admitted) ([]dualtone.PersonID, error)) error {
	s.mu.Lock()
	k, err := s.kept(a.Plan)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	k.admitting.Lock()
	defer k.admitting.Unlock()
	now := s.admitted(k, a)
	if now.Failed, err = s.Failed(ctx, a.Plan); err != nil {
		return err
	}
	through, err := choose(now)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range through {
		k.admitted[id] = stored(a.At)
	}
	return nil
}

// admitted is how a plan stands; who has begun is forgotten.
func (s *Store) admitted(k *kept, a rollout.Admission) rollout.Admitted {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now rollout.Admitted
	for id, at := range k.admitted {
		place := k.of[id]
		u := &k.users[place.stage][place.at]
		st, err := k.stage(place.stage)
		begun := !u.Since.IsZero() && !u.Since.Before(at)
		if err != nil || begun || u.State == cutover.Skipped || st.State != rollout.Switching && st.Since.After(at) || a.Anew && place.stage == a.Stage {
			delete(k.admitted, id)
			continue
		}
		now.Open = append(now.Open, id)
	}
	return now
}

// Failed counts the people of a plan whose way to the new side failed.
func (s *Store) Failed(ctx context.Context, plan string) (int, error) {
	users, err := s.Users(ctx, rollout.UserQuery{Plan: plan, States: rollout.FailedUsers()})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, u := range users {
		p, err := s.people.Person(ctx, u.Person)
		if err != nil {
			return 0, err
		}
		if w, err := s.people.Switch(ctx, p.Switch); err == nil && w.To == dualtone.New {
			n++
		}
	}
	return n, nil
}
