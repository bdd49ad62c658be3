package statement_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/focus"
	"github.com/dualtone/dualtone/report/statement"
)

// books are what was known before and after a month was closed.
type books struct {
	before, after cost.Inputs
	closed        []cost.Closing
	posted        []byte
}

func (b *books) Inputs(_ context.Context, q cost.Question) (cost.Inputs, error) {
	in := b.after
	if !q.KnownAt.IsZero() && q.KnownAt.Before(in.KnownAt) || len(b.closed) == 0 {
		in = b.before
	}
	in.AsOf = q.AsOf
	return in, nil
}

func (b *books) CloseMonth(_ context.Context, c cost.Closing, posted []byte) (cost.Closing, error) {
	b.closed, b.posted = append(b.closed, c), posted
	return c, nil
}

func (b *books) ReopenMonth(_ context.Context, c cost.Closing) (cost.Closing, error) { return c, nil }

func (b *books) Closings(context.Context, string, time.Time) ([]cost.Closing, error) {
	return b.closed, nil
}

func (b *books) Posted(context.Context, cost.Closing) ([]byte, error) { return b.posted, nil }

// bills draws invoices of every kind: of whole months and of other days, twice, too
// much, credits, of items that no contract has.
func bills(t *rapid.T, known []cost.InvoiceLine) []cost.InvoiceLine {
	all := known
	for range rapid.IntRange(0, 4).Draw(t, "invoices") {
		from := day("2027-02-01") + finance.Day(rapid.SampledFrom([]int32{0, 14, 28, 35}).Draw(t, "from"))
		all = append(all, cost.InvoiceLine{
			Invoice:  fmt.Sprintf("R-%d", rapid.IntRange(1, 3).Draw(t, "invoice")),
			Contract: rapid.SampledFrom([]contract.ID{"pbx-seats", "cloud-seats"}).Draw(t, "contract"),
			Item:     rapid.SampledFrom([]contract.ItemID{"seat", "seat", "extra"}).Draw(t, "item"),
			Period:   finance.Span{From: from, To: from + finance.Day(rapid.SampledFrom([]int32{13, 27, 30}).Draw(t, "days"))},
			Quantity: finance.Whole(300), Amount: finance.Money{Amount: finance.Fraction(rapid.Int64Range(-5_000, 3_000_000).Draw(t, "billed"), 100), Currency: "GBP"},
		})
	}
	return all
}

func TestTheRowsOfAnInvoiceInFocusAddUpToIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := &books{before: waves(10, "2027-03-31"), after: waves(10, "2027-03-31")}
		b.before.Facts.Invoices = bills(t, nil)
		b.after.Facts.Invoices = bills(t, slices.Clip(b.before.Facts.Invoices))
		b.after.KnownAt = b.before.KnownAt.Add(time.Hour)
		if rapid.Bool().Draw(t, "closed") {
			closer := cost.Closer{Source: b, Closings: b}
			february := cost.Closing{Plan: "spring", Month: day("2027-02-01").Month(), Actor: "fay", Reason: "month end"}
			if _, err := closer.CloseMonth(t.Context(), february, day("2027-04-10"), false); err != nil {
				t.Fatal(err)
			}
		}
		q := cost.Question{AsOf: day("2027-03-31")}
		e, err := cost.Load(t.Context(), b, b, q)
		if err != nil {
			t.Fatal(err)
		}
		known, _ := b.Inputs(t.Context(), q)
		want := map[string]finance.Exact{}
		for _, l := range known.Facts.Invoices {
			want[l.Invoice] = want[l.Invoice].Add(l.Amount.Amount)
		}
		files, err := statement.Focus(e, statement.Request{Report: statement.Overlap, Question: q})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := files[0].Write(&out); err != nil {
			t.Fatal(err)
		}
		totals := map[string]string{}
		for invoice, amount := range want {
			totals[invoice] = amount.String()
		}
		found, err := focus.CostAndUsage(totals).Check(bytes.NewReader(out.Bytes()))
		if err != nil || len(found) > 0 {
			t.Fatalf("%v, %v", found, err)
		}
		for invoice := range billedBy(t, &out) {
			if _, known := want[invoice]; !known {
				t.Fatalf("%q is no invoice", invoice)
			}
		}
	})
}

// billedBy are the numbers of the invoices in a file.
func billedBy(t *rapid.T, file io.Reader) map[string]bool {
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for c, name := range rows[0] {
		for _, row := range rows[1:] {
			if name == "InvoiceId" && row[c] != "" {
				all[row[c]] = true
			}
		}
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
