package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Problem is one thing that is wrong in the settings.
type Problem struct {
	Key string `json:"key,omitempty"`
	// Source is the file, the environment variable or the flag.
	Source string `json:"source,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"problem"`
	// Hint is what to do about it; empty where the text says enough.
	Hint string `json:"hint,omitempty"`
}

// String tells the problem in one line.
func (p Problem) String() string {
	var b strings.Builder
	if p.Source != "" {
		b.WriteString(p.Source)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// InvalidError is every problem found in the settings. It is an ErrInvalid.
type InvalidError struct{ Problems []Problem }

// Error tells all problems, one a line.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes wrong settings invalid input.
func (*InvalidError) Unwrap() error { return dualtone.ErrInvalid }

type problems []Problem

// err returns the problems in the order of the file, nil for none.
func (ps problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &InvalidError{Problems: ps}
}
