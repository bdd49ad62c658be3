package focus

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Level is how strongly the specification asks for something.
type Level string

// The levels.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
)

// Rule is one rule of the specification that a file alone can break.
type Rule struct {
	// ID is the column or the attribute and what is wanted of it, such as
	// BilledCost/not-null.
	ID    string `json:"id"`
	Level Level  `json:"level"`
	Text  string `json:"text"`
}

// Finding is a rule that a file breaks. Row is counted from 1 without the head; 0
// is the head or the file as a whole.
type Finding struct {
	Rule

	Row   int    `json:"row"`
	Value string `json:"value"`
}

// String says what is broken and where.
func (f Finding) String() string {
	where := "file"
	if f.Row > 0 {
		where = fmt.Sprintf("row %d", f.Row)
	}
	return fmt.Sprintf("%s: %s %s: %s (%q)", where, f.Level, f.ID, f.Text, f.Value)
}

// Dataset is one of the specification's datasets with its rules.
type Dataset struct {
	Name, Version string

	// sorted asks for columns in the order of the alphabet, as later versions do.
	sorted bool
	fields []field
	offers []offer
	rows   []rowRule
	sets   []setRule
}

// rowRule is about one row. It applies when the file has all its columns.
type rowRule struct {
	Rule

	columns []string
	holds   func(r row) bool
}

// setRule is about rows together: see is called for each, and returns whether
// the rule still holds; done is called at the end and may be nil.
type setRule struct {
	Rule

	columns []string
	begin   func() (see func(r row) bool, done func() []string)
}

// Rules lists all rules of the dataset.
func (d *Dataset) Rules() []Rule {
	all := d.headRules()
	for i := range d.fields {
		for _, r := range d.fields[i].rules() {
			all = append(all, r.Rule)
		}
		all = append(all, d.fields[i].presence()...)
	}
	for i := range d.offers {
		all = append(all, d.offers[i].rules()...)
	}
	for _, r := range d.rows {
		all = append(all, r.Rule)
	}
	for _, r := range d.sets {
		all = append(all, r.Rule)
	}
	return all
}

// row is a line of a file by its columns.
type row struct {
	at    map[string]int
	cells []string
}

func (r row) get(column string) string {
	if i, ok := r.at[column]; ok {
		return r.cells[i]
	}
	return ""
}

func (r row) null(column string) bool { return r.get(column) == "" }

func (r row) is(column string, values ...string) bool { return slices.Contains(values, r.get(column)) }

// perRule is how many findings of one rule are told.
const perRule = 20

// Check reads a CSV file and tells which rules it breaks; of each rule the first
// few places. ErrInvalid when it is no CSV file.
func (d *Dataset) Check(file io.Reader) ([]Finding, error) {
	in := csv.NewReader(file)
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("focus: the head: %w: %w", err, dualtone.ErrInvalid)
	}
	head = slices.Clone(head)
	c := &checking{dataset: d, told: map[string]int{}, at: map[string]int{}}
	c.head(head)
	c.offered()
	c.choose()
	for n := 1; ; n++ {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c.findings, fmt.Errorf("focus: row %d: %w: %w", n, err, dualtone.ErrInvalid)
		}
		c.row(n, row{c.at, cells})
	}
	c.end()
	return c.findings, nil
}

// checking is one run over a file.
type checking struct {
	dataset  *Dataset
	at       map[string]int
	rules    []rowRule
	sets     []watched
	own      []string // columns of one's own
	told     map[string]int
	findings []Finding
}

// watched is a rule about rows together, on its way through the file.
type watched struct {
	setRule

	see  func(r row) bool
	done func() []string
}

func (c *checking) tell(r Rule, row int, value string) {
	if c.told[r.ID]++; c.told[r.ID] <= perRule {
		c.findings = append(c.findings, Finding{r, row, value})
	}
}

// choose takes the rules whose columns the file has.
func (c *checking) choose() {
	all := slices.Clone(c.dataset.rows)
	for i := range c.dataset.fields {
		all = append(all, c.dataset.fields[i].rules()...)
	}
	for _, r := range all {
		if c.has(r.columns) {
			c.rules = append(c.rules, r)
		}
	}
	for _, r := range c.dataset.sets {
		if c.has(r.columns) {
			see, done := r.begin()
			c.sets = append(c.sets, watched{r, see, done})
		}
	}
}

func (c *checking) has(columns []string) bool {
	for _, column := range columns {
		if _, ok := c.at[column]; !ok {
			return false
		}
	}
	return true
}

func (c *checking) row(n int, r row) {
	for i := range c.rules {
		if rule := &c.rules[i]; !rule.holds(r) {
			c.tell(rule.Rule, n, values(r, rule.columns))
		}
	}
	for _, w := range c.sets {
		if !w.see(r) {
			c.tell(w.Rule, n, values(r, w.columns))
		}
	}
	for _, column := range c.own {
		v := r.get(column)
		if placeholder(v) {
			c.tell(ruleOwnValue(), n, column+" "+v)
		}
		if !wellFormed(v) {
			c.tell(ruleOwnForm(), n, column+" "+v)
		}
	}
}

func (c *checking) end() {
	for _, w := range c.sets {
		if w.done == nil {
			continue
		}
		for _, broken := range w.done() {
			c.tell(w.Rule, 0, broken)
		}
	}
}

func values(r row, columns []string) string {
	all := make([]string, len(columns))
	for i, column := range columns {
		all[i] = r.get(column)
	}
	return strings.Join(all, " / ")
}
