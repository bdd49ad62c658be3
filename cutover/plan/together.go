package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dualtone/dualtone"
)

// groups are users who must move together, over however many things they share.
type groups struct {
	// root leads to the group's own member.
	root    []int
	members map[int][]int
}

// of lists the members of a user's group; none when they share nothing.
func (g *groups) of(i int) []int {
	if g.root == nil {
		return nil
	}
	return g.members[g.find(i)]
}

func (g *groups) find(i int) int {
	for g.root[i] != i {
		g.root[i] = g.root[g.root[i]]
		i = g.root[i]
	}
	return i
}

// groups joins all users who share a value of one of the relations.
func (r *resolver) groups(relations []Relation) *groups {
	g := &groups{}
	if len(relations) == 0 {
		return g
	}
	name := fmt.Sprint(relations)
	if known, ok := r.joined[name]; ok {
		return known
	}
	r.joined[name] = g
	g.root = make([]int, len(r.users))
	for i := range g.root {
		g.root[i] = i
	}
	for _, relation := range relations {
		for _, people := range r.sharing(relation) {
			for _, i := range people[1:] {
				// The smaller root stays, so that a group does not depend on the order.
				a, b := g.find(people[0]), g.find(i)
				g.root[max(a, b)] = min(a, b)
			}
		}
	}
	g.members = map[int][]int{}
	for i := range r.users {
		root := g.find(i)
		g.members[root] = append(g.members[root], i)
	}
	return g
}

// sharing lists, for each thing that a relation is about, the users who share it.
func (r *resolver) sharing(relation Relation) map[string][]int {
	if known, ok := r.bonds[relation]; ok {
		return known
	}
	shared := map[string][]int{}
	for i := range r.users {
		for _, what := range shares(&r.users[i], relation) {
			shared[what] = append(shared[what], i)
		}
	}
	switch relation {
	case SupervisorTeam, Delegate:
		// What they share is a person, who belongs to them as well.
		for who, people := range shared {
			if j, ok := r.byID[dualtone.PersonID(who)]; ok && !slices.Contains(people, j) {
				shared[who] = append(people, j)
			}
		}
	default:
	}
	r.bonds[relation] = shared
	return shared
}

// shares lists what a user shares with others in a relation: lines, groups, or
// the people whom they report to or answer for.
func shares(u *User, relation Relation) []string {
	if relation == SupervisorTeam {
		return valuesOf(u, dualtone.AttributeSupervisor)
	}
	return valuesOf(u, string(relation))
}

// closed are the relations that nothing may tear apart: those that any stage keeps
// together, and where a precheck asks for closure all by which calls reach people.
func (r *resolver) closed() []Relation {
	var relations []Relation
	if slices.ContainsFunc(r.document.Plan.Spec.Gates.Precheck, func(p Precheck) bool { return p.Check == DependencyClosure }) {
		relations = []Relation{SharedLine, HuntGroup, Delegate}
	}
	for _, s := range r.stages {
		for _, relation := range s.Cohort.KeepTogether {
			if !slices.Contains(relations, relation) {
				relations = append(relations, relation)
			}
		}
	}
	return relations
}

// splits notes what the stages tear apart. Who is on the new side already is not torn
// off by others following.
func (r *resolver) splits() {
	for _, relation := range r.closed() {
		shared := r.sharing(relation)
		for _, what := range slices.Sorted(maps.Keys(shared)) {
			if split, ok := r.split(shared[what]); ok {
				split.Relation, split.Shared = relation, what
				r.found.Splits = append(r.found.Splits, split)
			}
		}
	}
	slices.SortStableFunc(r.found.Splits, func(a, b Split) int { return r.number(a.Stage) - r.number(b.Stage) })
}

func (r *resolver) number(id StageID) int {
	return slices.IndexFunc(r.stages, func(s Stage) bool { return s.ID == id }) + 1
}

// split is how people are torn apart by the first stage that takes one of them.
func (r *resolver) split(people []int) (Split, bool) {
	first := 0
	for _, i := range people {
		if n := r.taken[i]; n != 0 && (first == 0 || n < first) {
			first = n
		}
	}
	if first == 0 {
		return Split{}, false
	}
	s := r.stages[first-1]
	split := Split{Stage: s.ID}
	for _, i := range people {
		u := &r.users[i]
		switch n := r.taken[i]; {
		case n == first:
			split.Inside = append(split.Inside, u.ID)
		case u.Side == dualtone.New:
		case n != 0:
			split.Outside = append(split.Outside, SplitOff{u.ID, OtherStage, r.stages[n-1].ID})
		default:
			because := r.barred(i, s)
			if because == "" {
				because = NotSelected
			}
			split.Outside = append(split.Outside, SplitOff{Person: u.ID, Because: because})
		}
	}
	return split, len(split.Outside) > 0
}
