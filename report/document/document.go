// Package document is a printed report before anybody knows on what it is
// printed: a title, what it was asked, key figures, charts, tables with typed
// columns and totals, and what its words mean. Its packages below print it as a
// workbook, a PDF or a chart; what needs no library is here.
//
// Every printer gives the same bytes for the same document, so that a closed
// month can be printed again and compared.
package document

import "iter"

// Document is a report that can be printed.
type Document struct {
	Name       string // such as overlap, for the names of files
	Title      string
	Parameters []Parameter
	// Decision is what the report asks its readers to decide, in a sentence or two;
	// empty where there is nothing to be decided by it.
	Decision string
	Figures  []Figure
	Charts   []Chart
	Tables   []Table
	// Definitions tell what the words of the report mean.
	Definitions []Definition
	Notes       []string
}

// Parameter is something that the report was asked, or under which it was made,
// such as as_of.
type Parameter struct {
	Key, Name, Value string
	// Words are what people read in place of a code.
	Words Vocabulary
}

// Shown writes the value for people.
func (p *Parameter) Shown() string { return p.Words.Words(p.Value) }

// Parameter returns a parameter's value; empty when there is none.
func (d *Document) Parameter(key string) string {
	for _, p := range d.Parameters {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// Figure is one of the few figures that a reader must not miss.
type Figure struct {
	Column

	Value Cell
}

// Definition tells what a word means, and which formula gives it.
type Definition struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	// Code is what programs read in place of the word; empty where they read the same.
	Code string `json:"code,omitempty"`
}

// Rows are those of a table, in their order. They can be walked more than once
// and give the same each time.
type Rows = iter.Seq2[[]Cell, error]

// Table is rows under typed columns.
type Table struct {
	Name    string // in small letters, such as classes
	Title   string
	Columns []Column
	Rows    Rows
	// SumBy is the key of the text column whose values are summed apart. Each sum
	// is rounded half-up to the currency's digits, and the total is the sum of
	// those; without it everything is one sum.
	SumBy string
	// Apart says that what is summed by SumBy is never added up, as where one sum is a
	// part of another.
	Apart bool
	// SumRule tells people how the totals come about.
	SumRule string
	// Detail tables have too much for a screen or for paper; they are in the formats
	// for programs and in workbooks, and printed on the others when they are all
	// that there is.
	Detail bool
}

// Column returns a column's place; -1 when there is none of that key.
func (t *Table) Column(key string) int {
	for i := range t.Columns {
		if t.Columns[i].Key == key {
			return i
		}
	}
	return -1
}

// Summed reports whether the table has totals.
func (t *Table) Summed() bool {
	for i := range t.Columns {
		if t.Columns[i].Sum {
			return true
		}
	}
	return false
}

// Readable are the tables for a screen or for paper: all but those of detail, or
// those where there is nothing else.
func (d *Document) Readable() []*Table {
	var readable, all []*Table
	for i := range d.Tables {
		t := &d.Tables[i]
		if all = append(all, t); !t.Detail {
			readable = append(readable, t)
		}
	}
	if len(readable) == 0 {
		return all
	}
	return readable
}

// Of are rows that are in memory.
func Of(rows ...[]Cell) Rows {
	return func(yield func([]Cell, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
