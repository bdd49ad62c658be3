package postgres

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/finance/sample"
)

func date(text string) finance.Day {
	d, err := finance.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// book is a book of two contracts at a price.
func book(price string) contract.Version {
	of := func(id, system, price, from, to string) contract.Contract {
		return contract.Contract{
			ID: contract.ID(id), System: system, Currency: "GBP", Term: contract.Term{From: date(from), To: date(to)},
			Items: []contract.Item{{ID: "seat", Kind: contract.License, Price: contract.Price{Amount: finance.MustExact(price), Per: contract.PerMonth}}},
		}
	}
	return contract.Version{Author: "fin", Source: price, Document: contract.Document{File: contract.File{
		APIVersion: contract.APIVersion, Kind: contract.Kind, Metadata: contract.Metadata{Name: "telephony", Owner: "fin"},
		Spec: contract.Spec{Currency: "GBP", Contracts: []contract.Contract{
			of("pbx", "pbx", price, "2024-04-01", "2027-03-31"), of("cloud", "cloud", "75.00", "2027-02-15", "2030-02-14"),
		}},
	}}}
}

func saveContracts(t *testing.T, pool *pgxpool.Pool, price string) contract.Version {
	t.Helper()
	v, err := NewContracts(pool).Save(t.Context(), book(price))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestContractsAreKeptByWhenTheyHoldAndWhenTheyWereKnown(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	store := NewContracts(pool)
	if _, err := store.Book(t.Context(), "", time.Time{}); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("before any: %v", err)
	}
	first := saveContracts(t, pool, "30.00")
	if again := saveContracts(t, pool, "30.00"); again.Number != 1 || !again.KnownFrom.Equal(first.KnownFrom) {
		t.Errorf("the same twice is version %d", again.Number)
	}
	second := saveContracts(t, pool, "31.00")
	for _, c := range []struct {
		at   time.Time
		want string
	}{{first.KnownFrom, "30"}, {second.KnownFrom.Add(-time.Microsecond), "30"}, {second.KnownFrom, "31"}, {time.Time{}, "31"}} {
		v, err := store.Book(t.Context(), "telephony", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Document.File.Spec.Contracts[0].Items[0].Price.Amount.String(); got != c.want {
			t.Errorf("known at %s: %s, want %s", c.at, got, c.want)
		}
	}
	held, err := store.Held(t.Context(), contract.HeldQuery{History: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range held {
		got = append(got, string(h.Contract.ID)+" "+h.ValidFrom.String()+" "+h.ValidTo.String())
	}
	want := []string{"cloud 2027-02-15 2030-02-14", "pbx 2024-04-01 2027-03-31", "pbx 2024-04-01 2027-03-31"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if len(held) == 3 && (held[0].Number != 1 || !held[0].KnownUntil.IsZero() || !held[1].KnownUntil.Equal(second.KnownFrom) || held[2].Number != 2) {
		t.Errorf("what did not change is known since it was: %+v", held)
	}
	if now, err := store.Held(t.Context(), contract.HeldQuery{System: "pbx", On: date("2027-01-01")}); err != nil || len(now) != 1 || now[0].Number != 2 {
		t.Errorf("for the PBX now: %+v, %v", now, err)
	}
}

func money(t *testing.T, pool *pgxpool.Pool, q cost.Question) (cost.Overlap, string) {
	t.Helper()
	store := NewFinance(pool)
	e, err := cost.Load(t.Context(), store, store, q)
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

func spring() cost.Plan {
	return cost.Plan{Name: "spring", Old: "pbx", New: "cloud", Before: 7, After: map[string]int{"": 7}}
}

func seated(id, newFrom, switched string) cost.User {
	return cost.User{
		ID: dualtone.PersonID(id), CostCenter: "CC1",
		Seats:    []cost.Seat{{System: "pbx", From: date("2026-01-01")}, {System: "cloud", From: date(newFrom)}},
		Switches: []cost.Switch{{Day: date(switched), To: dualtone.New}},
	}
}

func keepFacts(t *testing.T, pool *pgxpool.Pool, users ...cost.User) cost.Kept {
	t.Helper()
	kept, err := NewFinance(pool).KeepPlan(t.Context(), spring(), users)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestFactsAreKeptOnceAndStayAsTheyWereKnown(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	store := NewFinance(pool)
	saveContracts(t, pool, "30.00")
	if _, err := store.Inputs(t.Context(), cost.Question{Plan: "spring"}); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("before any sampling: %v", err)
	}
	a, b := seated("a", "2027-02-15", "2027-03-02"), seated("b", "2027-02-15", "2027-03-09")
	if kept := keepFacts(t, pool, a, b); kept != (cost.Kept{New: 2}) {
		t.Errorf("first: %+v", kept)
	}
	q := cost.Question{Plan: "spring", AsOf: date("2027-03-31")}
	first, before := money(t, pool, q)
	if kept := keepFacts(t, pool, b, a); kept != (cost.Kept{Same: 2}) {
		t.Errorf("the same again: %+v", kept)
	}
	if second, _ := money(t, pool, q); !second.KnownAt.Equal(first.KnownAt) {
		t.Error("the same again became known anew")
	}
	a.Seats[1].From = date("2027-02-20")
	if kept := keepFacts(t, pool, a); kept != (cost.Kept{Changed: 1, Gone: 1}) {
		t.Errorf("changed and gone: %+v", kept)
	}
	if now, _ := money(t, pool, q); now.SeatDays != 40 || now.Seats != 1 {
		t.Errorf("now %d seat-days of %d seats, want 40 of 1", now.SeatDays, now.Seats)
	}
	q.KnownAt = first.KnownAt
	if _, again := money(t, pool, q); again != before {
		t.Errorf("as it was known\nwas %s\nnow %s", before, again)
	}
}

func TestFiguresMinutesAndInvoicesAreKept(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	store := NewFinance(pool)
	saveContracts(t, pool, "30.00")
	keepFacts(t, pool, seated("a", "2027-02-15", "2027-03-02"))
	for i, used := range []int{300, 300, 301} {
		if _, err := store.KeepFigures(t.Context(), "pbx", date("2027-03-01")+finance.Day(i), []cost.Figure{{License: "Agent", Used: used, Total: 320}}); err != nil {
			t.Fatal(err)
		}
	}
	span := finance.Span{From: date("2027-03-01"), To: date("2027-03-31")}
	for _, seconds := range []int64{90, 60} {
		if _, err := store.KeepMinutes(t.Context(), span, []cost.Minutes{{System: "pbx", Day: date("2027-03-03"), Seconds: seconds}}); err != nil {
			t.Fatal(err)
		}
	}
	line := cost.InvoiceLine{
		Invoice: "4711", Contract: "pbx", Item: "seat", Period: span, Quantity: finance.Whole(300),
		Amount: finance.Money{Amount: finance.MustExact("9000.00"), Currency: "GBP"},
	}
	if kept, err := store.KeepInvoice(t.Context(), "fin", "4711", []cost.InvoiceLine{line}); err != nil || kept.New != 1 {
		t.Fatalf("%+v, %v", kept, err)
	}
	in, err := store.Inputs(t.Context(), cost.Question{AsOf: span.To})
	if err != nil {
		t.Fatal(err)
	}
	want := cost.Facts{
		Users:    in.Facts.Users,
		Minutes:  []cost.Minutes{{System: "pbx", Day: date("2027-03-03"), Seconds: 60}},
		Figures:  []cost.Figure{{System: "pbx", License: "Agent", Span: finance.Span{From: span.From, To: span.From + 1}, Used: 300, Total: 320}, {System: "pbx", License: "Agent", Span: finance.Span{From: span.From + 2, To: span.From + 2}, Used: 301, Total: 320}},
		Invoices: []cost.InvoiceLine{line},
	}
	if diff := cmp.Diff(want, in.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if all, err := store.Invoices(t.Context(), cost.InvoiceQuery{Invoice: "4711"}); err != nil || len(all) != 1 || all[0].Line != 1 {
		t.Errorf("invoices: %+v, %v", all, err)
	}
}

func TestHowAPlanStandsIsKeptAsItStoodLast(t *testing.T) {
	t.Parallel()
	store := NewFinance(newPool(t))
	if _, err := store.Standing(t.Context(), "spring"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("before any: %v", err)
	}
	pounds := func(text string) finance.Money {
		return finance.Money{Amount: finance.MustExact(text), Currency: "GBP"}
	}
	budget := pounds("200.00")
	want := cost.Standing{
		AsOf: date("2026-11-26"), Waste: pounds("48869.44"), Budget: &budget, Day: cost.Point{Days: 1, Cash: pounds("0.00"), Waste: pounds("435.49")},
		Step:     &cost.Step{Days: 3, Contract: "pbx", Reason: cost.StillNeeded, Day: date("2027-03-06"), Until: date("2028-03-06"), Cash: pounds("33600.00"), Whole: pounds("33600.00"), Text: "it goes on"},
		Warnings: []cost.Warning{{Kind: cost.NoticeNear, Contract: "pbx", Day: date("2026-12-04"), Text: "notice is due"}},
	}
	for _, st := range []cost.Standing{{Unknown: "no rate from USD"}, want} {
		if err := store.KeepStanding(t.Context(), "spring", st); err != nil {
			t.Fatal(err)
		}
		got, err := store.Standing(t.Context(), "spring")
		if st.Unknown != "" {
			if !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), st.Unknown) {
				t.Errorf("what cannot be told: %v", err)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
	}
}

func TestMonthsAreClosedInTheirOrderAndReopenedFromTheLast(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	store := NewFinance(pool)
	saveContracts(t, pool, "30.00")
	keepFacts(t, pool, seated("a", "2027-02-15", "2027-03-02"))
	closer := cost.Closer{Source: store, Closings: store}
	month := func(text string) cost.Closing {
		m, err := finance.ParseMonth(text)
		if err != nil {
			t.Fatal(err)
		}
		return cost.Closing{Plan: "spring", Month: m, Actor: "fin", Reason: "month end"}
	}
	today := date("2027-05-02")
	if _, err := closer.CloseMonth(t.Context(), month("2027-02"), today, true); err != nil {
		t.Fatal(err)
	}
	if all, err := store.Closings(t.Context(), "spring", time.Time{}); err != nil || len(all) != 0 {
		t.Fatalf("a dry run kept %v, %v", all, err)
	}
	february, err := closer.CloseMonth(t.Context(), month("2027-02"), today, false)
	if err != nil {
		t.Fatal(err)
	}
	q := cost.Question{Plan: "spring", AsOf: date("2027-03-31"), KnownAt: february.KnownAt}
	_, before := money(t, pool, q)
	keepFacts(t, pool, seated("a", "2027-02-20", "2027-03-02"))
	if _, again := money(t, pool, q); again != before {
		t.Errorf("as it was closed\nwas %s\nnow %s", before, again)
	}
	o, _ := money(t, pool, cost.Question{Plan: "spring", AsOf: date("2027-03-31")})
	corrections := 0
	for _, l := range o.Lines {
		if l.Corrects == "2027-02" && l.Month.String() == "2027-03" {
			corrections++
		}
	}
	if corrections != 2 || len(o.Notes) != 0 {
		t.Errorf("%d corrections, notes %v; want 2 and none", corrections, o.Notes)
	}
	for _, text := range []string{"2027-02", "2027-04"} {
		if _, err := closer.CloseMonth(t.Context(), month(text), today, false); !errors.Is(err, dualtone.ErrConflict) {
			t.Errorf("closing %s: %v", text, err)
		}
	}
	stale := month("2027-03")
	stale.KnownAt = february.KnownAt
	if _, err := store.CloseMonth(t.Context(), stale, []byte("{}")); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("closing what more became known of: %v", err)
	}
	if _, err := store.ReopenMonth(t.Context(), month("2027-01")); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("reopening another month: %v", err)
	}
	without := month("2027-02")
	without.Reason = ""
	if _, err := store.ReopenMonth(t.Context(), without); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("reopening without a reason: %v", err)
	}
	if _, err := store.ReopenMonth(t.Context(), month("2027-02")); err != nil {
		t.Fatal(err)
	}
	if _, again := money(t, pool, q); again != before {
		t.Error("as it was closed changed when it was reopened")
	}
	if _, err := pool.Exec(t.Context(), "DELETE FROM finance_closings"); err == nil {
		t.Error("a closing was deleted")
	}
}

func TestWhatTheWorkflowsWroteIsSampled(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 2)
	w := planned("s1", agent(1))
	w.Before[cutover.OldSeat] = cutover.Value{Seat: &dualtone.Seat{Enabled: true, Licenses: []string{"Agent"}}}
	w = keep(t, pool, w)
	gave := reached(w, "", time.Minute)
	gave.Kind, gave.Facet, gave.To = cutover.Wrote, cutover.NewSeat, &cutover.Value{Seat: &dualtone.Seat{Enabled: true, Licenses: []string{"Basic"}}}
	record(t, pool, gave, reached(w, cutover.OnNew, time.Hour))
	all, err := NewFinance(pool).Sampled(t.Context(), "spring")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].ID != "p001" || all[0].Old.IsZero() || all[1].Old.IsZero() || len(all[1].Reached) != 0 {
		t.Fatalf("sampled: %+v", all)
	}
	want := []sample.Reached{{At: noon().Add(time.Hour), Side: dualtone.New}}
	if diff := cmp.Diff(want, all[0].Reached); diff != "" {
		t.Errorf("reached (-want +got):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, s := range all[0].Seats {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(text)] = true
	}
	for _, s := range []sample.Seen{
		{At: noon(), Side: dualtone.Old, Enabled: true, Found: true, Licenses: []string{"Agent"}},
		{At: noon(), Side: dualtone.New, Found: true},
		{At: noon().Add(time.Minute), Side: dualtone.New, Enabled: true, Licenses: []string{"Basic"}},
	} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if !seen[string(text)] {
			t.Errorf("%s is not among %v", text, seen)
		}
	}
	if m, err := NewFinance(pool).Hairpins(t.Context(), finance.Span{From: date("2027-03-01"), To: date("2027-03-31")}, sample.Between{Zone: "Europe/London"}); err != nil || len(m) != 0 {
		t.Errorf("minutes without calls: %v, %v", m, err)
	}
}
