package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

func readInputs(ctx context.Context, tx pgx.Tx, q cost.Question, at time.Time) (cost.Inputs, error) {
	in := cost.Inputs{AsOf: q.AsOf, KnownAt: at.UTC()}
	plans, err := rows[struct {
		Content cost.Plan
	}](ctx, tx, `SELECT content FROM finance_plans WHERE`+atKnown+` AND ($2 = '' OR plan = $2) ORDER BY plan`, at, q.Plan)
	switch {
	case err != nil:
		return in, err
	case len(plans) == 0 && q.Plan == "":
		return in, fmt.Errorf("nothing was sampled of any plan yet; workers do it every day, dualtone finance sample does it now: %w", dualtone.ErrNotFound)
	case len(plans) == 0:
		return in, fmt.Errorf("nothing was sampled of a plan %q yet; workers do it every day, dualtone finance sample does it now: %w", q.Plan, dualtone.ErrNotFound)
	case len(plans) > 1:
		several := &cost.SeveralError{}
		for i := range plans {
			several.Plans = append(several.Plans, plans[i].Content.Name)
		}
		return in, several
	}
	in.Plan = plans[0].Content
	if in.Book, err = bookAt(ctx, tx, in.Plan.Book, at); err != nil {
		return in, err
	}
	if approved := in.Plan.Approved; !approved.IsZero() {
		then, err := bookAt(ctx, tx, in.Plan.Book, approved)
		if err == nil {
			in.Approved = &then
		} else if !noSuch(err) {
			return in, err
		}
	}
	in.Facts, err = readFacts(ctx, tx, in.Plan.Name, in.AsOf, at)
	return in, err
}

// bookAt is a book of contracts as an engine takes it.
func bookAt(ctx context.Context, tx pgx.Tx, name string, at time.Time) (cost.Book, error) {
	v, err := readBook(ctx, tx, name, at)
	if noSuch(err) {
		return cost.Book{}, fmt.Errorf("no contracts were imported yet; dualtone finance contracts import FILE keeps them: %w", dualtone.ErrNotFound)
	}
	if err != nil {
		return cost.Book{}, err
	}
	return cost.BookOf(&v.Document), nil
}

func readFacts(ctx context.Context, tx pgx.Tx, plan string, asOf finance.Day, at time.Time) (cost.Facts, error) {
	var facts cost.Facts
	var err error
	if facts.Users, err = readPeople(ctx, tx, plan, asOf, at); err != nil {
		return facts, err
	}
	if facts.Minutes, err = readMinutes(ctx, tx, at); err != nil {
		return facts, err
	}
	if facts.Figures, err = readFigures(ctx, tx, at); err != nil {
		return facts, err
	}
	invoices, err := rows[struct{ Content cost.InvoiceLine }](ctx, tx, `SELECT content FROM finance_invoices WHERE`+atKnown+` ORDER BY invoice, line`, at)
	for _, r := range invoices {
		facts.Invoices = append(facts.Invoices, r.Content)
	}
	return facts, err
}

// readPeople reads the facts of people. Of many the same is known, so what is known
// is read once and shared.
func readPeople(ctx context.Context, tx pgx.Tx, plan string, asOf finance.Day, at time.Time) ([]cost.User, error) {
	found, err := tx.Query(ctx, `SELECT person, content FROM finance_people WHERE`+atKnown+` AND plan = $2`, at, plan)
	if err != nil {
		return nil, err
	}
	var all []cost.User
	var person string
	var content []byte
	read := map[string]cost.User{}
	_, err = pgx.ForEachRow(found, []any{&person, (*rawBytes)(&content)}, func() error {
		u, known := read[string(content)]
		if !known {
			if err := json.Unmarshal(content, &u); err != nil {
				return err
			}
			u = asItWas(u, asOf)
			read[string(content)] = u
		}
		u.ID = dualtone.PersonID(person)
		all = append(all, u)
		return nil
	})
	return all, err
}

// rawBytes scans a document without reading it.
type rawBytes []byte

// ScanBytes keeps a copy.
func (b *rawBytes) ScanBytes(v []byte) error {
	*b = append((*b)[:0], v...)
	return nil
}

// asItWas is a person on a day that is over: what came later is taken for what was
// expected to come.
func asItWas(u cost.User, asOf finance.Day) cost.User {
	for i, s := range u.Switches {
		if s.Day <= asOf {
			continue
		}
		if s.To == dualtone.New {
			u.Expected = s.Day
		}
		u.Switches = u.Switches[:i]
		break
	}
	return u
}

func readMinutes(ctx context.Context, tx pgx.Tx, at time.Time) ([]cost.Minutes, error) {
	found, err := rows[struct {
		System     string
		Day        time.Time
		CostCenter string
		Seconds    int64
	}](ctx, tx, `SELECT system, day, cost_center, seconds FROM finance_minutes WHERE`+atKnown, at)
	var all []cost.Minutes
	for _, r := range found {
		all = append(all, cost.Minutes{System: r.System, Day: finance.DayOf(r.Day), CostCenter: r.CostCenter, Seconds: r.Seconds})
	}
	return all, err
}

// readFigures joins days in a row on which a platform said the same.
func readFigures(ctx context.Context, tx pgx.Tx, at time.Time) ([]cost.Figure, error) {
	found, err := rows[struct {
		System  string
		License string
		Day     time.Time
		Used    int
		Total   int
	}](ctx, tx, `SELECT system, license, day, used, total FROM finance_figures WHERE`+atKnown+` ORDER BY system, license, day`, at)
	var all []cost.Figure
	for _, r := range found {
		day := finance.DayOf(r.Day)
		if n := len(all) - 1; n >= 0 && all[n].System == r.System && all[n].License == r.License && all[n].Span.To == day-1 && all[n].Used == r.Used && all[n].Total == r.Total {
			all[n].Span.To = day
			continue
		}
		all = append(all, cost.Figure{System: r.System, License: r.License, Span: finance.Span{From: day, To: day}, Used: r.Used, Total: r.Total})
	}
	return all, err
}

// Invoices lists the lines of invoices in their order.
func (s *Finance) Invoices(ctx context.Context, q cost.InvoiceQuery) ([]cost.HeldInvoice, error) {
	var f filter
	if q.KnownAt.IsZero() {
		f.conditions = append(f.conditions, "known_until IS NULL")
	} else {
		f.add("known_from <= %s AND (known_until IS NULL OR known_until > %s)", stored(q.KnownAt))
	}
	f.equal("invoice", q.Invoice)
	f.equal("content ->> 'contract'", q.Contract)
	if q.After.Invoice != "" {
		f.conditions = append(f.conditions, fmt.Sprintf("(invoice, line) > (%s, %s)", f.arg(q.After.Invoice), f.arg(q.After.Line)))
	}
	var all []cost.HeldInvoice
	err := again(ctx, "invoices", func() error {
		found, err := rows[struct {
			Content cost.InvoiceLine
			Line    int
		}](ctx, s.pool, `SELECT content, line FROM finance_invoices`+f.where()+` ORDER BY invoice, line`+f.limit(q.Limit), f.args...)
		all = nil
		for _, r := range found {
			all = append(all, cost.HeldInvoice{InvoiceLine: r.Content, Line: r.Line})
		}
		return err
	})
	return all, err
}
