package plan

import (
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Freeze fixes the people of every stage, for a plan as it is approved.
func (r *Resolution) Freeze(plan Hash, by string) []Frozen {
	frozen := make([]Frozen, len(r.Stages))
	for i, s := range r.Stages {
		frozen[i] = Frozen{Plan: plan, Stage: s.Stage, Hash: s.Hash, People: s.ids(), By: by}
	}
	return frozen
}

func (s StagePeople) ids() []dualtone.PersonID {
	ids := make([]dualtone.PersonID, len(s.People))
	for i, p := range s.People {
		ids[i] = p.Person
	}
	return ids
}

// PeopleHash is the hash of people in their order.
func PeopleHash(people []dualtone.PersonID) Hash {
	var b strings.Builder
	for _, id := range people {
		b.WriteString(string(id) + "\n")
	}
	return hashOf([]byte(b.String()))
}

// CohortHash is what an approval binds of who is in which stage. The order of
// the stages does not matter.
func CohortHash(stages []Frozen) Hash {
	lines := make([]string, len(stages))
	for i, s := range stages {
		lines[i] = string(s.Stage) + " " + string(s.Hash)
	}
	return hashOf([]byte(strings.Join(sorted(lines), "\n")))
}

// Since is what became of a plan's people since they were frozen.
type Since struct {
	// Drift is of the stages of which somebody has left, or which somebody would join.
	Drift []Drift
	// Splits are what the frozen stages tear apart now, those who left not counted
	// among them.
	Splits []Split
}

// Drift is what became of a stage's people since they were frozen.
type Drift struct {
	Stage StageID `json:"stage"`
	// Joiners would be in the stage now, and are in none.
	Joiners []dualtone.PersonID `json:"joiners"`
	// Leavers are in the stage and its words select them no more. Whom a limit
	// would put in their place stays: the limit was applied when they were frozen.
	Leavers []LeftOut `json:"leavers"`
}

// Of is the drift of a stage; empty where there is none.
func (s *Since) Of(id StageID) Drift {
	for _, d := range s.Drift {
		if d.Stage == id {
			return d
		}
	}
	return Drift{Stage: id}
}

// Since compares frozen stages with what the plan says of the users as they are now.
func (d *Document) Since(frozen []Frozen, users []User) (*Since, error) {
	in := map[dualtone.PersonID]bool{}
	for _, f := range frozen {
		for _, id := range f.People {
			in[id] = true
		}
	}
	now, err := d.unmoved(in, users)
	if err != nil {
		return nil, err
	}
	r, since := d.resolver(users), &Since{}
	for _, s := range now.stages {
		r.stages = append(r.stages, s)
		i := slices.IndexFunc(frozen, func(f Frozen) bool { return f.Stage == s.ID })
		if i < 0 {
			continue
		}
		drift := Drift{Stage: s.ID}
		if drift.Leavers, err = r.settle(s, frozen[i].People); err != nil {
			return nil, err
		}
		for _, id := range now.found.Stages[len(r.stages)-1].ids() {
			if !in[id] {
				drift.Joiners = append(drift.Joiners, id)
			}
		}
		if drift.Joiners != nil || drift.Leavers != nil {
			since.Drift = append(since.Drift, drift)
		}
	}
	r.splits()
	since.Splits = r.found.Splits
	return since, nil
}

// unmoved resolves the users as if those who are frozen had not been moved, so that
// a limit takes nobody in the place of somebody who was.
func (d *Document) unmoved(frozen map[dualtone.PersonID]bool, users []User) (*resolver, error) {
	users = slices.Clone(users)
	for i := range users {
		if frozen[users[i].ID] {
			users[i].Side = dualtone.Old
		}
	}
	r := d.resolver(users)
	return r, r.resolve()
}

// settle takes frozen people into their stage, but for those who have left it, whom it
// returns. Who is on the new side has not left, and neither has who comes along with
// somebody of the stage.
func (r *resolver) settle(s Stage, frozen []dualtone.PersonID) ([]LeftOut, error) {
	selected, err := r.selected(s)
	if err != nil {
		return nil, err
	}
	here, fits := make([]bool, len(r.users)), make([]bool, len(r.users))
	for _, id := range frozen {
		if i, ok := r.byID[id]; ok {
			here[i] = true
		}
	}
	for _, i := range selected {
		fits[i] = here[i]
	}
	together := r.groups(s.Cohort.KeepTogether)
	stays := func(i int) bool {
		return fits[i] || slices.ContainsFunc(together.of(i), func(j int) bool { return fits[j] && !hasAny(&r.users[j], s.Cohort.Exclude) })
	}
	var left []LeftOut
	for _, id := range frozen {
		switch i, known := r.byID[id]; {
		case !known:
			left = append(left, LeftOut{id, LeftList})
		case r.users[i].Side != dualtone.New && r.barred(i, s) != "":
			left = append(left, LeftOut{id, r.barred(i, s)})
		case r.users[i].Side != dualtone.New && !stays(i):
			left = append(left, LeftOut{id, NotSelected})
		default:
			r.taken[i] = len(r.stages)
		}
	}
	return left, nil
}
