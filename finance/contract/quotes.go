package contract

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/internal/placed"
)

// LineFault is something wrong on a line of a CSV file.
type LineFault struct {
	placed.Spot

	Problem, Want string
}

func lineFault(line int, problem, want string) LineFault {
	return LineFault{placed.Spot{Line: line, Column: 1}, problem, want}
}

var quoteColumns = []string{"date", "from", "to", "rate", "source"} //nolint:gochecknoglobals // a constant list

// ReadQuotes reads rates of exchange from CSV with the columns date, from, to,
// rate and source, in any order.
func ReadQuotes(text string) ([]finance.Quote, []LineFault) {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		return nil, []LineFault{lineFault(1, "no header in it", "begin the file with a line that is " + strings.Join(quoteColumns, ","))}
	}
	columns, faults := columnsOf(header, quoteColumns, quoteColumns)
	if faults != nil {
		return nil, faults
	}
	var all []finance.Quote
	type pairDay struct {
		day      finance.Day
		from, to finance.Currency
	}
	seen := map[pairDay]int{}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, faults
		}
		if err != nil {
			faults = append(faults, lineFault(lineOf(err), "a line that is no CSV", `write "" for a quote, and quotes around the field`))
			continue
		}
		line, _ := reader.FieldPos(0)
		q, bad := quote(row, columns)
		for _, v := range bad {
			_, column := reader.FieldPos(columns[v.Text])
			faults = append(faults, LineFault{placed.Spot{Line: line, Column: column}, v.Text + ": " + v.Wrong, v.Want})
		}
		if bad != nil {
			continue
		}
		key := pairDay{q.Day, q.From, q.To}
		if first, twice := seen[key]; twice {
			faults = append(faults, lineFault(line, fmt.Sprintf("the rate from %s to %s on %s is on line %d too", q.From, q.To, q.Day, first), "take one away"))
			continue
		}
		seen[key] = line
		all = append(all, q)
	}
}

// quote reads one row; what is wrong has the name of its column as its text.
func quote(row []string, columns map[string]int) (finance.Quote, []placed.ValueError) {
	var q finance.Quote
	var bad []placed.ValueError
	cell := func(name string) string { return cellOf(row, columns, name) }
	read := func(name string, into func(string) error) {
		text := cell(name)
		if text == "" {
			bad = append(bad, placed.ValueError{Text: name, Wrong: "is empty", Want: "give it a value"})
			return
		}
		if v, ok := errors.AsType[*placed.ValueError](into(text)); ok {
			bad = append(bad, placed.ValueError{Text: name, Wrong: fmt.Sprintf("%q %s", placed.Printable(v.Text), v.Wrong), Want: v.Want})
		}
	}
	read("date", func(s string) (err error) { q.Day, err = finance.ParseDay(s); return err })
	read("from", func(s string) (err error) { q.From, err = finance.ParseCurrency(s); return err })
	read("to", func(s string) (err error) { q.To, err = finance.ParseCurrency(s); return err })
	read("rate", func(s string) (err error) { q.Rate, err = finance.ParseExact(s); return err })
	q.Source = cell("source")
	switch {
	case bad != nil:
	case q.Rate.Sign() <= 0:
		bad = append(bad, placed.ValueError{Text: "rate", Wrong: fmt.Sprintf("%s is not above 0", q.Rate), Want: "write what one unit of from is worth in to"})
	case q.From == q.To:
		bad = append(bad, placed.ValueError{Text: "to", Wrong: fmt.Sprintf("%s is the currency it is converted from", q.To), Want: "take the line away"})
	}
	return q, bad
}

// columnsOf finds columns by their names.
func columnsOf(header, known, required []string) (map[string]int, []LineFault) {
	at := map[string]int{}
	var faults []LineFault
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := at[name]; twice {
			faults = append(faults, lineFault(1, fmt.Sprintf("the column %q is there twice", placed.Printable(name)), "take one away"))
		}
		if !slices.Contains(known, name) {
			faults = append(faults, lineFault(1, fmt.Sprintf("no such column %q", placed.Printable(name)), placed.Meant(name, known)))
		}
		at[name] = i
	}
	for _, name := range required {
		if _, ok := at[name]; !ok {
			faults = append(faults, lineFault(1, fmt.Sprintf("the column %q is missing", name), "add it to the first line"))
		}
	}
	return at, faults
}

func cellOf(row []string, columns map[string]int, name string) string {
	if i, ok := columns[name]; ok && i < len(row) {
		return strings.TrimSpace(row[i])
	}
	return ""
}

func lineOf(err error) int {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return parse.StartLine
	}
	return 1
}
