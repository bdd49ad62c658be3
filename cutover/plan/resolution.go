package plan

import (
	"strings"

	"github.com/dualtone/dualtone"
)

// User is a person with the side they work on.
type User struct {
	dualtone.Person
	Side dualtone.Side
}

// Resolution is who is in which stage, why, and what is wrong with that.
type Resolution struct {
	// Stages are the stages that have a cohort, in the order in which they can run.
	Stages []StagePeople `json:"stages"`
	// Twice are people whom more than one stage takes.
	Twice []Twice `json:"twice"`
	// Splits are relations whose people do not move together.
	Splits []Split `json:"splits"`
	// Crowded are groups of which more would be on the new side than the blast
	// radius allows.
	Crowded []Crowded `json:"crowded"`
	// Zoneless are sites of people in stages whose calendar follows the site, and
	// of which the zone is not known.
	Zoneless []Zoneless `json:"zoneless"`
	// Unknown are people whom a file names and the user list does not.
	Unknown []UnknownPerson `json:"unknown"`
	// Unmet are values that a cohort asks for and nobody has.
	Unmet []Unmet `json:"unmet"`
	// Nowhere is how many people on the old side no stage takes.
	Nowhere int `json:"nowhere"`
}

// StagePeople are the people of one stage.
type StagePeople struct {
	Stage StageID `json:"stage"`
	// Hash is that of the people, in their order.
	Hash Hash `json:"hash"`
	// People are in the order in which they are switched; those who move together
	// follow each other.
	People []Placed `json:"people"`
	// Left are people who were selected and are not taken.
	Left []LeftOut `json:"left"`
}

// Placed is a person in a stage.
type Placed struct {
	Person dualtone.PersonID `json:"person"`
	Why    Why               `json:"why"`
	// With is somebody who was selected, and for whose sake the person comes along.
	With dualtone.PersonID `json:"with,omitempty"`
	Risk int               `json:"risk"`
}

// Why is why somebody is in a stage.
type Why string

// The reasons.
const (
	Matched   Why = "matched"
	Listed    Why = "listed"    // in the stage's file
	Remaining Why = "remaining" // left over by the stages before
	Together  Why = "together"  // shares something with somebody who was selected
)

// LeftOut is a person who was selected and is not taken.
type LeftOut struct {
	Person  dualtone.PersonID `json:"person"`
	Because Because           `json:"because"`
}

// Because is why somebody is not taken.
type Because string

// The reasons.
const (
	OverLimit   Because = "over_limit"
	GroupLarge  Because = "group_over_limit" // their group is larger than what is left of the limit
	IsExcluded  Because = "excluded"
	OnNewSide   Because = "on_new_side"
	NotSelected Because = "not_selected"
	OtherStage  Because = "other_stage"
	LeftList    Because = "not_in_user_list"
)

// Split is something that people share, of whom not all move in one stage.
type Split struct {
	// Stage is the first in which some of them move.
	Stage    StageID  `json:"stage"`
	Relation Relation `json:"relation"`
	// Shared is what they share: the line, the group, the supervisor.
	Shared string `json:"shared"`
	// Inside are those who move.
	Inside  []dualtone.PersonID `json:"inside"`
	Outside []SplitOff          `json:"outside"`
}

// SplitOff is somebody who does not move with the others, and why.
type SplitOff struct {
	Person  dualtone.PersonID `json:"person"`
	Because Because           `json:"because"`
	// Stage is the one that takes them instead.
	Stage StageID `json:"stage,omitempty"`
}

// Crowded is a group with more people on the new side than may be.
type Crowded struct {
	Stage     StageID   `json:"stage"`
	Dimension Dimension `json:"dimension"`
	Value     string    `json:"value"`
	// People are all in the group, New those on the new side once the stage is
	// done, Most how many may be.
	People int `json:"people"`
	New    int `json:"new"`
	Most   int `json:"most"`
}

// Zoneless is a site whose zone is not known.
type Zoneless struct {
	Stage  StageID `json:"stage"`
	Site   string  `json:"site"`
	People int     `json:"people"`
	// Person is one of them.
	Person dualtone.PersonID `json:"person"`
}

// Twice is a person whom a stage takes after another one did.
type Twice struct {
	Person dualtone.PersonID `json:"person"`
	Stage  StageID           `json:"stage"`
	// First is the stage that the person is in.
	First StageID `json:"first"`
}

// UnknownPerson is somebody whom a file names and the user list does not.
type UnknownPerson struct {
	Stage StageID           `json:"stage"`
	File  string            `json:"file"`
	Line  int               `json:"line"`
	ID    dualtone.PersonID `json:"id"`
}

// Unmet is a value that a cohort asks for and nobody has.
type Unmet struct {
	Stage     StageID `json:"stage"`
	Attribute string  `json:"attribute"`
	Value     string  `json:"value"`
	// Near is a value that somebody has, much like it.
	Near string `json:"near,omitempty"`
}

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

// Drift is what became of a stage's people since they were frozen.
type Drift struct {
	Stage StageID `json:"stage"`
	// Joiners would be in the stage now and are not: they go to a later one.
	Joiners []dualtone.PersonID `json:"joiners"`
	// Leavers are in the stage and would not be now. They are moved all the same
	// unless somebody leaves them out, since a limit may choose others for less.
	Leavers []LeftOut `json:"leavers"`
}

// Drift compares frozen stages with who would be in them now.
func (r *Resolution) Drift(frozen []Frozen, users []User) []Drift {
	known := make(map[dualtone.PersonID]*User, len(users))
	for i := range users {
		known[users[i].ID] = &users[i]
	}
	frozenIn := map[dualtone.PersonID]bool{}
	for _, f := range frozen {
		for _, id := range f.People {
			frozenIn[id] = true
		}
	}
	now := map[StageID][]dualtone.PersonID{}
	for _, s := range r.Stages {
		now[s.Stage] = s.ids()
	}
	var all []Drift
	for _, f := range frozen {
		d := Drift{Stage: f.Stage, Leavers: leavers(f.People, now[f.Stage], known)}
		for _, id := range now[f.Stage] {
			if !frozenIn[id] {
				d.Joiners = append(d.Joiners, id)
			}
		}
		if d.Joiners != nil || d.Leavers != nil {
			all = append(all, d)
		}
	}
	return all
}

// leavers are those of the frozen people who would not be taken now. Whom the
// cutover itself has moved has not left.
func leavers(frozen, now []dualtone.PersonID, known map[dualtone.PersonID]*User) []LeftOut {
	still := make(map[dualtone.PersonID]bool, len(now))
	for _, id := range now {
		still[id] = true
	}
	var left []LeftOut
	for _, id := range frozen {
		switch u := known[id]; {
		case u == nil:
			left = append(left, LeftOut{id, LeftList})
		case u.Side != dualtone.New && !still[id]:
			left = append(left, LeftOut{id, NotSelected})
		}
	}
	return left
}
