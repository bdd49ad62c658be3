package cutover

import (
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// SwitchID names one switch of one user: the workflow's id and run.
type SwitchID string

// Switch is one user's move to a side, from the first look to its end.
type Switch struct {
	// ID is empty for one that is only looked at.
	ID     SwitchID          `json:"id,omitempty"`
	Person dualtone.PersonID `json:"person"`
	To     dualtone.Side     `json:"to"`
	// Undoes is the switch that a way back takes back.
	Undoes SwitchID `json:"undoes,omitempty"`
	Cohort string   `json:"cohort,omitempty"`
	// Pass is the go at the cohort in which it was made; empty for none.
	Pass string `json:"pass,omitempty"`
	routing.Provenance

	State   State     `json:"state"`
	Detail  string    `json:"detail,omitempty"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`

	// Accounts are those with which it began, whatever the user list says later: they are
	// what was read and written. Empty of a switch that was kept before they were.
	Accounts dualtone.Accounts `json:"accounts,omitzero"`
	// Before is the image kept before the first write; Actions is the plan made
	// from it.
	Before  Image    `json:"before,omitempty"`
	Actions []Action `json:"actions,omitempty"`
}

// EntryKind is what a journal entry tells.
type EntryKind string

// The kinds of journal entries.
const (
	Intent   EntryKind = "intent"   // about to write From to To
	Wrote    EntryKind = "wrote"    // the system confirmed it
	Conflict EntryKind = "conflict" // somebody else changed it; not written
	Lost     EntryKind = "lost"     // no answer; the next attempt reads back
	Erred    EntryKind = "failed"   // the system refused
	Drifted  EntryKind = "drift"    // not as it should be: From before, To wanted, Now found
	Reached  EntryKind = "state"    // the switch reached a state
	Note     EntryKind = "note"     // anything else worth knowing
)

// Entry is one line of the journal. Entries are never changed.
type Entry struct {
	// Serial is given by the store, rising.
	Serial int64             `json:"serial"`
	Switch SwitchID          `json:"switch"`
	Person dualtone.PersonID `json:"person"`
	// Action counts the switch's planned writes from 1; a taken-back write has
	// the same number, negated. 0 where the entry is about none.
	Action int       `json:"action,omitempty"`
	Step   Step      `json:"step,omitempty"`
	Facet  Facet     `json:"facet,omitempty"`
	Kind   EntryKind `json:"kind"`
	From   *Value    `json:"from,omitempty"`
	To     *Value    `json:"to,omitempty"`
	Now    *Value    `json:"now,omitempty"`
	State  State     `json:"state,omitempty"`
	Text   string    `json:"text,omitempty"`
	// Attempt is the activity's, from 1.
	Attempt int `json:"attempt,omitempty"`
	routing.Provenance
	At time.Time `json:"at"`
}
