package contract

import (
	"fmt"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/internal/placed"
)

// readQuotes reads rates of exchange from CSV with the columns date, from, to,
// rate and source, in any order.
func readQuotes(sheet *placed.Sheet) []finance.Quote {
	columns := []string{"date", "from", "to", "rate", "source"}
	type pairDay struct {
		day      finance.Day
		from, to finance.Currency
	}
	seen := map[pairDay]int{}
	var all []finance.Quote
	for _, row := range sheet.Rows(columns, columns) {
		before := len(sheet.Faults)
		q := quote(sheet, &row)
		if len(sheet.Faults) > before {
			continue
		}
		key := pairDay{q.Day, q.From, q.To}
		if first, twice := seen[key]; twice {
			sheet.Fault(placed.Wrong, row.At(), "", fmt.Sprintf("the rate from %s to %s on %s is on line %d too", q.From, q.To, q.Day, first), "take one away")
			continue
		}
		seen[key] = row.Line
		all = append(all, q)
	}
	return all
}

func quote(sheet *placed.Sheet, row *placed.Row) finance.Quote {
	q := finance.Quote{Source: row.Text("source")}
	row.Read(sheet, "date", func(s string) (err error) { q.Day, err = finance.ParseDay(s); return err })
	row.Read(sheet, "from", func(s string) (err error) { q.From, err = finance.ParseCurrency(s); return err })
	row.Read(sheet, "to", func(s string) (err error) {
		if q.To, err = finance.ParseCurrency(s); err == nil && q.To == q.From {
			err = &placed.ValueError{Text: s, Wrong: "is the currency it is converted from", Want: "take the line away"}
		}
		return err
	})
	row.Read(sheet, "rate", func(s string) (err error) {
		if q.Rate, err = finance.ParseExact(s); err == nil && q.Rate.Sign() <= 0 {
			err = &placed.ValueError{Text: s, Wrong: "is not above 0", Want: "write what one unit of from is worth in to"}
		}
		return err
	})
	return q
}
