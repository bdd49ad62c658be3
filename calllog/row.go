package calllog

import "iter"

// Row is what a source wrote in one place, and what it was read as.
type Row struct {
	// Line is the first line of the row in its file, from 1, or its place in a
	// page or stream; Offset is the byte after it, from which reading goes on.
	Line   int64
	Offset int64
	// Raw is the row as received.
	Raw []byte

	// A row holds legs, or supplements, or nothing to be kept (a header, an
	// event that says nothing of a call), or a Fault.
	Legs        []Leg
	Supplements []Supplement
	Fault       *Fault
}

// Fault says why a row could not be read. The row goes to quarantine and the
// rest goes on.
type Fault struct {
	// Column names the field, where one is to blame, and Value is what stands there.
	Column string
	Value  string
	// Reason says what is wrong and what was expected.
	Reason string
}

// Supplement adds to a leg what its system recorded apart from it and often
// later or earlier: its quality, its queue, its wrap-up. Fields that are zero
// say nothing.
type Supplement struct {
	// ID names the supplement itself, so that it counts once.
	ID LegID
	// Leg is the leg it belongs to: by its record, or by its call and agent
	// where Record is empty.
	Leg Match
	// Adds holds the fields that it brings.
	Adds Leg
}

// Match finds the leg that a supplement belongs to.
type Match struct {
	Record string
	Call   string
	Agent  string
}

// Reader reads the rows of one source in a format, in order. An error ends the
// reading; a row that is wrong by itself is a Row with a Fault.
type Reader interface {
	Rows() iter.Seq2[Row, error]
}
