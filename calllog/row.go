package calllog

import (
	"iter"
	"strings"
)

// Row is what a source wrote in one place, and what it was read as. Raw and the
// slices are the reader's own until it is asked for the next row; texts and
// values may be kept.
type Row struct {
	// Line is the first line of the row in its file, from 1, or its place in a
	// page or stream; Offset is the byte after it, from which reading goes on.
	Line   int64
	Offset int64
	// Raw is the row as received, less the end of its line.
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
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
	// Reason says what is wrong and what was expected.
	Reason string `json:"reason"`
	// Cut says that the row is the last of its source and has no end: it was
	// still being written, or the file was cut off.
	Cut bool `json:"cut,omitempty"`
}

// Untranslated reports whether the row waits because nobody has said what its word
// for how a leg ended means.
func (f *Fault) Untranslated() bool { return strings.HasPrefix(f.Reason, UnknownEnd) }

// Reader reads the rows of one source in a format, in order. An error ends the
// reading; a row that is wrong by itself is a Row with a Fault.
type Reader interface {
	Rows() iter.Seq2[Row, error]
}
