package plan

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
)

// Some names the first of many, and says how many more there are.
func Some[T ~string](all []T, most int) string {
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts(all[:most]...), ", "), len(all)-most)
	}
	return strings.Join(texts(all...), ", ")
}

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

// Words are a word of the program as people read it.
func Words[T ~string](word T) string { return strings.ReplaceAll(string(word), "_", " ") }

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
