package people

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/dualtone/dualtone"
)

// mostBytes bounds a user list: a million people fit.
const mostBytes = 256 << 20

// Options say how to read a user list.
type Options struct {
	// Region is the country (ISO 3166, as in "DE") of numbers that are written
	// without one. Empty: every number needs its plus sign and country code.
	Region string
}

// List is a user list as it was read.
type List struct {
	// People are those with whom nothing is wrong, in the file's order.
	People []dualtone.Person `json:"people"`
	// Faults are all that is wrong with the others, and with the header, in the
	// file's order.
	Faults []Fault `json:"faults"`
	// Rows counts the people in the file, good or not.
	Rows int `json:"rows"`
	// Lacks are the columns that the file does not have; it says nothing of them.
	Lacks []string `json:"lacks,omitempty"`
}

// Read reads a user list: CSV in UTF-8 with a header, separated by comma,
// semicolon or tab. The whole file is checked, whatever is wrong with it. The
// error tells of a file that could not be read at all.
func Read(r io.Reader, o Options) (List, error) {
	if o.Region != "" && !phonenumbers.GetSupportedRegions()[o.Region] {
		return List{}, fmt.Errorf("region %q: want a country code as in DE: %w", o.Region, dualtone.ErrInvalid)
	}
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return List{}, fmt.Errorf("user list: %w", err)
	}
	if len(data) > mostBytes {
		return List{}, fmt.Errorf("user list: over %d MB: %w", mostBytes>>20, dualtone.ErrInvalid)
	}
	f := file{region: o.Region}
	f.read(data)
	return f.list(), nil
}

// row is one person of the file, with the places of their fields.
type row struct {
	line   int
	fields []string
	chars  []int
	// numbers are those that were read in each field.
	numbers map[int][]string
	person  dualtone.Person
	bad     bool
}

// file is a user list while it is checked.
type file struct {
	region string
	header header
	rows   []*row
	faults []Fault
}

func (f *file) read(data []byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		f.fault(Fault{Line: 1, Problem: "the file is UTF-16", Want: "save it as CSV UTF-8"})
		return
	case len(bytes.TrimSpace(data)) == 0:
		f.fault(Fault{Line: 1, Problem: "the file is empty", Want: "begin with a header as in id,name,email,extension,numbers"})
		return
	}
	reader := csv.NewReader(bytes.NewReader(data))
	reader.Comma = separator(data)
	reader.FieldsPerRecord = -1
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.unreadable(err)
			if f.header.columns == nil {
				return
			}
			continue
		}
		r := &row{fields: fields}
		for i := range fields {
			line, char := reader.FieldPos(i)
			if i == 0 {
				r.line = line
			}
			r.chars = append(r.chars, char)
		}
		if f.header.columns == nil {
			f.readHeader(r)
			continue
		}
		f.readRow(r, reader.Comma)
	}
	if len(f.rows) == 0 && len(f.faults) == 0 {
		f.fault(Fault{Line: 1, Problem: "the file has a header and no people"})
	}
	f.findTwice()
}

// unreadable reports a row that is no CSV.
func (f *file) unreadable(err error) {
	parse, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		f.fault(Fault{Line: 1, Problem: err.Error()})
		return
	}
	fault := Fault{Line: parse.StartLine, Problem: "a quote in a field that does not begin with one", Want: `write "" for a quote, and quotes around the field`}
	if errors.Is(parse.Err, csv.ErrQuote) {
		fault.Problem = "a quoted field is not closed as it should be"
		if parse.Line > parse.StartLine {
			fault.Problem = fmt.Sprintf("a quote that is opened here is closed wrongly or never, up to line %d; those lines were not read", parse.Line)
		}
	}
	f.rowsLost()
	f.fault(fault)
}

// rowsLost counts a row of which nothing is known.
func (f *file) rowsLost() {
	if f.header.columns != nil {
		f.rows = append(f.rows, &row{bad: true})
	}
}

func (f *file) readRow(r *row, comma rune) {
	if strings.TrimSpace(strings.Join(r.fields, "")) == "" {
		return // Spreadsheets leave rows of separators behind.
	}
	f.rows = append(f.rows, r)
	if have, want := len(r.fields), len(f.header.columns); have != want {
		r.bad = true
		fault := Fault{Line: r.line, Problem: fmt.Sprintf("%d fields, the header has %d", have, want), Want: "add the separators that are missing, also for empty fields"}
		if have > want {
			fault.Field, fault.Char, fault.Column, fault.Value = want+1, r.chars[want], "beyond the header", shown(r.fields[want])
			fault.Want = fmt.Sprintf("put a field that holds %q in quotes", comma)
		}
		f.fault(fault)
		return
	}
	for i := range r.fields {
		f.checkText(r, i)
	}
	for i, column := range f.header.columns {
		r.fields[i] = strings.TrimSpace(r.fields[i])
		if attributeOf(column.name) != "" {
			r.attribute(column.name)
		}
		if r.fields[i] == "" {
			continue
		}
		if problem, want := f.put(r, i, column.name); problem != "" {
			f.faultAt(r, i, problem, want)
		}
	}
	for _, name := range required() {
		if i := f.header.index(name); i >= 0 && r.fields[i] == "" {
			f.faultAt(r, i, "empty", "every person needs one")
		}
	}
}

// attribute notes that the file has the attribute, with values or without.
func (r *row) attribute(name string) {
	if r.person.Attributes == nil {
		r.person.Attributes = dualtone.Attributes{}
	}
	if r.person.Attributes[name] == nil {
		r.person.Attributes[name] = []string{}
	}
}

// mostRunes bounds a field.
const mostRunes = 500

func (f *file) checkText(r *row, i int) {
	field := r.fields[i]
	switch {
	case !utf8.ValidString(field):
		f.faultAt(r, i, "not UTF-8", "save the file as CSV UTF-8")
	case strings.ContainsFunc(strings.TrimSpace(field), isControl):
		f.faultAt(r, i, "holds a line break or a control character", "write it on one line")
	case utf8.RuneCountInString(field) > mostRunes:
		f.faultAt(r, i, fmt.Sprintf("%d characters long", utf8.RuneCountInString(field)), fmt.Sprintf("at most %d", mostRunes))
	default:
		return
	}
	// What is said once is not said again by the field's own check.
	r.fields[i] = unreadableField
}

func (f *file) fault(fault Fault) { f.faults = append(f.faults, fault) }

// faultAt reports one field and makes its row a bad one.
func (f *file) faultAt(r *row, i int, problem, want string) {
	r.bad = true
	f.fault(Fault{
		Line: r.line, Column: f.header.columns[i].shown, Field: i + 1, Char: r.chars[i],
		Value: shown(r.fields[i]), Problem: problem, Want: want,
	})
}

func (f *file) list() List {
	sortFaults(f.faults)
	l := List{Faults: f.faults, Rows: len(f.rows)}
	if f.header.unusable {
		return l
	}
	l.Lacks = f.header.lacks()
	for _, r := range f.rows {
		if !r.bad {
			l.People = append(l.People, r.person)
		}
	}
	return l
}
