package people

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Fault is one thing that is wrong with a user list, where it stands, and what
// to write instead.
type Fault struct {
	// Line counts from 1, the header being the first.
	Line int `json:"line"`
	// Column is the name in the header, Field the number of the field in its
	// row and Char the byte in its line, both from 1. They are empty where the
	// fault is not one field's.
	Column string `json:"column,omitempty"`
	Field  int    `json:"field,omitempty"`
	Char   int    `json:"char,omitempty"`
	// Value is what stands there, shortened when it is long.
	Value   string `json:"value"`
	Problem string `json:"problem"`
	Want    string `json:"want,omitempty"`
}

// String is the fault as one line of text.
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d", f.Line)
	if f.Field > 0 {
		fmt.Fprintf(&b, ", column %s (field %d, character %d)", f.Column, f.Field, f.Char)
	}
	if f.Value != "" {
		fmt.Fprintf(&b, ": %q", f.Value)
	}
	b.WriteString(": " + f.Problem)
	if f.Want != "" {
		b.WriteString("; " + f.Want)
	}
	return b.String()
}

func sortFaults(faults []Fault) {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field))
	})
}

// shown is a value as a fault shows it: short, and fit for a terminal.
func shown(value string) string {
	const most = 80
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(value[:min(len(value), 8*most)], string(unicode.ReplacementChar)))
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return value
}
