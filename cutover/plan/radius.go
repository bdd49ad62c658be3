package plan

import (
	"iter"

	"github.com/dualtone/dualtone"
)

// Radius counts how much of each queue, skill, site or shift is on the new side,
// and refuses a user who would be one too many.
type Radius struct {
	limit  BlastRadius
	people map[Group]*counted
}

// Group is the people of a queue, skill, site or shift.
type Group struct {
	By    Dimension
	Value string
}

// Headcount is how many people are in a group, and how many of them on the new side.
type Headcount struct {
	Group

	People, New int
}

type counted struct{ all, moved int }

// NewRadius counts where all users are now.
func NewRadius(limit BlastRadius, users []User) *Radius {
	r := &Radius{limit: limit, people: map[Group]*counted{}}
	for i := range users {
		for g := range limit.Groups(&users[i]) {
			c := r.people[g]
			if c == nil {
				c = &counted{}
				r.people[g] = c
			}
			c.all++
			if users[i].Side == dualtone.New {
				c.moved++
			}
		}
	}
	return r
}

// CountedRadius begins with what somebody else has counted.
func CountedRadius(limit BlastRadius, counts []Headcount) *Radius {
	r := &Radius{limit: limit, people: map[Group]*counted{}}
	for _, c := range counts {
		r.people[c.Group] = &counted{c.People, c.New}
	}
	return r
}

// Headcount is the count of a group.
func (r *Radius) Headcount(g Group) Headcount {
	h := Headcount{Group: g}
	if c := r.people[g]; c != nil {
		h.People, h.New = c.all, c.moved
	}
	return h
}

// Groups are those of a user that the limit is about.
func (b BlastRadius) Groups(u *User) iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for _, by := range b.Per {
			for _, v := range valuesOf(u, string(by)) {
				if !yield(Group{by, v}) {
					return
				}
			}
		}
	}
}

// most is how many of a group may be on the new side.
func (r *Radius) most(c *counted) int {
	return max(0, min(r.limit.MaxOnNew.Of(c.all), c.all-r.limit.MinLeftOnOld))
}

// Refuses tells of the first group that would have too many people on the new
// side with one more user; false when the user may move.
func (r *Radius) Refuses(u *User) (Crowded, bool) {
	for g := range r.limit.Groups(u) {
		if c := r.people[g]; c != nil && c.moved+1 > r.most(c) {
			return Crowded{Dimension: g.By, Value: g.Value, People: c.all, New: c.moved + 1, Most: r.most(c)}, true
		}
	}
	return Crowded{}, false
}

// Move counts a user of the old side on the new one, Back the other way.
func (r *Radius) Move(u *User) { r.shift(u, 1) }

// Back counts a user of the new side on the old one.
func (r *Radius) Back(u *User) { r.shift(u, -1) }

func (r *Radius) shift(u *User, by int) {
	for g := range r.limit.Groups(u) {
		if c := r.people[g]; c != nil {
			c.moved += by
		}
	}
}

// crowds notes the groups that the stages would overfill, up to the stage after
// which the blast radius is lifted.
func (r *resolver) crowds() {
	limit := r.document.Plan.Spec.Limits.BlastRadius
	if limit == nil {
		return
	}
	radius := NewRadius(*limit, r.users)
	for _, s := range r.found.Stages {
		touched := map[Group]bool{}
		var order []Group
		for _, p := range s.People {
			u := &r.users[r.byID[p.Person]]
			radius.Move(u)
			for g := range limit.Groups(u) {
				if !touched[g] {
					touched[g] = true
					order = append(order, g)
				}
			}
		}
		for _, g := range order {
			if c := radius.people[g]; c.moved > radius.most(c) {
				r.found.Crowded = append(r.found.Crowded, Crowded{s.Stage, g.By, g.Value, c.all, c.moved, radius.most(c)})
			}
		}
		if s.Stage == limit.LiftAfter {
			return
		}
	}
}
