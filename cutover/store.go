package cutover

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
)

// Switches keeps what is known of every switch. Its rows are what pages and
// reports read; Temporal holds only what is in progress.
type Switches interface {
	// Keep stores a new switch with its before-image and plan, journals the
	// state it is in and moves the person to that state. If the switch is there
	// already, Keep changes nothing and returns what is held: a retried capture
	// must not mistake its own writes for the past. ErrNotFound when the person is
	// not in the user list, ErrConflict when the id is that of another person's
	// switch, or when another switch of the person was made in the same pass: who
	// comes late with a request must not switch anybody twice. LeftOutError when the
	// stage of a plan for which the person is sent to the new side has left them out;
	// it leaves nobody out for whom a switch is kept, so one of the two comes first.
	Keep(ctx context.Context, s Switch) (Switch, error)
	// Switch returns ErrNotFound for an unknown one.
	Switch(ctx context.Context, id SwitchID) (Switch, error)
	// Latest returns the person's latest switch that stands: the last one to
	// reach on_new, unless a way back has reached restored since, or of somebody on
	// the old side a move that is under way, was broken off, or could not be taken back
	// whole. A switch that found nothing to do stands only where no other does, so that
	// a way back still finds what to take back. ErrNotFound when there is none.
	Latest(ctx context.Context, person dualtone.PersonID) (Switch, error)
	// Record appends entries to the journal in one transaction, in order. An
	// entry of kind Reached moves the switch to its state, and the person with it
	// as long as they have no newer switch. Two things move nothing: an entry that
	// is held already (the same but for serial, values and provenance), which is
	// left out; and one that is overtaken, since the switch came further or went
	// another way later. So calls may be repeated, and arrive late. ErrNotFound,
	// with nothing recorded, when a switch that reached a state was never kept.
	Record(ctx context.Context, entries ...Entry) error
	// Journal returns entries, oldest first.
	Journal(ctx context.Context, q JournalQuery) ([]Entry, error)
}

// LeftOutError says that somebody was left out of a stage before they were switched.
type LeftOutError struct {
	Person dualtone.PersonID
	// Why is who left them out, and their reason.
	Why string
}

func (e *LeftOutError) Error() string { return fmt.Sprintf("person %s: %s", e.Person, e.Why) }

// Unwrap makes it a conflict.
func (e *LeftOutError) Unwrap() error { return dualtone.ErrConflict }

// JournalQuery selects journal entries; empty fields select all.
type JournalQuery struct {
	Person dualtone.PersonID
	Switch SwitchID
	Kind   EntryKind
	Since  time.Time
	After  int64 // serial
	Limit  int
}

// People keeps the company's user list and the accounts matched to it.
type People interface {
	// Person returns ErrNotFound for an unknown person.
	Person(ctx context.Context, id dualtone.PersonID) (PersonState, error)
	// List returns people in the order of their ids.
	List(ctx context.Context, q PeopleQuery) ([]PersonState, error)
	// Import inserts people or replaces what is known of them, accounts and
	// attributes kept unless given, all or none; an attribute that is given without
	// values is taken away. Where they are stays as it is. ErrConflict, naming
	// both, when an account or a number would belong to two people; ErrInvalid for
	// somebody without an id or in it twice.
	Import(ctx context.Context, people []dualtone.Person, why Import) error
	// Match stores matched accounts, all or none; one that is not given stays.
	// ErrNotFound for somebody who is not in the user list, ErrConflict as in
	// Import.
	Match(ctx context.Context, accounts map[dualtone.PersonID]dualtone.Accounts, why Import) error
	// Place notes on which side people work who were never switched, and returns
	// how many that moved. The others are where their switches took them.
	Place(ctx context.Context, sides map[dualtone.PersonID]dualtone.Side, why Import) (int, error)
}

// Import says who changed the user list and from what.
type Import struct {
	Actor  string
	Source string
	// Lacks are the columns that the source does not have, as in "extension"; what is
	// known of them stays. Attributes and accounts that are not given stay anyway.
	Lacks []string
}

// PersonState is a person with where they are.
type PersonState struct {
	dualtone.Person
	// Side is where the person works: new once a switch reached on_new, old
	// again once a way back reached restored. Other states leave it as it is. Of
	// somebody who was never switched it is what Place was told, else old.
	Side   dualtone.Side `json:"side"`
	State  State         `json:"state,omitempty"`
	Switch SwitchID      `json:"switch,omitempty"`
	Detail string        `json:"detail,omitempty"`
	Since  time.Time     `json:"since,omitzero"`
}

// PeopleQuery selects people; empty fields select all.
type PeopleQuery struct {
	IDs  []dualtone.PersonID
	Side dualtone.Side
	// State is that of the latest switch; planned for people who were never
	// switched.
	State  State
	Site   string
	Team   string
	Cohort string
	// Attributes are values that they must have, one of each attribute.
	Attributes map[string]string
	// Numbers are those of which they have one at least, Accounts likewise.
	Numbers  []dualtone.Number
	Accounts dualtone.Accounts
	// Text is searched in id, name, e-mail and extension.
	Text string
	// Unmatched selects people who lack an account on some system.
	Unmatched Selection
	After     dualtone.PersonID
	Limit     int
}

// Selection is a yes, no or either in a query.
type Selection string

// The selections.
const (
	Either Selection = ""
	Only   Selection = "only"
	Except Selection = "except"
)

// Cohort is a named list of people who are moved together.
type Cohort struct {
	Name    string    `json:"name"`
	Note    string    `json:"note,omitempty"`
	Actor   string    `json:"actor"`
	Created time.Time `json:"created"`
	Size    int       `json:"size"`
	// States counts the members by the state of their latest switch; people who
	// were never switched count as planned.
	States map[State]int `json:"states,omitempty"`
}

// Cohorts keeps cohorts.
type Cohorts interface {
	// Create stores a cohort with its members in order; ErrConflict if the name
	// is taken, ErrNotFound naming the members that are not in the user list,
	// ErrInvalid without a name or with a member twice.
	Create(ctx context.Context, c Cohort, members []dualtone.PersonID) error
	// Cohort returns ErrNotFound for an unknown one.
	Cohort(ctx context.Context, name string) (Cohort, error)
	// Cohorts returns cohorts in the order of their names.
	Cohorts(ctx context.Context, q CohortQuery) ([]Cohort, error)
	// Members pages through a cohort in its order, from a position; ErrNotFound
	// for an unknown one.
	Members(ctx context.Context, q MemberQuery) ([]Member, error)
}

// CohortQuery selects cohorts; empty fields select all.
type CohortQuery struct {
	// Text is searched in name and note.
	Text  string
	After string
	Limit int
}

// MemberQuery selects a page of a cohort's members.
type MemberQuery struct {
	Cohort string
	// Side keeps members who work on that side; empty for all.
	Side dualtone.Side
	// States keeps members whose latest switch is in one of them; empty for all.
	States []State
	// Retry keeps members whom their latest switch was to bring to that side, left
	// where they were, and who can be tried again; empty for all.
	Retry dualtone.Side
	// After is the position after which to go on, 0 for the start; with Reverse
	// the position before which to go on, 0 for the end.
	After   int
	Reverse bool
	Limit   int
}

// Member is a person's place in a cohort.
type Member struct {
	Position int `json:"position"`
	PersonState
}
