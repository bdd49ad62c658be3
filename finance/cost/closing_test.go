package cost_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// history is what was known when, and what was closed.
type history struct {
	known  []cost.Inputs // by the time of knowledge
	done   []cost.Closing
	posted map[string][]byte // by month and time of closing
}

func (h *history) Inputs(_ context.Context, q cost.Question) (cost.Inputs, error) {
	at := len(h.known) - 1
	for !q.KnownAt.IsZero() && at > 0 && h.known[at].KnownAt.After(q.KnownAt) {
		at--
	}
	in := h.known[at]
	if q.AsOf != 0 {
		in = seenOn(in, q.AsOf)
	}
	return in, nil
}

// seenOn is the same as it was on a day: switches after it were still expected.
func seenOn(in cost.Inputs, day finance.Day) cost.Inputs {
	in.AsOf, in.Facts.Users = day, slices.Clone(in.Facts.Users)
	for i := range in.Facts.Users {
		u := &in.Facts.Users[i]
		for n, s := range u.Switches {
			if s.Day > day {
				if s.To == dualtone.New {
					u.Expected = s.Day
				}
				u.Switches = u.Switches[:n]
				break
			}
		}
	}
	return in
}

func (h *history) CloseMonth(_ context.Context, c cost.Closing, posted []byte) (cost.Closing, error) {
	if h.posted == nil {
		h.posted = map[string][]byte{}
	}
	h.posted[closingKey(c)] = posted
	h.done = append(h.done, c)
	return c, nil
}

func closingKey(c cost.Closing) string { return c.Month.String() + c.KnownAt.String() }

func (h *history) ReopenMonth(_ context.Context, c cost.Closing) (cost.Closing, error) {
	c.Kind = cost.Reopen
	h.done = append(h.done, c)
	return c, nil
}

func (h *history) Closings(_ context.Context, _ string, knownAt time.Time) ([]cost.Closing, error) {
	var all []cost.Closing
	for _, c := range h.done {
		if !c.KnownAt.After(knownAt) {
			all = append(all, c)
		}
	}
	return all, nil
}

func (h *history) Posted(_ context.Context, c cost.Closing) ([]byte, error) {
	text, kept := h.posted[closingKey(c)]
	if !kept {
		return nil, dualtone.ErrNotFound
	}
	return text, nil
}

func (h *history) report(t *testing.T, q cost.Question) (cost.Overlap, string) {
	t.Helper()
	e, err := cost.Load(t.Context(), h, h, q)
	if err != nil {
		t.Fatal(err)
	}
	o, err := e.Overlap(q)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return o, string(text)
}

func (h *history) close(t *testing.T, month string) cost.Closing {
	t.Helper()
	m, err := finance.ParseMonth(month)
	if err != nil {
		t.Fatal(err)
	}
	closer := cost.Closer{Source: h, Closings: h}
	c, err := closer.CloseMonth(t.Context(), cost.Closing{Plan: "spring", Month: m, Actor: "fin", Reason: "month end"}, day("2027-04-10"), false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// learn has something become known an hour later.
func (h *history) learn(change func(*cost.Inputs)) {
	in := waves(0)
	in.KnownAt = h.known[len(h.known)-1].KnownAt.Add(time.Hour)
	change(&in)
	h.known = append(h.known, in)
}

func TestAClosedMonthStaysAsItWasAndIsCorrectedInTheNext(t *testing.T) {
	t.Parallel()
	h := &history{known: []cost.Inputs{waves(0)}}
	closed := h.close(t, "2027-02")
	february := cost.Question{AsOf: day("2027-03-31"), Span: closed.Month.Span()}
	_, before := h.report(t, february)

	// The supplier's system is found to have had E100 from 20 February on only.
	h.learn(func(in *cost.Inputs) { in.Facts.Users[0].Seats[1].From = day("2027-02-20") })
	february.KnownAt = closed.KnownAt
	if _, again := h.report(t, february); again != before {
		t.Errorf("the closed month as it was known\nwas %s\nnow %s", before, again)
	}
	now, _ := h.report(t, cost.Question{AsOf: day("2027-03-31")})
	var corrections []cost.Line
	for _, l := range now.Lines {
		if l.Corrects != "" {
			corrections = append(corrections, l)
		}
	}
	for _, l := range corrections {
		if l.Corrects != "2027-02" || l.Month.String() != "2027-03" || !l.Quantity.Equal(finance.Whole(-5)) {
			t.Errorf("a correction of %s in %s of %s, want one of 2027-02 in 2027-03 of -5", l.Corrects, l.Month, l.Quantity)
		}
	}
	if len(corrections) != 2 { // what was charged, and what was idle
		t.Errorf("%d corrections, want 2", len(corrections))
	}
	want := overlap(t, h.known[1], cost.Question{})
	if now.SeatDays != want.SeatDays {
		t.Errorf("%d seat-days, want %d", now.SeatDays, want.SeatDays)
	}
	if diff := now.Waste.Sub(want.Waste).Amount; diff.Cmp(finance.MustExact("0.02")) > 0 || diff.Cmp(finance.MustExact("-0.02")) < 0 {
		t.Errorf("with its correction the waste is %s, and %s without closed months", now.Waste, want.Waste)
	}
}

func TestWhatCameBetweenTwoClosingsIsCorrectedOnce(t *testing.T) {
	t.Parallel()
	h := &history{known: []cost.Inputs{waves(0)}}
	h.close(t, "2027-02")
	h.learn(func(in *cost.Inputs) { in.Facts.Users[0].Seats[1].From = day("2027-02-20") })
	march := h.close(t, "2027-03")
	q := cost.Question{AsOf: day("2027-04-05")}
	o, before := h.report(t, q)
	lines := 0
	for _, l := range o.Lines {
		if l.Corrects != "" {
			lines++
			if l.Month != march.Month {
				t.Errorf("a correction in %s", l.Month)
			}
		}
	}
	if lines != 2 {
		t.Errorf("%d corrections, want 2", lines)
	}
	h.learn(func(in *cost.Inputs) {
		in.Facts.Users[0].Seats[1].From = day("2027-02-20")
		in.Facts.Users[1].Seats[0].To = day("2027-03-20")
	})
	q.KnownAt = march.KnownAt
	if _, again := h.report(t, q); again != before {
		t.Error("a report as it was known at the closing changed")
	}
	q.KnownAt = time.Time{}
	o, _ = h.report(t, q)
	months := map[string]int{}
	for _, l := range o.Lines {
		if l.Corrects != "" {
			months[l.Month.String()+" of "+l.Corrects]++
		}
	}
	if months["2027-03 of 2027-02"] != 2 || months["2027-04 of 2027-03"] != 2 || months["2027-04 of 2027-02"] != 0 {
		t.Errorf("corrections by month: %v", months)
	}
}

func TestAMonthThatIsNotOverIsNotClosed(t *testing.T) {
	t.Parallel()
	h := &history{known: []cost.Inputs{waves(0)}}
	closer := cost.Closer{Source: h, Closings: h}
	april, _ := finance.ParseMonth("2027-04")
	if _, err := closer.CloseMonth(t.Context(), cost.Closing{Plan: "spring", Month: april, Reason: "too early"}, day("2027-04-30"), true); err == nil {
		t.Error("closed on its last day")
	}
}

func TestAReopenedMonthFollowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	h := &history{known: []cost.Inputs{waves(0)}}
	c := h.close(t, "2027-02")
	h.learn(func(in *cost.Inputs) { in.Facts.Users[0].Seats[1].From = day("2027-02-20") })
	c.KnownAt, c.Reason = h.known[1].KnownAt, "wrong seats"
	if _, err := h.ReopenMonth(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	o, _ := h.report(t, cost.Question{AsOf: day("2027-03-31")})
	for _, l := range o.Lines {
		if l.Corrects != "" {
			t.Errorf("%s is corrected in %s, and it is open", l.Corrects, l.Month)
		}
	}
}

// TestWhereAMonthIsCutIsNoCorrection: an invoice that comes, and another price in the plan,
// cut the days of a month anew, and nothing of what was paid became known otherwise.
func TestWhereAMonthIsCutIsNoCorrection(t *testing.T) {
	t.Parallel()
	in := waves(0)
	in.Facts.Users = slices.Clone(in.Facts.Users)
	for i := range in.Facts.Users {
		u := &in.Facts.Users[i]
		u.Seats = slices.Clone(u.Seats)
		u.Seats[1].From = day("2027-02-22")
	}
	approved := in.Book
	before := approved.Contracts[0]
	after := before
	after.Items = slices.Clone(after.Items)
	after.Items[0].Price.Amount = finance.MustExact("77.00")
	before.Valid.To, after.Valid.From = day("2027-02-19"), day("2027-02-20")
	approved.Contracts = append([]contract.Contract{before, after}, approved.Contracts[1:]...)
	in.Approved = &approved
	h := &history{known: []cost.Inputs{in}}
	h.close(t, "2027-02")
	h.learn(func(now *cost.Inputs) {
		in.KnownAt = now.KnownAt
		in.Facts.Invoices = []cost.InvoiceLine{{
			Invoice: "R-1", Contract: in.Book.Contracts[0].ID, Item: "trunk", Period: finance.Span{From: day("2027-02-05"), To: day("2027-02-18")},
			Quantity: finance.Whole(1), Amount: finance.Money{Amount: finance.Whole(1), Currency: "GBP"},
		}}
		*now = in
	})
	o, _ := h.report(t, cost.Question{AsOf: day("2027-03-31")})
	for _, l := range o.Lines {
		if l.Corrects != "" {
			t.Errorf("%s seat-days of %s on %s are a correction of %s", l.Quantity, l.Class, l.Days, l.Corrects)
		}
	}
}
