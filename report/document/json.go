package document

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
)

// WriteJSON prints the document for programs. Money is text, since a number in
// JSON is a float to most who read it; a cell of a column with several
// currencies has its currency beside it, under the column's key and _currency.
func (d *Document) WriteJSON(w io.Writer) error {
	out := &jsonWriter{w: bufio.NewWriter(w)}
	out.raw("{\n")
	out.field("  ", "report", d.Name, true)
	out.field("  ", "title", d.Title, true)
	out.raw("  \"parameters\": {")
	for i, p := range d.Parameters {
		out.separate(i)
		out.raw("\n    ")
		out.value(p.Key)
		out.raw(": ")
		out.value(p.Value)
	}
	out.raw("\n  },\n")
	out.field("  ", "decision", d.Decision, true)
	out.raw("  \"figures\": [")
	for i := range d.Figures {
		f := &d.Figures[i]
		out.separate(i)
		out.raw("\n    {\"key\": ")
		out.value(f.Key)
		out.raw(", \"name\": ")
		out.value(f.Name)
		out.raw(", ")
		out.cell(&Column{Key: "value", Kind: f.Kind}, Cell{Text: f.Value.Text, Currency: f.CurrencyOf(f.Value)})
		out.raw("}")
	}
	out.raw("\n  ],\n  \"tables\": [")
	for i := range d.Tables {
		out.separate(i)
		if err := out.table(&d.Tables[i]); err != nil {
			return err
		}
	}
	out.raw("\n  ],\n")
	out.field("  ", "definitions", append([]Definition{}, d.Definitions...), true)
	out.field("  ", "notes", append([]string{}, d.Notes...), false)
	out.raw("}\n")
	if out.err != nil {
		return out.err
	}
	return out.w.Flush()
}

// jsonWriter writes piece by piece, so that a long table is never held whole.
type jsonWriter struct {
	w   *bufio.Writer
	err error
}

func (j *jsonWriter) table(t *Table) error {
	j.raw("\n    {\n")
	j.field("      ", "name", t.Name, true)
	j.field("      ", "title", t.Title, true)
	j.raw("      \"columns\": [")
	for i := range t.Columns {
		c := &t.Columns[i]
		j.separate(i)
		j.raw("\n        ")
		j.value(struct {
			Key      string `json:"key"`
			Name     string `json:"name"`
			Kind     string `json:"kind"`
			Currency string `json:"currency,omitempty"`
		}{c.Key, c.Name, c.Kind.String(), c.Currency})
	}
	j.raw("\n      ],\n      \"rows\": [")
	sums := NewSums(t)
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		if err := sums.Add(row); err != nil {
			return err
		}
		j.separate(sums.Rows() - 1)
		j.raw("\n        ")
		j.row(t, row, false)
	}
	j.raw("\n      ],\n      \"totals\": [")
	for i, total := range sums.Totals() {
		j.separate(i)
		j.raw("\n        {\"of\": ")
		j.value(total.Group)
		j.raw(", \"sums\": ")
		j.row(t, total.Cells, true)
		j.raw("}")
	}
	j.raw("\n      ],\n")
	j.field("      ", "total_rule", t.SumRule, false)
	j.raw("    }")
	return j.err
}

// row writes cells by their keys; of totals those that are sums.
func (j *jsonWriter) row(t *Table, row []Cell, sums bool) {
	j.raw("{")
	n := 0
	for i := range t.Columns {
		if sums && !t.Columns[i].Sum {
			continue
		}
		if n > 0 {
			j.raw(", ")
		}
		n++
		j.cell(&t.Columns[i], row[i])
	}
	j.raw("}")
}

func (j *jsonWriter) cell(c *Column, v Cell) {
	j.value(c.Key)
	j.raw(": ")
	switch {
	case v.Text == "":
		j.raw("null")
	case c.Kind == Quantity || c.Kind == Percent:
		j.value(json.Number(v.Text))
	default:
		j.value(v.Text)
	}
	if c.Mixed() && v.Currency != "" {
		j.raw(", ")
		j.value(c.Key + "_currency")
		j.raw(": ")
		j.value(v.Currency)
	}
}

func (j *jsonWriter) field(indent, key string, v any, more bool) {
	j.raw(indent)
	j.value(key)
	j.raw(": ")
	j.value(v)
	if more {
		j.raw(",")
	}
	j.raw("\n")
}

func (j *jsonWriter) separate(i int) {
	if i > 0 {
		j.raw(",")
	}
}

func (j *jsonWriter) value(v any) {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && j.err == nil {
		j.err = err
	}
	j.raw(strings.TrimSuffix(text.String(), "\n"))
}

func (j *jsonWriter) raw(s string) {
	if _, err := j.w.WriteString(s); err != nil && j.err == nil {
		j.err = err
	}
}
