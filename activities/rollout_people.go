package activities

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// StageQuery asks for the next people of a stage who may be switched.
type StageQuery struct {
	StageRef

	To     dualtone.Side   `json:"to"`
	States []cutover.State `json:"states"`
	After  int             `json:"after,omitempty"`
	Limit  int             `json:"limit"`
	At     time.Time       `json:"at"`
	// Rate is what the stage may do now; it may be less than its plan says.
	Rate rollout.Rate `json:"rate,omitzero"`
	// Granted opens closed windows.
	Granted []plan.Grant `json:"granted,omitempty"`
}

// StagePage is a part of a stage's people. After continues it, until it is Ended.
type StagePage struct {
	People []Place `json:"people"`
	After  int     `json:"after"`
	Ended  bool    `json:"ended,omitempty"`
	// Wait is when to ask again, because nobody may be switched until then; zero
	// where somebody may.
	Wait time.Time `json:"wait,omitzero"`
}

// budgetWait is how long a stage whose plan has used up its share of the CRM waits
// before it asks again.
const budgetWait = 15 * time.Minute

// StagePeople returns the next people of a stage. On the way to the new side it
// leaves out those whose site is not in a window, whom others have brought there, and
// those of whose group too many would be on the new side; the latter are deferred with
// the reason. Nobody is among them while the plan's share of the CRM is used up. A way
// back asks nothing of the kind.
func (r *Rollout) StagePeople(ctx context.Context, q StageQuery) (StagePage, error) {
	if q.To == dualtone.Old {
		users, page, err := r.page(ctx, q)
		page.add(users)
		return page, err
	}
	if q.After == 0 {
		if _, err := r.leaveThere(ctx, q.StageRef); err != nil {
			return StagePage{}, err
		}
	}
	var page StagePage
	asked := rollout.Admission{Plan: q.Plan, Stage: q.Stage, At: q.At, Anew: q.After == 0}
	err := r.Store.Admit(ctx, asked, func(now rollout.Admitted) ([]dualtone.PersonID, error) {
		var err error
		page, err = r.admit(ctx, q, now)
		through := make([]dualtone.PersonID, len(page.People))
		for i, place := range page.People {
			through[i] = place.Person
		}
		return through, err
	})
	return page, err
}

// leaveThere leaves those out of a stage whom others have brought to the new side,
// so that it neither counts them as its own nor waits for them or takes them back.
// It returns them with the reason.
func (r *Rollout) leaveThere(ctx context.Context, s StageRef) ([]rollout.User, error) {
	users, err := r.Store.Users(ctx, rollout.UserQuery{Plan: s.Plan, Stage: s.Stage, There: true})
	if err != nil || len(users) == 0 {
		return nil, wrap(err, "people of stage %s of plan %s", s.Stage, s.Plan)
	}
	from := map[cutover.State][]dualtone.PersonID{}
	for i := range users {
		from[users[i].State] = append(from[users[i].State], users[i].Person)
		users[i].Detail = there
	}
	for _, at := range slices.Sorted(maps.Keys(from)) {
		if _, err := r.MarkPeople(ctx, Marking{
			StageRef: s, People: from[at], From: []cutover.State{at}, State: cutover.Skipped, Detail: there,
		}); err != nil {
			return nil, err
		}
	}
	return users, nil
}

// there is why somebody is left out whom others have brought to the new side.
const there = "on the new side already, and not by this plan"

// page reads the next people of a stage.
func (r *Rollout) page(ctx context.Context, q StageQuery) ([]rollout.User, StagePage, error) {
	users, err := r.Store.Users(ctx, rollout.UserQuery{
		Plan: q.Plan, Stage: q.Stage, States: q.States, After: q.After, Reverse: q.To == dualtone.Old, Limit: q.Limit,
	})
	page := StagePage{People: []Place{}, Ended: len(users) < q.Limit}
	if len(users) > 0 {
		page.After = users[len(users)-1].Position
	}
	return users, page, wrap(err, "people of stage %s of plan %s", q.Stage, q.Plan)
}

func (p *StagePage) add(users []rollout.User) {
	for _, u := range users {
		p.People = append(p.People, Place{Position: u.Position, Person: u.Person})
	}
}

// admit says which of the next people are let through.
func (r *Rollout) admit(ctx context.Context, q StageQuery, now rollout.Admitted) (StagePage, error) {
	users, page, err := r.page(ctx, q)
	if err != nil {
		return page, err
	}
	beside := now.Beside(users)
	if q.Rate.APIShare > 0 && r.Budgets != nil {
		left, err := r.Budgets.Left(ctx, q.Plan, q.Rate.APIShare, q.At)
		if err != nil {
			return page, err
		}
		most := max(left.Users-len(beside), 0)
		if most == 0 {
			until := q.At.Add(budgetWait)
			why := cmp.Or(left.Why, fmt.Sprintf("%d users who were let through use up the plan's share of the CRM", len(beside)))
			return StagePage{People: []Place{}, After: q.After, Wait: until}, r.KeepNote(ctx, rollout.Note{Plan: q.Plan, Stage: q.Stage, Detail: why, Until: until})
		}
		if most < len(users) {
			users = users[:most]
			page.After, page.Ended = users[most-1].Position, false
		}
	}
	users, err = r.cleared(ctx, q, users, Crowding{Rate: q.Rate, Open: beside, Failed: now.Failed})
	page.add(users)
	return page, err
}

// cleared keeps the users who may be switched now.
func (r *Rollout) cleared(ctx context.Context, q StageQuery, users []rollout.User, now Crowding) ([]rollout.User, error) {
	if len(users) == 0 {
		return nil, nil
	}
	known, err := r.known(ctx, users)
	if err != nil {
		return nil, err
	}
	people := make([]dualtone.Person, 0, len(users))
	open := map[dualtone.PersonID]bool{}
	for _, u := range users {
		p, ok := known[u.Person]
		if !ok {
			return nil, fmt.Errorf("person %s: %w", u.Person, dualtone.ErrNotFound)
		}
		ok, err := r.Calendar.OpenFor(ctx, q.Plan, q.Hash, q.Stage, p, q.At, q.Granted...)
		if err != nil {
			return nil, wrap(err, "calendar of stage %s of plan %s", q.Stage, q.Plan)
		}
		if ok {
			open[u.Person] = true
			people = append(people, p)
		}
	}
	crowded, err := r.Checks.Crowded(ctx, q.StageRef, people, now)
	if err != nil {
		return nil, wrap(err, "blast radius of stage %s of plan %s", q.Stage, q.Plan)
	}
	alike := map[string][]dualtone.PersonID{}
	for _, p := range people {
		if why, ok := crowded[p.ID]; ok {
			delete(open, p.ID)
			alike[why] = append(alike[why], p.ID)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(alike)) {
		if _, err := r.MarkPeople(ctx, Marking{
			StageRef: q.StageRef, People: alike[why], From: []cutover.State{cutover.Planned, cutover.Deferred},
			State: cutover.Deferred, Detail: why,
		}); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(users, func(u rollout.User) bool { return !open[u.Person] }), nil
}

// known reads what the user list says of users, of all in one request: others wait
// for their turn meanwhile.
func (r *Rollout) known(ctx context.Context, users []rollout.User) (map[dualtone.PersonID]dualtone.Person, error) {
	ids := make([]dualtone.PersonID, len(users))
	for i, u := range users {
		ids[i] = u.Person
	}
	listed, err := r.People.List(ctx, cutover.PeopleQuery{IDs: ids})
	if err != nil {
		return nil, wrap(err, "%d people of stage %s of plan %s", len(ids), users[0].Stage, users[0].Plan)
	}
	known := make(map[dualtone.PersonID]dualtone.Person, len(listed))
	for _, p := range listed {
		known[p.ID] = p.Person
	}
	return known, nil
}

// sites are those at which people of a stage wait.
func (r *Rollout) sites(ctx context.Context, s StageRef) ([]string, error) {
	var all []string
	q := rollout.UserQuery{Plan: s.Plan, Stage: s.Stage, States: rollout.Tried(true), Limit: 5000}
	for {
		users, err := r.Store.Users(ctx, q)
		if err != nil {
			return nil, wrap(err, "people of stage %s of plan %s", s.Stage, s.Plan)
		}
		for _, u := range users {
			if !slices.Contains(all, u.Site) {
				all = append(all, u.Site)
			}
		}
		if len(users) < q.Limit {
			slices.Sort(all)
			return all, nil
		}
		q.After = users[len(users)-1].Position
	}
}
