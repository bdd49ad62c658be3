package statement_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/focus"
	"github.com/dualtone/dualtone/report/statement"
)

// books are what was known when, and what was closed.
type books struct {
	known  []cost.Inputs // by the time of knowledge
	closed []cost.Closing
	posted map[finance.Month][]byte
}

func (b *books) Inputs(_ context.Context, q cost.Question) (cost.Inputs, error) {
	at := len(b.known) - 1
	for !q.KnownAt.IsZero() && at > 0 && b.known[at].KnownAt.After(q.KnownAt) {
		at--
	}
	in := b.known[at]
	in.AsOf = q.AsOf
	return in, nil
}

func (b *books) CloseMonth(_ context.Context, c cost.Closing, posted []byte) (cost.Closing, error) {
	if b.posted == nil {
		b.posted = map[finance.Month][]byte{}
	}
	b.closed, b.posted[c.Month] = append(b.closed, c), posted
	return c, nil
}

func (b *books) ReopenMonth(_ context.Context, c cost.Closing) (cost.Closing, error) { return c, nil }

func (b *books) Closings(_ context.Context, _ string, knownAt time.Time) ([]cost.Closing, error) {
	return slices.DeleteFunc(slices.Clone(b.closed), func(c cost.Closing) bool { return c.KnownAt.After(knownAt) }), nil
}

func (b *books) Posted(_ context.Context, c cost.Closing) ([]byte, error) {
	return b.posted[c.Month], nil
}

// tester is a test of examples or of properties.
type tester interface {
	rapid.TB
	Context() context.Context
}

// close closes a month with what is known.
func (b *books) close(t tester, month finance.Month) {
	t.Helper()
	closer := cost.Closer{Source: b, Closings: b}
	c := cost.Closing{Plan: "spring", Month: month, Actor: "fay", Reason: "month end"}
	if _, err := closer.CloseMonth(t.Context(), c, day("2027-05-01"), false); err != nil {
		t.Fatal(err)
	}
}

// learn has other invoices become known an hour later, and now and then that a seat was
// another one's, or that there is no such invoice.
func (b *books) learn(t *rapid.T) {
	in := b.known[len(b.known)-1]
	in.KnownAt = in.KnownAt.Add(time.Hour)
	known := in.Facts.Invoices
	if len(known) > 0 && rapid.Bool().Draw(t, "withdrawn") {
		known = known[1:]
	}
	in.Facts.Invoices = bills(t, slices.Clip(known))
	if rapid.Bool().Draw(t, "another seat") {
		in.Facts.Users = slices.Clone(in.Facts.Users)
		in.Facts.Users[0].Seats = []cost.Seat{{System: "pbx", From: day("2024-04-01")}, {System: "cloud", From: day("2027-02-20")}}
	}
	b.known = append(b.known, in)
}

// charged is a Cost and Usage file.
func (b *books) charged(t tester, q cost.Question) []byte {
	t.Helper()
	e, err := cost.Load(t.Context(), b, b, q)
	if err != nil {
		t.Fatal(err)
	}
	files, err := statement.Focus(e, statement.Request{Report: statement.Overlap, Question: q})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := files[0].Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bills draws invoices of every kind: of whole months and of other days, twice, too
// much, credits, of items that no contract has.
func bills(t *rapid.T, known []cost.InvoiceLine) []cost.InvoiceLine {
	all := known
	for range rapid.IntRange(0, 4).Draw(t, "invoices") {
		from := day("2027-02-01") + finance.Day(rapid.SampledFrom([]int32{-10, 0, 14, 28, 35}).Draw(t, "from"))
		all = append(all, cost.InvoiceLine{
			Invoice:  fmt.Sprintf("R-%d", rapid.IntRange(1, 3).Draw(t, "invoice")),
			Contract: rapid.SampledFrom([]contract.ID{"pbx-seats", "cloud-seats"}).Draw(t, "contract"),
			Item:     rapid.SampledFrom([]contract.ItemID{"seat", "seat", "extra"}).Draw(t, "item"),
			Period:   finance.Span{From: from, To: from + finance.Day(rapid.SampledFrom([]int32{13, 27, 30, 58}).Draw(t, "days"))},
			Quantity: finance.Whole(300), Amount: finance.Money{Amount: finance.Fraction(rapid.Int64Range(-5_000, 3_000_000).Draw(t, "billed"), 100), Currency: "GBP"},
		})
	}
	return all
}

// closing has up to two months closed one after the other while invoices come.
func closing(t *rapid.T) *books {
	in := waves(10, "2027-04-10")
	in.Book.Contracts[0].Term.From, in.Book.Contracts[1].Term.To = day("2026-04-01"), day("2028-02-14")
	in.Facts.Users = slices.Concat(in.Facts.Users[:3], in.Facts.Users[150:153], in.Facts.Users[297:])
	in.Facts.Invoices = bills(t, nil)
	b := &books{known: []cost.Inputs{in}}
	for n := range rapid.IntRange(0, 2).Draw(t, "closed") {
		b.close(t, day("2027-02-01").Month()+finance.Month(n))
		b.learn(t)
	}
	return b
}

func TestTheRowsOfAnInvoiceInFocusAddUpToIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := closing(t)
		totals, known := map[string]string{}, cost.Invoices{}
		for _, l := range b.known[len(b.known)-1].Facts.Invoices {
			known[l.Invoice] = append(known[l.Invoice], l)
			totals[l.Invoice] = known.Total(l.Invoice).Text()
		}
		file := b.charged(t, cost.Question{AsOf: day("2027-04-10")})
		found, err := focus.CostAndUsage(totals).Check(bytes.NewReader(file))
		if err != nil || len(found) > 0 {
			t.Fatalf("%v, %v", found, err)
		}
		for invoice, billed := range billedBy(t, file, "InvoiceId") {
			if _, known := totals[invoice]; !known && invoice != "" && !billed.IsZero() {
				t.Fatalf("%q is no invoice, and bills %s", invoice, billed)
			}
		}
	})
}

// A file of the open month has what those of closed months do not have: together they
// are all that is paid, also of an invoice for days of both, and what stands in a month
// is in the file of that one.
func TestFilesOfMonthsHoldEachChargeOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, q := closing(t), cost.Question{AsOf: day("2027-04-10")}
		whole, months := billedBy(t, b.charged(t, q), "InvoiceId", "BillingPeriodStart"), map[string]finance.Exact{}
		for _, span := range []finance.Span{
			{From: day("2020-01-01"), To: day("2027-01-31")},
			{From: day("2027-02-01"), To: day("2027-02-28")},
			{From: day("2027-03-01"), To: day("2027-03-31")},
			{From: day("2027-04-01"), To: day("2030-12-31")},
		} {
			q.Span = span
			for stands, billed := range billedBy(t, b.charged(t, q), "InvoiceId", "BillingPeriodStart") {
				months[stands] = months[stands].Add(billed)
			}
		}
		var sum, want finance.Exact
		for stands, billed := range whole {
			if !billed.Equal(months[stands]) {
				t.Fatalf("%q bills %s, and %s by months", stands, billed, months[stands])
			}
			delete(months, stands)
			sum = sum.Add(billed)
		}
		for stands, billed := range months {
			if !billed.IsZero() {
				t.Fatalf("%q bills %s by months, and nothing in all", stands, billed)
			}
		}
		open := books{known: b.known[len(b.known)-1:]}
		for _, billed := range billedBy(t, open.charged(t, cost.Question{AsOf: q.AsOf})) {
			want = want.Add(billed)
		}
		if off := sum.Sub(want); off.Cmp(finance.MustExact("0.25")) > 0 || off.Cmp(finance.MustExact("-0.25")) < 0 { // a cent an invoice and month
			t.Fatalf("with %d closed months %s is paid, and %s without", len(b.closed), sum, want)
		}
	})
}

// billedBy is what the rows of a file add up to that have the same in some columns.
func billedBy(t rapid.TB, file []byte, columns ...string) map[string]finance.Exact {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	billed := slices.Index(rows[0], "BilledCost")
	all := map[string]finance.Exact{}
	for _, row := range rows[1:] {
		var by []string
		for _, c := range columns {
			by = append(by, row[slices.Index(rows[0], c)])
		}
		key := strings.Join(by, " ")
		all[key] = all[key].Add(finance.MustExact(row[billed]))
	}
	return all
}

// What is billed by the month is a row of it, what is billed otherwise another one.
func TestWhatAnInvoiceBillsOtherwiseIsARowOfItsOwn(t *testing.T) {
	t.Parallel()
	in := billed()
	files, err := statement.Focus(engine(t, in), statement.Request{Report: statement.Overlap})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := files[0].Write(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	var got []string
	for _, row := range rows[1:] {
		if row[at["ChargeCategory"]] == "Adjustment" {
			got = append(got, row[at["InvoiceId"]]+" "+row[at["BilledCost"]]+" "+row[at["ChargePeriodStart"]]+" "+row[at["ChargeDescription"]])
		}
	}
	const want = "C-7 750.00 2027-03-01T00:00:00Z seat of contract cloud-seats, cloud: billed otherwise than the contract has it"
	if len(got) != 1 || got[0] != want {
		t.Errorf("adjusted: %q, want %q", got, want)
	}
}
