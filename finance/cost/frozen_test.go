package cost_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// reports are the six, by their names.
func reports() map[string]func(*cost.Engine, cost.Question) (any, error) {
	return map[string]func(*cost.Engine, cost.Question) (any, error){
		"overlap":       func(e *cost.Engine, q cost.Question) (any, error) { return e.Overlap(q) },
		"forecast":      func(e *cost.Engine, q cost.Question) (any, error) { return e.Outlook(q) },
		"delay":         func(e *cost.Engine, q cost.Question) (any, error) { return e.Delay(q, 3) },
		"variance":      func(e *cost.Engine, q cost.Question) (any, error) { return e.Variance(q) },
		"invoice-check": func(e *cost.Engine, q cost.Question) (any, error) { return e.InvoiceCheck(q) },
		"notices":       func(e *cost.Engine, q cost.Question) (any, error) { return e.Notices(q) },
	}
}

// written is a report as it is written.
func written(t *rapid.T, h *history, name string, q cost.Question) string {
	e, err := cost.Load(context.Background(), h, h, q)
	if err != nil {
		t.Fatal(err)
	}
	report, err := reports()[name](e, q)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// invoiced draws invoices of two contracts, of items that there are and of one that
// there is not, now and then in another currency.
func invoiced(t *rapid.T, in *cost.Inputs) {
	base := day("2027-01-01")
	for n := range rapid.IntRange(0, 6).Draw(t, "invoices") {
		from, c := base+finance.Day(rapid.Int32Range(0, 120).Draw(t, "billed from")), &in.Book.Contracts[rapid.IntRange(0, 1).Draw(t, "billed contract")]
		currency := c.Currency
		if rapid.IntRange(0, 5).Draw(t, "another currency") == 0 {
			currency = "USD"
		}
		in.Facts.Invoices = append(in.Facts.Invoices, cost.InvoiceLine{
			Invoice: fmt.Sprintf("R%d", rapid.IntRange(1, 3).Draw(t, "invoice")), Contract: c.ID,
			Item:     rapid.SampledFrom([]contract.ItemID{"seat", "seat", "support", "leg", "other"}).Draw(t, "billed item"),
			Period:   finance.Span{From: from, To: from + finance.Day(rapid.Int32Range(0, 40).Draw(t, "billed for"))},
			Quantity: finance.Whole(n), Amount: finance.Money{Amount: finance.Fraction(rapid.Int64Range(-99, 99_999).Draw(t, "billed"), 100), Currency: currency},
		})
	}
}

// shown draws figures of platforms.
func shown(t *rapid.T, in *cost.Inputs) {
	base := day("2027-01-01")
	for n := range rapid.IntRange(0, 4).Draw(t, "figures") {
		from := base + finance.Day(30*n)
		in.Facts.Figures = append(in.Facts.Figures, cost.Figure{
			System: "pbx", Span: finance.Span{From: from, To: from + finance.Day(rapid.Int32Range(0, 29).Draw(t, "shown for"))},
			Used: rapid.IntRange(0, 12).Draw(t, "used"), Total: 20,
		})
	}
}

// learned is the same with something of it known otherwise.
func learned(t *rapid.T, in cost.Inputs) cost.Inputs {
	in.KnownAt = in.KnownAt.Add(time.Hour)
	in.Facts.Users = slices.Clone(in.Facts.Users)
	for i := range in.Facts.Users {
		u := &in.Facts.Users[i]
		u.Seats, u.Switches = slices.Clone(u.Seats), slices.Clone(u.Switches)
		switch rapid.IntRange(0, 4).Draw(t, "learned of") {
		case 0:
			u.Seats[0].From += finance.Day(rapid.Int32Range(-9, 40).Draw(t, "seat"))
		case 1:
			if len(u.Switches) > 0 {
				u.Switches[0].Day -= finance.Day(rapid.Int32Range(0, 9).Draw(t, "switched"))
			}
		case 2:
			u.Planned += finance.Day(rapid.Int32Range(0, 9).Draw(t, "planned"))
		default:
		}
	}
	if rapid.Bool().Draw(t, "another price") {
		in.Book.Contracts = slices.Clone(in.Book.Contracts)
		items := slices.Clone(in.Book.Contracts[0].Items)
		items[0].Price.Amount = finance.Fraction(rapid.Int64Range(1, 99_999).Draw(t, "new price"), 100)
		in.Book.Contracts[0].Items = items
	}
	in.Facts.Minutes, in.Facts.Invoices, in.Facts.Figures = slices.Clone(in.Facts.Minutes), slices.Clone(in.Facts.Invoices), slices.Clone(in.Facts.Figures)
	for i := range in.Facts.Minutes {
		in.Facts.Minutes[i].Seconds += rapid.Int64Range(0, 99).Draw(t, "late minutes")
	}
	if n := len(in.Facts.Invoices); n > 0 && rapid.Bool().Draw(t, "another invoice") {
		in.Facts.Invoices[n-1].Amount.Amount = finance.Fraction(rapid.Int64Range(1, 9999).Draw(t, "billed now"), 100)
	} else if n > 0 && rapid.Bool().Draw(t, "an invoice less") {
		in.Facts.Invoices = in.Facts.Invoices[:n-1]
	}
	for i := range in.Facts.Figures {
		in.Facts.Figures[i].Used += rapid.IntRange(0, 1).Draw(t, "shown otherwise")
	}
	return in
}

// closing has two months closed one after the other while more becomes known, and
// calls after each.
func closing(t *rapid.T, each func(h *history, closed finance.Month)) (h *history, first finance.Month) {
	return closingOf(t, worlds(t), learned, each)
}

func closingOf(
	t *rapid.T, in cost.Inputs, learn func(*rapid.T, cost.Inputs) cost.Inputs, each func(h *history, closed finance.Month),
) (h *history, first finance.Month) {
	invoiced(t, &in)
	shown(t, &in)
	in.KnownAt = time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
	h = &history{known: []cost.Inputs{in}}
	first = day("2027-01-01").Month() + finance.Month(rapid.Int32Range(0, 2).Draw(t, "first closed"))
	closer := cost.Closer{Source: h, Closings: h}
	for n := range finance.Month(2) {
		c := cost.Closing{Plan: "p", Month: first + n, Actor: "fin", Reason: "month end"}
		if _, err := closer.CloseMonth(t.Context(), c, day("2028-01-01"), false); err != nil {
			t.Fatal(err)
		}
		each(h, c.Month)
		h.known = append(h.known, learn(t, h.known[n]))
	}
	return h, first
}

func TestWhatIsClosedStaysInAllSixReports(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(reports()))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "report")
		printed := map[finance.Month]string{}
		h, _ := closing(t, func(h *history, closed finance.Month) {
			printed[closed] = written(t, h, name, cost.Question{Span: closed.Span(), AsOf: closed.Last()})
		})
		for month, was := range printed {
			if now := written(t, h, name, cost.Question{Span: month.Span(), AsOf: day("2027-06-15")}); was != now {
				t.Fatalf("%s of %s\nwas %s\nnow %s", name, month, was, now)
			}
		}
	})
}

// TestNothingThatBecomesKnownIsLostByClosing: closed months and their corrections
// have the quantities of what is known now, and months add up to all of it.
func TestNothingThatBecomesKnownIsLostByClosing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h, first := closing(t, func(*history, finance.Month) {})
		addUp(t, h, first)
	})
}

func addUp(t *rapid.T, h *history, first finance.Month) {
	q := cost.Question{AsOf: day("2027-06-15")}
	e, err := cost.Load(t.Context(), h, h, q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Overlap(q)
	if err != nil {
		t.Fatal(err)
	}
	known, _ := h.Inputs(t.Context(), q)
	_, want := asked(t, known)
	quantities := func(o *cost.Overlap) map[cost.Class]finance.Exact {
		all := map[cost.Class]finance.Exact{}
		for i := range o.Lines {
			l := &o.Lines[i]
			about := l.Month.String()
			if l.Corrects != "" {
				about = l.Corrects
			}
			if about >= want.Span.From.Month().String() { // A closed month may be before all that is counted otherwise.
				all[l.Class] = all[l.Class].Add(l.Quantity)
			}
		}
		return all
	}
	is := quantities(&got)
	for class, n := range quantities(&want) {
		if !is[class].Equal(n) {
			t.Fatalf("%s: %s with closed months and their corrections, %s is known", class, is[class], n)
		}
	}
	for i := range got.Lines {
		if l := &got.Lines[i]; l.Corrects != "" && l.Corrects >= l.Month.String() {
			t.Fatalf("%s corrects %s", l.Month, l.Corrects)
		}
	}
	waste, days := finance.Money{}, 0
	for _, span := range []finance.Span{{From: got.Span.From, To: first.Last()}, {From: first.Last() + 1, To: got.Span.To}} {
		if span.Empty() {
			continue
		}
		q.Span = span
		if e, err = cost.Load(t.Context(), h, h, q); err != nil {
			t.Fatal(err)
		}
		o, err := e.Overlap(q)
		if err != nil {
			t.Fatal(err)
		}
		waste, days = waste.Add(o.Waste), days+o.SeatDays
	}
	if !waste.Equal(got.Waste) || days != got.SeatDays {
		t.Fatalf("by months %s of waste and %d seat-days, at once %s and %d", waste, days, got.Waste, got.SeatDays)
	}
}
