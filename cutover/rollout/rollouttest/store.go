// Package rollouttest holds plans that run in memory, and the suite that says
// what every store of them promises.
package rollouttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Store keeps plans in memory. It is safe for concurrent use.
type Store struct {
	people *cutovertest.Stores

	mu          sync.Mutex
	plans       map[string]*kept
	transitions []rollout.Transition
	approvals   []rollout.Approval
	readings    []rollout.Reading
	holds       []rollout.Hold
	tasks       []rollout.Task
	asked       []asked
}

var _ rollout.Store = (*Store)(nil)

// kept is a plan with its stages and people.
type kept struct {
	rollout.Plan

	stages []rollout.Stage
	// users are in the order of stages and positions, of those of each person.
	users map[string][]rollout.User
	of    map[dualtone.PersonID]place
	// admitting is held while somebody is let through, who then is admitted.
	admitting sync.Mutex
	admitted  admitted
}

type place struct {
	stage string
	at    int
}

// NewStore returns a store beside stores of people, whose switches move the
// people of its plans.
func NewStore(people *cutovertest.Stores) *Store {
	s := &Store{people: people, plans: map[string]*kept{}}
	people.Ask(s.against)
	people.Follow(s.moved)
	return s
}

// against refuses to switch whoever was left out of the stage that wants it.
func (s *Store) against(w cutover.Switch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.plans {
		at, ok := k.of[w.Person]
		if !ok || w.To != dualtone.New || w.Cohort != rollout.CohortName(k.Name, at.stage) {
			continue
		}
		if u := k.users[at.stage][at.at]; u.State == cutover.Skipped {
			return &cutover.LeftOutError{Person: w.Person, Why: u.Detail}
		}
	}
	return nil
}

// underWay are the states of plans whose people switches move.
func underWay(s rollout.State) bool { return s.Started() && s != rollout.Finalised }

func (s *Store) moved(p cutover.PersonState, w cutover.Switch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.plans {
		if at, ok := k.of[p.ID]; ok {
			u := &k.users[at.stage][at.at]
			back := underWay(k.State) && w.To == dualtone.Old && slices.Contains(rollout.ToTakeBack(), u.State)
			// The start of a plan is kept behind its work.
			own := (underWay(k.State) || k.State == rollout.Approved) && w.Cohort == rollout.CohortName(k.Name, at.stage)
			if back || own {
				u.State, u.Since, u.Detail = rollout.Where(p), p.Since, p.Detail
			}
		}
	}
}

// KeepPlan stores a plan with its stages and their people.
func (s *Store) KeepPlan(
	ctx context.Context, p rollout.Plan, stages []rollout.Stage, people map[string][]dualtone.PersonID,
) error {
	if err := rollout.CheckKept(p, stages, people); err != nil {
		return err
	}
	k := &kept{Plan: p, users: map[string][]rollout.User{}, of: map[dualtone.PersonID]place{}, admitted: admitted{}}
	k.Since, k.Kept = stored(p.Since), stored(p.Kept)
	for i, st := range stages {
		st.Plan, st.Position, st.Since, st.Until, st.Users = p.Name, i+1, k.Since, stored(st.Until), nil
		k.stages = append(k.stages, st)
		var missing []string
		for j, id := range people[st.ID] {
			held, err := s.people.Person(ctx, id)
			if err != nil {
				missing = append(missing, string(id))
				continue
			}
			k.of[id] = place{st.ID, j}
			k.users[st.ID] = append(k.users[st.ID], rollout.User{
				Plan: p.Name, Stage: st.ID, Position: j + 1, Person: id, Site: held.Site, State: cutover.Planned,
			})
		}
		if len(missing) > 0 {
			return fmt.Errorf("plan %s: stage %s: not in the user list: %s: %w", p.Name, st.ID, strings.Join(missing, " "), dualtone.ErrNotFound)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok := s.plans[p.Name]; ok && !slices.Contains(rollout.Replaceable(), held.State) {
		return fmt.Errorf("plan %s: it is under way and cannot be replaced: %w", p.Name, dualtone.ErrConflict)
	}
	s.plans[p.Name] = k
	return nil
}

// Plan returns one plan.
func (s *Store) Plan(_ context.Context, name string) (rollout.Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.kept(name)
	if err != nil {
		return rollout.Plan{}, err
	}
	return k.Plan, nil
}

func (s *Store) kept(name string) (*kept, error) {
	if k, ok := s.plans[name]; ok {
		return k, nil
	}
	return nil, fmt.Errorf("plan %s: %w", name, dualtone.ErrNotFound)
}

// Plans returns plans in the order of their names.
func (s *Store) Plans(_ context.Context, q rollout.PlanQuery) ([]rollout.Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.Plan{}
	for _, name := range slices.Sorted(maps.Keys(s.plans)) {
		p := s.plans[name].Plan
		if name > q.After && (len(q.States) == 0 || slices.Contains(q.States, p.State)) &&
			strings.Contains(strings.ToLower(name), strings.ToLower(q.Text)) {
			all = append(all, p)
		}
	}
	return page(all, q.Limit), nil
}

// Stages returns the stages of a plan, users counted.
func (s *Store) Stages(_ context.Context, name string) ([]rollout.Stage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.Stage{}
	k, ok := s.plans[name]
	if !ok {
		return all, nil
	}
	for _, st := range k.stages {
		for _, u := range k.users[st.ID] {
			if st.Users == nil {
				st.Users = cutover.Tally{}
			}
			st.Users.Add(u.State)
		}
		all = append(all, st)
	}
	return all, nil
}

func (k *kept) stage(id string) (*rollout.Stage, error) {
	for i := range k.stages {
		if k.stages[i].ID == id {
			return &k.stages[i], nil
		}
	}
	return nil, fmt.Errorf("stage %s of plan %s: %w", id, k.Name, dualtone.ErrNotFound)
}

// Refine tells more of the state that a stage is in.
func (s *Store) Refine(_ context.Context, n rollout.Note) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.kept(n.Plan)
	if err != nil {
		return err
	}
	st, err := k.stage(n.Stage)
	if err != nil {
		return err
	}
	st.Detail, st.Until, st.Evidence = n.Detail, stored(n.Until), cmp.Or(n.Evidence, st.Evidence)
	return nil
}

// Users returns the people of a plan, by stage and position.
func (s *Store) Users(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error) {
	most := q.Limit
	if !q.There {
		return page(s.placed(q), most), nil
	}
	q.Limit = 0
	// Where they are is read before their places, which follow it: whom the plan moves
	// meanwhile is not there by others.
	where := map[dualtone.PersonID]cutover.PersonState{}
	for _, u := range s.placed(q) {
		if p, err := s.people.Person(ctx, u.Person); err == nil {
			where[u.Person] = p
		}
	}
	all := slices.DeleteFunc(s.placed(q), func(u rollout.User) bool { return !rollout.There(u.State, where[u.Person]) })
	return page(all, most), nil
}

// placed are those whom a query selects by their places alone.
func (s *Store) placed(q rollout.UserQuery) []rollout.User {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []rollout.User{}
	k, ok := s.plans[q.Plan]
	if !ok {
		return all
	}
	stages := slices.Sorted(maps.Keys(k.users))
	if q.Reverse {
		slices.Reverse(stages)
	}
	for _, stage := range stages {
		if q.Stage == "" || stage == q.Stage {
			all = selected(all, k.users[stage], q)
		}
	}
	return all
}

// selected adds those whom a query selects, no more than it asks for.
func selected(all, from []rollout.User, q rollout.UserQuery) []rollout.User {
	for i := range from {
		if q.Limit > 0 && len(all) == q.Limit {
			break
		}
		u := from[i]
		if q.Reverse {
			u = from[len(from)-1-i]
		}
		if !passed(u, q) && (q.Person == "" || u.Person == q.Person) && (len(q.States) == 0 || slices.Contains(q.States, u.State)) {
			all = append(all, u)
		}
	}
	return all
}

// passed reports whether a user stands before where a query goes on.
func passed(u rollout.User, q rollout.UserQuery) bool {
	if q.After == 0 {
		return false
	}
	order := u.Position - q.After
	if q.AfterStage != "" && u.Stage != q.AfterStage {
		order = strings.Compare(u.Stage, q.AfterStage)
	}
	if q.Reverse {
		order = -order
	}
	return order <= 0
}

// Mark moves people of a stage.
func (s *Store) Mark(_ context.Context, m rollout.Mark) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := 0
	k, ok := s.plans[m.Plan]
	if !ok {
		return 0, nil
	}
	people := m.People
	if people == nil {
		for _, u := range k.users[m.Stage] {
			people = append(people, u.Person)
		}
	}
	for _, id := range people {
		at, ok := k.of[id]
		if !ok || at.stage != m.Stage {
			continue
		}
		u := &k.users[at.stage][at.at]
		if u.State == m.State && u.Detail == m.Detail {
			if m.People != nil {
				moved++
			}
			continue
		}
		if len(m.From) > 0 && !slices.Contains(m.From, u.State) {
			continue
		}
		u.State, u.Since, u.Detail = m.State, stored(m.At), m.Detail
		moved++
	}
	return moved, nil
}

// page cuts a list at a limit; 0 is none.
func page[T any](all []T, limit int) []T {
	if limit > 0 && len(all) > limit {
		return all[:limit]
	}
	return all
}

// stored is a time as a database keeps it.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
