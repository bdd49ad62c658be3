package plan

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/placed"
)

// mostListBytes bounds a CSV file of a cohort: half a million people fit.
const mostListBytes = 16 << 20

// listed is a person of a CSV file and their line.
type listed struct {
	id   dualtone.PersonID
	line int
}

// fileFault is something wrong with a file that the plan names.
type fileFault struct {
	line          int
	problem, want string
}

// openFiles reads the files that the plan names into the document.
func (r *Reading) openFiles() {
	spec := &r.Document.Plan.Spec
	if b := spec.Baseline; b != nil && b.Definitions != "" {
		r.openFile("spec.baseline.definitions", b.Definitions)
	}
	if f := spec.Finance; f != nil && f.Contracts != "" {
		r.openFile("spec.finance.contracts", f.Contracts)
	}
	for i, b := range spec.Calendars.Blackouts {
		at := fmt.Sprintf("spec.calendars.blackouts[%d].ics", i)
		if b.ICS == "" {
			continue
		}
		if text, ok := r.openFile(at, b.ICS); ok {
			r.openICS(at, b.ICS, text)
		}
	}
	for i, s := range spec.Stages {
		if s.Cohort == nil || s.Cohort.CSV == "" {
			continue
		}
		at := fmt.Sprintf("spec.stages[%d].cohort.csv", i)
		if text, ok := r.openFile(at, s.Cohort.CSV); ok {
			r.openList(at, s.Cohort.CSV, text)
		}
	}
}

// openFile reads a file beside the plan.
func (r *Reading) openFile(at, name string) (string, bool) {
	if text, ok := r.Document.Files[name]; ok {
		return text, true
	}
	bad := func(problem, want string) (string, bool) {
		r.sheet.Break(at)
		r.sheet.Fault(Wrong, r.sheet.Place(at), at, problem, want)
		return "", false
	}
	if clean := path.Clean(name); clean != name || path.IsAbs(name) || strings.HasPrefix(name, "..") || strings.Contains(name, `\`) {
		return bad(fmt.Sprintf("%q is not a file beside the plan", placed.Printable(name)), "write its path from the plan's folder, with slashes and without ..")
	}
	if r.source.Open == nil {
		return bad(fmt.Sprintf("the file %s cannot be read here", name), "")
	}
	text, err := r.source.Open(name)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		return bad("there is no file "+name, "put it beside the plan; what is missing is never taken for open")
	case err != nil:
		return bad(fmt.Sprintf("the file %s cannot be read: %v", name, err), "")
	case len(text) > mostListBytes:
		return bad(fmt.Sprintf("the file %s is over 16 MB", name), "")
	case !utf8.Valid(text):
		return bad(fmt.Sprintf("the file %s is not UTF-8", name), "save it as UTF-8")
	}
	if r.Document.Files == nil {
		r.Document.Files = map[string]string{}
	}
	r.Document.Files[name] = string(text)
	return string(text), true
}

func (r *Reading) openICS(at, name, text string) {
	if _, known := r.calendars[name]; known {
		return
	}
	found, faults := readICS(text)
	r.calendars[name] = found
	for _, f := range faults {
		r.sheet.FaultIn(name, at, placed.Spot{Line: f.line, Column: 1}, f.problem, f.want)
	}
}

func (r *Reading) openList(at, name, text string) {
	if _, known := r.lists[name]; known {
		return
	}
	people, faults := readList(text)
	r.lists[name] = people
	for _, f := range faults {
		r.sheet.FaultIn(name, at, placed.Spot{Line: f.line, Column: 1}, f.problem, f.want)
	}
}

// readList reads the people of a CSV file: its column id, or its only one.
func readList(text string) ([]listed, []fileFault) {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		return nil, []fileFault{{1, "no header in it", "begin the file with a line that is id"}}
	}
	column := slices.IndexFunc(header, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), "id") })
	if column < 0 {
		return nil, []fileFault{{1, "no column id", "name the column with the people's ids id"}}
	}
	var people []listed
	var faults []fileFault
	seen := map[dualtone.PersonID]int{}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			faults = append(faults, fileFault{lineOf(err), "a line that is no CSV", `write "" for a quote, and quotes around the field`})
			continue
		}
		line, _ := reader.FieldPos(0)
		id := ""
		if column < len(row) {
			id = strings.TrimSpace(row[column])
		}
		switch was, twice := seen[dualtone.PersonID(id)]; {
		case id == "":
			faults = append(faults, fileFault{line, "a line without an id", "write who it is, or take the line away"})
		case twice:
			faults = append(faults, fileFault{line, fmt.Sprintf("%s is on line %d too", placed.Printable(id), was), "take one away"})
		default:
			seen[dualtone.PersonID(id)] = line
			people = append(people, listed{dualtone.PersonID(id), line})
		}
	}
	if len(people) == 0 && faults == nil {
		faults = append(faults, fileFault{1, "nobody in it", "write one id a line below the header"})
	}
	return people, faults
}

func lineOf(err error) int {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return parse.StartLine
	}
	return 1
}
