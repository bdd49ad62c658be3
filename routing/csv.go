package routing

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/spreadsheet"
)

// columns are those of a table's file, in the order in which they are written.
func columns() []string {
	return []string{"number", "plan", "person", "queue", "answers", "hours", "otherwise", "valid_from", "valid_until"}
}

// Fault is a problem of a file: where it is and what stands there.
type Fault struct {
	Line int `json:"line"`
	Problem
}

// List is a table's file as it was read.
type List struct {
	Routes []Route `json:"-"`
	Rows   int     `json:"rows"`
	Faults []Fault `json:"faults"`
	// Said are the facts for which the file has a column.
	Said Facts `json:"-"`
}

// mostFaults bounds what is told of a file that is not a table at all.
const mostFaults = 1000

// ReadCSV reads a table: UTF-8 with a header, separated by commas. It reads to
// the end and tells every fault; Routes are the rows without one. The error is
// the reader's.
func ReadCSV(in io.Reader, countries ...string) (List, error) {
	r := csv.NewReader(in)
	r.ReuseRecord, r.FieldsPerRecord, r.TrimLeadingSpace = true, -1, true
	l := reading{check: NewChecker(countries...), lines: map[dualtone.Number]int{}, plans: map[string]Plan{}}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			if l.at == nil {
				l.fault(1, "", "", "the file is empty; want the header "+strings.Join(columns(), ","))
			}
			return l.List, nil
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			l.fault(bad.Line, "", "", bad.Err.Error())
			if l.at == nil || errors.Is(bad.Err, csv.ErrQuote) {
				return l.List, nil
			}
			continue
		}
		if err != nil {
			return l.List, fmt.Errorf("table: %w", err)
		}
		line, _ := r.FieldPos(0)
		if l.at == nil {
			if !l.header(line, row) {
				return l.List, nil
			}
			continue
		}
		l.row(line, row)
	}
}

type reading struct {
	List
	check *Checker
	at    map[string]int
	lines map[dualtone.Number]int
	plans map[string]Plan
	names []string
	bad   int // faults of the row at hand
}

func (l *reading) fault(line int, column, value, problem string) {
	l.bad++
	if len(l.Faults) < mostFaults {
		l.Faults = append(l.Faults, Fault{line, Problem{column, value, problem}})
	}
}

func (l *reading) header(line int, row []string) bool {
	l.at = map[string]int{}
	for i, name := range row {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF")))
		if _, twice := l.at[name]; twice || !slices.Contains(columns(), name) {
			l.fault(line, name, name, "no such column, or twice; want "+strings.Join(columns(), ","))
		}
		l.at[name] = i
		l.names = append(l.names, name)
	}
	for _, name := range columns()[:2] {
		if _, ok := l.at[name]; !ok {
			l.fault(line, name, "", "the column is missing")
		}
	}
	said := func(column string) bool { return slices.Contains(l.names, column) }
	l.Said = Facts{Person: said("person"), Queue: said("queue"), Answers: said("answers")}
	return len(l.Faults) == 0
}

func (l *reading) row(line int, row []string) {
	l.Rows++
	l.bad = 0
	if len(row) != len(l.names) {
		l.fault(line, "", strings.Join(row, ","), fmt.Sprintf("has %d fields, the header %d", len(row), len(l.names)))
		return
	}
	get := func(name string) string {
		if i, ok := l.at[name]; ok {
			return strings.Clone(spreadsheet.Text(strings.TrimSpace(row[i])))
		}
		return ""
	}
	r := l.route(line, get)
	if l.bad > 0 {
		return
	}
	for _, p := range l.check.Check(r) {
		l.fault(line, p.Column, p.Value, p.Problem)
	}
	if first, twice := l.lines[r.Number]; twice {
		l.fault(line, "number", string(r.Number), fmt.Sprintf("stands in line %d already", first))
	}
	l.lines[r.Number] = line
	if l.bad == 0 {
		l.Routes = append(l.Routes, r)
	}
}

func (l *reading) route(line int, get func(string) string) Route {
	text := get("plan")
	plan, known := l.plans[text]
	if !known {
		var err error
		if plan, err = ParsePlan(text); err != nil {
			l.fault(line, "plan", text, err.Error())
		} else {
			l.plans[text] = plan
		}
	}
	t := Terms{
		How: plan.How, Share: plan.Share, Queue: dualtone.QueueID(get("queue")), Answers: get("answers"),
		Hours: get("hours"), Otherwise: get("otherwise"),
		From: l.moment(line, "valid_from", get), Until: l.moment(line, "valid_until", get),
	}
	r := Route{Number: dualtone.Number(get("number")), Person: dualtone.PersonID(get("person")), Sides: plan.Sides}
	if !t.IsZero() {
		r.Terms = &t
	}
	return r
}

func (l *reading) moment(line int, column string, get func(string) string) time.Time {
	text := get(column)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		l.fault(line, column, text, "want a moment with its zone, such as 2026-11-30T06:00:00Z")
	}
	return at.UTC()
}

// WriteCSV writes a table as ReadCSV reads it, sorted by number. Texts that a
// spreadsheet would take for formulas are guarded, and read as they were.
func WriteCSV(out io.Writer, routes []Route) error {
	routes = slices.SortedFunc(slices.Values(routes), func(a, b Route) int { return strings.Compare(string(a.Number), string(b.Number)) })
	w := csv.NewWriter(out)
	if err := w.Write(columns()); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	moment := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.UTC().Format(time.RFC3339Nano)
	}
	for _, r := range routes {
		t := r.terms()
		if err := w.Write(spreadsheet.Row(
			string(r.Number), r.Plan().String(), string(r.Person), string(t.Queue), t.Answers,
			t.Hours, t.Otherwise, moment(t.From), moment(t.Until),
		)); err != nil {
			return fmt.Errorf("table: %w", err)
		}
	}
	w.Flush()
	return w.Error()
}
