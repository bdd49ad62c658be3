package plan

import "github.com/dualtone/dualtone"

// User is a person with the side they work on.
type User struct {
	dualtone.Person
	Side dualtone.Side
}

// Resolution is who is in which stage, why, and what is wrong with that.
type Resolution struct {
	// Stages are the stages that have a cohort, in the order of the plan.
	Stages []StagePeople `json:"stages"`
	// Splits are relations whose people do not move together.
	Splits []Split `json:"splits"`
	// Crowded are places where more people would be on the new side than the
	// blast radius allows.
	Crowded []Crowded `json:"crowded"`
	// Zoneless are sites of people in stages with windows in the site's zone, of
	// which the zone is not known.
	Zoneless []Zoneless `json:"zoneless"`
	// Twice are people whom more than one stage takes.
	Twice []Twice `json:"twice"`
	// Unknown are people whom a file names and the user list does not.
	Unknown []UnknownPerson `json:"unknown"`
	// Nowhere are how many people on the old side no stage takes.
	Nowhere int `json:"nowhere"`
}

// StagePeople are the people of one stage, in the order in which they are switched.
type StagePeople struct {
	Stage StageID `json:"stage"`
	// Hash is that of the people, in their order.
	Hash   Hash     `json:"hash"`
	People []Placed `json:"people"`
	// Left are people who were selected and are not taken.
	Left []LeftOut `json:"left"`
}

// Placed is a person in a stage.
type Placed struct {
	Person dualtone.PersonID `json:"person"`
	Why    Why               `json:"why"`
	// Bond is what a person shares who comes because others do.
	Bond string `json:"bond,omitempty"`
	Risk int    `json:"risk"`
}

// Why is why somebody is in a stage.
type Why string

// The reasons.
const (
	Matched   Why = "matched"
	Listed    Why = "listed"    // in the stage's file
	Remaining Why = "remaining" // left over by the stages before
	Together  Why = "together"  // shares something with somebody who is
)

// LeftOut is a person who was selected and is not taken.
type LeftOut struct {
	Person  dualtone.PersonID `json:"person"`
	Because Because           `json:"because"`
	Bond    string            `json:"bond,omitempty"`
}

// Because is why somebody who was selected is not taken.
type Because string

// The reasons.
const (
	OverLimit  Because = "over_limit"
	GroupLarge Because = "group_over_limit" // their group is larger than what is left of the limit
	IsExcluded Because = "excluded"
	OnNewSide  Because = "on_new_side"
)

// Split is a relation that a stage would tear apart.
type Split struct {
	Stage StageID `json:"stage"`
	// Bond is what they share, as in "shared_line 4711".
	Bond string `json:"bond"`
	// Inside is one of those who move, and Outside are those who do not.
	Inside  dualtone.PersonID `json:"inside"`
	Outside []SplitOff        `json:"outside"`
}

// SplitOff is somebody who does not move with the others, and why.
type SplitOff struct {
	Person dualtone.PersonID `json:"person"`
	// Stage is the one that takes them instead; empty when none does.
	Stage   StageID `json:"stage,omitempty"`
	Because Because `json:"because,omitempty"`
}

// Crowded is a place with more people on the new side than allowed.
type Crowded struct {
	Stage     StageID   `json:"stage"`
	Dimension Dimension `json:"dimension"`
	Value     string    `json:"value"`
	// People are all there, New those on the new side once the stage is done.
	People int `json:"people"`
	New    int `json:"new"`
	// Most is how many may be.
	Most int `json:"most"`
}

// Zoneless is a site whose zone is not known.
type Zoneless struct {
	Stage  StageID           `json:"stage"`
	Site   string            `json:"site"`
	People int               `json:"people"`
	Person dualtone.PersonID `json:"person"` // one of them
}

// Twice is a person whom two stages take.
type Twice struct {
	Person dualtone.PersonID `json:"person"`
	Stages []StageID         `json:"stages"`
}

// UnknownPerson is somebody whom a file names and the user list does not.
type UnknownPerson struct {
	Stage StageID `json:"stage"`
	File  string  `json:"file"`
	Line  int     `json:"line"`
	ID    string  `json:"id"`
}
