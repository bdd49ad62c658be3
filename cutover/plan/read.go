package plan

import (
	"time"

	"github.com/dualtone/dualtone/internal/placed"
)

// Source is a plan file and what it is read with.
type Source struct {
	// Name is the file's, for faults.
	Name string
	Text []byte
	// Open returns the text of a file that the plan names, by its name beside the
	// plan. The error of one that is not there is shown as it is.
	Open func(name string) ([]byte, error)
	// Now is the present time.
	Now time.Time
	// Unfed says why nothing that a system records can tell a metric, and what to do
	// about it; empty where something can. A nil one is not asked.
	Unfed func(m Metric, system string) (why, want string)
}

// Reading is a plan file as it was read: the plan, all that is wrong with it,
// and where each of its keys stands.
type Reading struct {
	Document Document
	Faults   Faults

	source Source
	sheet  *placed.Sheet
	// calendars are the iCal files that could be read.
	calendars map[string]events
	// lists are the CSV files that could be read.
	lists map[string][]listed
}

// Read reads a plan file and checks all of it that can be checked without the
// user list. The document is good when Faults has no error.
func Read(s Source) *Reading {
	r := &Reading{source: s, sheet: placed.NewSheet(s.Name, s.Text), calendars: map[string]events{}, lists: map[string][]listed{}}
	defer r.settle()
	asked := placed.Asked{Smaller: "a plan names people by attributes or by a CSV file beside it", Single: "write one plan a file"}
	if !r.sheet.Decode(&r.Document.Plan, asked, "begin with apiVersion: "+APIVersion) {
		return r
	}
	r.fill()
	r.openFiles()
	r.lint()
	return r
}

// settle puts the faults in order and shows their lines.
func (r *Reading) settle() {
	r.sheet.Settle(r.Document.Files)
	r.Faults = r.sheet.Faults
}

// Text is the file as it was written.
func (r *Reading) Text() string { return string(r.source.Text) }
