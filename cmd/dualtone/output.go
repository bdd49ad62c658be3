package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"charm.land/lipgloss/v2"

	"github.com/dualtone/dualtone"
)

// format is how answers are written.
type format string

const (
	asTable format = "table"
	asJSON  format = "json"
)

// Set reads the format from the command line.
func (f *format) Set(s string) error {
	switch format(s) {
	case asTable, asJSON:
		*f = format(s)
		return nil
	default:
		return fmt.Errorf("want table or json: %w", dualtone.ErrInvalid)
	}
}

// String is the format's name.
func (f *format) String() string { return string(*f) }

// Type is what the help calls a format.
func (*format) Type() string { return "format" }

// list is a page of items for programs. Next continues it; empty at the end.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// show writes an answer: value for programs, or the table for people.
func (a *app) show(value any, fill func(*table)) error {
	if a.flags.output == asJSON {
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(value)
	}
	var t table
	fill(&t)
	return t.write(a.out)
}

// showList writes a page of a list.
func showList[T any](a *app, page list[T], none string, fill func(*table)) error {
	if page.Items == nil {
		page.Items = []T{}
	}
	return a.show(page, func(t *table) {
		if len(page.Items) == 0 {
			t.line("%s", none)
			return
		}
		fill(t)
		if page.Next != "" {
			t.line("")
			t.line("There are more: --after %s", page.Next)
		}
	})
}

// page cuts a list that was asked for with one item more than the limit.
func page[T any](items []T, limit int, key func(T) string) list[T] {
	if limit > 0 && len(items) > limit {
		return list[T]{Items: items[:limit], Next: key(items[limit-1])}
	}
	return list[T]{Items: items}
}

// table is an answer for people: rows whose cells line up, and lines of text.
type table struct {
	rows [][]string
	text map[int]bool
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) line(format string, args ...any) {
	if t.text == nil {
		t.text = map[int]bool{}
	}
	t.text[len(t.rows)] = true
	t.row(fmt.Sprintf(format, args...))
}

func (t *table) write(w io.Writer) error {
	var widths []int
	for i, row := range t.rows {
		if t.text[i] {
			continue
		}
		for j, cell := range row {
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], lipgloss.Width(printable(cell)))
		}
	}
	var b strings.Builder
	for i, row := range t.rows {
		if t.text[i] {
			b.WriteString(row[0] + "\n")
			continue
		}
		var line strings.Builder
		for j, cell := range row {
			cell = printable(cell)
			line.WriteString(cell + strings.Repeat(" ", widths[j]-lipgloss.Width(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printable keeps control characters in data from reaching the terminal. Line
// breaks are kept as spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return '\uFFFD'
		default:
			return r
		}
	}, s)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// dash stands for what is not there.
func dash[T ~string](s T) string {
	if s == "" {
		return "-"
	}
	return string(s)
}
