package placed

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Row is a line of a CSV file: its cells by the names of their columns, without
// the empty ones.
type Row struct {
	Line  int
	Cells map[string]*Node
}

// At is where the line begins.
func (r *Row) At() Spot { return Spot{r.Line, 1} }

// Text is what a cell has; empty for none.
func (r *Row) Text(column string) string {
	if n := r.Cells[column]; n != nil {
		return n.Text
	}
	return ""
}

// Read reads a cell and tells when it is empty or not what it should be.
func (r *Row) Read(s *Sheet, column string, into func(text string) error) {
	n := r.Cells[column]
	if n == nil {
		s.Fault(Wrong, r.At(), column, "is empty", "give it a value")
		return
	}
	if err := into(n.Text); err != nil {
		v, ok := errors.AsType[*ValueError](err)
		if !ok {
			v = &ValueError{Text: n.Text, Wrong: err.Error()}
		}
		s.Fault(Wrong, n.At, column, fmt.Sprintf("%q %s", Printable(v.Text), v.Wrong), v.Want)
	}
}

// Rows reads the sheet as CSV with a header of known columns, of which some are
// required; what is wrong with it is told.
func (s *Sheet) Rows(known, required []string) []Row {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(s.Text), "\ufeff")))
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		s.Fault(Wrong, Spot{1, 1}, "", "no header in it", "begin the file with a line that is "+strings.Join(required, ","))
		return nil
	}
	columns, ok := s.columns(header, known, required)
	if !ok {
		return nil
	}
	var all []Row
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			at := Spot{1, 1}
			if parse, ok := errors.AsType[*csv.ParseError](err); ok {
				at.Line = parse.StartLine
			}
			s.Fault(Wrong, at, "", "a line that is no CSV", `write "" for a quote, and quotes around the field`)
			continue
		}
		line, _ := reader.FieldPos(0)
		row := Row{Line: line, Cells: map[string]*Node{}}
		for name, i := range columns {
			if i < len(fields) && strings.TrimSpace(fields[i]) != "" {
				line, column := reader.FieldPos(i)
				row.Cells[name] = &Node{Shape: Word, Text: strings.TrimSpace(fields[i]), At: Spot{line, column}}
			}
		}
		all = append(all, row)
	}
}

// columns finds columns by their names.
func (s *Sheet) columns(header, known, required []string) (at map[string]int, ok bool) {
	at, ok = map[string]int{}, true
	bad := func(problem, want string) {
		s.Fault(Wrong, Spot{1, 1}, "", problem, want)
		ok = false
	}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := at[name]; twice {
			bad(fmt.Sprintf("the column %q is there twice", Printable(name)), "take one away")
		}
		if !slices.Contains(known, name) {
			bad(fmt.Sprintf("no such column %q", Printable(name)), Meant(name, known))
		}
		at[name] = i
	}
	for _, name := range required {
		if _, there := at[name]; !there {
			bad(fmt.Sprintf("the column %q is missing", name), "add it to the first line")
		}
	}
	return at, ok
}
