package activities

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/internal/mail"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

// shelf is a book and a ledger in memory.
type shelf struct {
	mu   sync.Mutex
	of   delivery.Delivery
	runs map[string]delivery.Run
}

func (s *shelf) Put(context.Context, delivery.Delivery) error { return nil }

func (s *shelf) Remove(context.Context, string) error { return nil }

func (s *shelf) List(context.Context, string, int) ([]delivery.Delivery, error) { return nil, nil }

func (s *shelf) Get(_ context.Context, name string) (delivery.Delivery, error) {
	if name != s.of.Name {
		return delivery.Delivery{}, fmt.Errorf("delivery %s: %w", name, dualtone.ErrNotFound)
	}
	return s.of, nil
}

func (s *shelf) Begin(_ context.Context, r delivery.Run) (delivery.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.runs[r.Key]; ok {
		return was, nil
	}
	s.runs[r.Key] = r
	return r, nil
}

func (s *shelf) End(_ context.Context, r delivery.Run) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[r.Key] = r
	return nil
}

func (s *shelf) Runs(context.Context, delivery.RunsQuery) ([]delivery.Run, error) { return nil, nil }

// books are a source of two contracts and one person; asked is what it was asked.
type books struct {
	asked []cost.Question
}

func (b *books) Inputs(_ context.Context, q cost.Question) (cost.Inputs, error) {
	b.asked = append(b.asked, q)
	day := func(text string) finance.Day {
		d, err := finance.ParseDay(text)
		if err != nil {
			panic(err)
		}
		return d
	}
	seats := func(id, system, price string) contract.Contract {
		return contract.Contract{
			ID: contract.ID(id), System: system, Currency: "GBP", Term: contract.Term{From: day("2026-01-01"), To: day("2028-12-31")},
			Items: []contract.Item{{ID: "seat", Kind: contract.License, Price: contract.Price{Amount: finance.MustExact(price), Per: contract.PerMonth}}},
		}
	}
	return cost.Inputs{
		Plan: cost.Plan{Name: "spring", Old: "pbx", New: "cloud"},
		Book: cost.Book{Name: "book", Currency: "GBP", Contracts: []contract.Contract{seats("old", "pbx", "30.00"), seats("new", "cloud", "75.00")}},
		AsOf: q.AsOf, KnownAt: q.KnownAt,
		Facts: cost.Facts{Users: []cost.User{{ID: "E1", Expected: day("2027-04-15"), Planned: day("2027-04-15"), Seats: []cost.Seat{
			{System: "pbx", From: day("2026-01-01")}, {System: "cloud", From: day("2027-03-01")},
		}}}},
	}, nil
}

func (*books) CloseMonth(_ context.Context, c cost.Closing, _ []byte) (cost.Closing, error) {
	return c, nil
}

func (*books) Posted(context.Context, cost.Closing) ([]byte, error) {
	return nil, dualtone.ErrNotFound
}

func (*books) ReopenMonth(_ context.Context, c cost.Closing) (cost.Closing, error) { return c, nil }

func (*books) Closings(context.Context, string, time.Time) ([]cost.Closing, error) { return nil, nil }

// postbox takes mail, after as many refusals as it is told.
type postbox struct {
	refuse []error
	taken  []mail.Message
}

func (p *postbox) Send(_ context.Context, m mail.Message) error {
	if len(p.refuse) > 0 {
		err := p.refuse[0]
		p.refuse = p.refuse[1:]
		return err
	}
	p.taken = append(p.taken, m)
	return nil
}

func monthly(format press.Format) delivery.Delivery {
	return delivery.Delivery{Name: "monthly", Format: format, Zone: "Europe/Berlin", Request: statement.Request{Report: statement.Overlap}}
}

func desk(of delivery.Delivery, mailer Mailer) (*Deliveries, *shelf, *books) {
	s, b := &shelf{of: of, runs: map[string]delivery.Run{}}, &books{}
	return &Deliveries{Book: s, Ledger: s, Costs: b, Closings: b, Mail: mailer, Root: "/"}, s, b
}

// The first of April, half past midnight in Berlin.
func began() time.Time { return time.Date(2027, 3, 31, 22, 30, 0, 0, time.UTC) }

func TestAMailIsSentOnceHoweverOftenTheRunIsTried(t *testing.T) {
	t.Parallel()
	of := monthly(press.XLSX)
	of.To = []string{"finance@example.test"}
	box := &postbox{refuse: []error{fmt.Errorf("mail server: %w", dualtone.ErrUnavailable)}}
	d, s, b := desk(of, box)
	order := DeliverOrder{Delivery: "monthly", Began: began()}
	if _, err := d.Deliver(t.Context(), order); !errors.Is(err, dualtone.ErrUnavailable) {
		t.Fatalf("a server that is away: %v", err)
	}
	for range 3 {
		done, err := d.Deliver(t.Context(), order)
		if err != nil || done.State != delivery.Done || done.Attempts != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	if len(box.taken) != 1 {
		t.Fatalf("%d mails were taken", len(box.taken))
	}
	m := box.taken[0]
	if m.Key != "monthly@2027-03-31T22:30:00Z" || m.Subject != "monthly as of 2027-03-31" || len(m.Attachments) != 1 ||
		m.Attachments[0].Name != "monthly-2027-03-31-overlap.xlsx" || !strings.Contains(m.Text, "What is paid twice") {
		t.Errorf("%s, %s, %d attachments, %s", m.Key, m.Subject, len(m.Attachments), m.Text)
	}
	if q := b.asked[0]; q.AsOf.String() != "2027-03-31" || !q.KnownAt.Equal(began()) {
		t.Errorf("asked as of %s, known at %s", q.AsOf, q.KnownAt)
	}
	if run := s.runs[m.Key]; run.Sum == "" || run.Failure != "" || run.Ended.IsZero() {
		t.Errorf("%+v", run)
	}
}

func TestARefusalForGoodIsKnownAsThat(t *testing.T) {
	t.Parallel()
	of := monthly(press.PDF)
	of.To = []string{"nobody@example.test"}
	d, s, _ := desk(of, &postbox{refuse: []error{fmt.Errorf("no such mailbox: %w", dualtone.ErrDenied)}})
	if _, err := d.Deliver(t.Context(), DeliverOrder{"monthly", began()}); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("got %v", err)
	}
	if run := s.runs["monthly@2027-03-31T22:30:00Z"]; run.State != delivery.Failed || !strings.Contains(run.Failure, "no such mailbox") {
		t.Errorf("%+v", run)
	}
	d.Mail = nil
	if _, err := d.Deliver(t.Context(), DeliverOrder{"monthly", began().Add(time.Hour)}); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), "notify.mail.server") {
		t.Errorf("without a mail server: %v", err)
	}
}

func TestFilesInAFolderAreTheSameWhenTheRunIsTriedAgain(t *testing.T) {
	t.Parallel()
	for format, want := range map[press.Format][]string{
		press.XLSX:  {"monthly-20270331T223000Z.xlsx"},
		press.Focus: {"monthly-20270331T223000Z/cost_and_usage.csv", "monthly-20270331T223000Z/contract_commitment.csv"},
	} {
		of := monthly(format)
		of.Folder = filepath.Join(t.TempDir(), "reports")
		d, s, _ := desk(of, nil)
		first, err := d.Deliver(t.Context(), DeliverOrder{"monthly", began()})
		if err != nil {
			t.Fatal(err)
		}
		before := contents(t, of.Folder, want)
		clear(s.runs) // As if the worker had been lost before it could tell.
		again, err := d.Deliver(t.Context(), DeliverOrder{"monthly", began()})
		if err != nil || again.Sum != first.Sum || contents(t, of.Folder, want) != before {
			t.Errorf("%s: other files the second time: %v", format, err)
		}
		left, err := filepath.Glob(filepath.Join(of.Folder, ".dualtone-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

func contents(t *testing.T, folder string, names []string) string {
	t.Helper()
	var all strings.Builder
	for _, n := range names {
		text, err := os.ReadFile(filepath.Join(folder, n)) //nolint:gosec // A folder of this test.
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
