package rollout

import (
	"fmt"

	"github.com/dualtone/dualtone"
)

// Replaceable are the states in which a plan may be replaced by another version
// of it: before it was started, and when all of it was taken back.
func Replaceable() []State {
	return []State{Draft, Rehearsed, Submitted, Rejected, Approved, RolledBack}
}

// CheckKept refuses a plan that cannot be kept: one without a name or a hash, a
// stage twice, people of no stage, somebody in two stages.
func CheckKept(p Plan, stages []Stage, people map[string][]dualtone.PersonID) error {
	if p.Name == "" || p.Hash == "" || p.Author == "" {
		return fmt.Errorf("plan %q: it needs a name, a hash and an author: %w", p.Name, dualtone.ErrInvalid)
	}
	stage, of := map[string]bool{}, map[dualtone.PersonID]string{}
	for _, s := range stages {
		if s.ID == "" || stage[s.ID] {
			return fmt.Errorf("plan %s: stage %q is without an id or twice in it: %w", p.Name, s.ID, dualtone.ErrInvalid)
		}
		stage[s.ID] = true
		for _, id := range people[s.ID] {
			if other, ok := of[id]; ok {
				return fmt.Errorf("plan %s: person %s is in stage %s and in stage %s: %w", p.Name, id, other, s.ID, dualtone.ErrInvalid)
			}
			of[id] = s.ID
		}
	}
	for s, all := range people {
		if len(all) > 0 && !stage[s] {
			return fmt.Errorf("plan %s: there is no stage %q for %d people: %w", p.Name, s, len(all), dualtone.ErrInvalid)
		}
	}
	return nil
}
