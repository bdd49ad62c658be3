package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// Finance keeps the facts of finance, each with from when to when it was known,
// and the months that were closed.
type Finance struct{ pool *pgxpool.Pool }

var (
	_ cost.Keeper   = (*Finance)(nil)
	_ cost.Source   = (*Finance)(nil)
	_ cost.Closings = (*Finance)(nil)
)

// NewFinance returns the facts of a database.
func NewFinance(pool *pgxpool.Pool) *Finance { return &Finance{pool: pool} }

// replacement replaces rows of a table: staged ones, by their key, within a scope. Rows
// that say something else are ended, new ones are begun.
type replacement struct {
	table string
	keys  string // columns, by commas
	// values are the columns that a row says.
	values string
	// same is the condition that a held row h and a staged row s have the same key.
	same string
	// equal is that they say the same.
	equal string
	// scope is the condition of the held rows that the staged ones replace, with
	// placeholders from $2 on.
	scope string
	args  []any
	// noted puts into the audit what was changed; nil where no person did.
	noted func(tx pgx.Tx, kept cost.Kept) error
}

// apply compares what is staged with what is held. Nothing becomes known by it
// when nothing changed.
func (k *replacement) apply(ctx context.Context, tx pgx.Tx) (cost.Kept, error) {
	var kept cost.Kept
	err := tx.QueryRow(ctx, fmt.Sprintf(`
		SELECT count(*) FILTER (WHERE h.known_from IS NULL), count(*) FILTER (WHERE NOT (%[3]s)),
			count(*) FILTER (WHERE s.staged IS NULL), count(*) FILTER (WHERE %[3]s)
		FROM (SELECT * FROM %[1]s WHERE known_until IS NULL AND %[4]s) h FULL JOIN staged s ON %[2]s`,
		k.table, k.same, k.equal, renumbered(k.scope)), k.args...).Scan(&kept.New, &kept.Changed, &kept.Gone, &kept.Same)
	if err != nil || kept.New+kept.Changed+kept.Gone == 0 {
		return kept, err
	}
	at, err := know(ctx, tx)
	if err != nil {
		return kept, err
	}
	args := append([]any{at}, k.args...)
	if _, err := tx.Exec(ctx, fmt.Sprintf(`
		UPDATE %[1]s h SET known_until = $1 WHERE known_until IS NULL AND %[4]s
		AND NOT EXISTS (SELECT FROM staged s WHERE %[2]s AND %[3]s)`, k.table, k.same, k.equal, k.scope), args...); err != nil {
		return kept, err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(`
		INSERT INTO %[1]s (%[3]s, %[4]s, known_from)
		SELECT %[3]s, %[4]s, $1 FROM staged s WHERE NOT EXISTS (SELECT FROM %[1]s h WHERE h.known_until IS NULL AND %[2]s)`,
		k.table, k.same, k.keys, k.values), at)
	return kept, err
}

// renumbered are placeholders from $1 on instead of $2.
func renumbered(scope string) string {
	var b []byte
	for i := 0; i < len(scope); i++ {
		b = append(b, scope[i])
		if scope[i] == '$' {
			i++
			b = append(b, scope[i]-1)
		}
	}
	return string(b)
}

// keeping stages rows and applies them in one transaction.
func (s *Finance) keeping(ctx context.Context, noun, columns string, k *replacement, staged func(tx pgx.Tx) error) (cost.Kept, error) {
	var kept cost.Kept
	err := again(ctx, noun, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			// Whoever keeps takes turns, so that two do not begin the same row.
			if _, err = tx.Exec(ctx, `SELECT FROM finance_knowledge FOR UPDATE`); err != nil {
				return err
			}
			if _, err = tx.Exec(ctx, `CREATE TEMP TABLE staged (`+columns+`, staged boolean NOT NULL DEFAULT true) ON COMMIT DROP`); err != nil {
				return err
			}
			if err = staged(tx); err != nil {
				return err
			}
			if kept, err = k.apply(ctx, tx); err != nil || k.noted == nil || kept.New+kept.Changed+kept.Gone == 0 {
				return err
			}
			return k.noted(tx, kept)
		})
	})
	return kept, err
}

// KeepPlan keeps what a plan says of money and the facts of its people.
func (s *Finance) KeepPlan(ctx context.Context, p cost.Plan, users []cost.User) (cost.Kept, error) {
	noun := "finance of plan " + p.Name
	of := replacement{
		table: "finance_plans", keys: "plan", values: "content", same: "h.plan = s.plan", equal: "h.content = s.content",
		scope: "plan = $2", args: []any{p.Name},
	}
	if _, err := s.keeping(ctx, noun, "plan text COLLATE \"C\", content jsonb", &of, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO staged (plan, content) VALUES ($1, $2)`, p.Name, p)
		return err
	}); err != nil {
		return cost.Kept{}, err
	}
	people := replacement{
		table: "finance_people", keys: "plan, person", values: "content", same: "h.plan = s.plan AND h.person = s.person",
		equal: "h.content = s.content", scope: "plan = $2", args: []any{p.Name},
	}
	return s.keeping(ctx, noun, `plan text COLLATE "C", person text COLLATE "C", content jsonb`, &people, func(tx pgx.Tx) error {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"staged"}, []string{"plan", "person", "content"}, pgx.CopyFromSlice(len(users), func(i int) ([]any, error) {
			text, err := json.Marshal(users[i])
			return []any{p.Name, string(users[i].ID), text}, err
		})); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `ANALYZE staged`)
		return err
	})
}

// KeepFigures keeps what a platform said of its licenses on a day.
func (s *Finance) KeepFigures(ctx context.Context, system string, day finance.Day, figures []cost.Figure) (cost.Kept, error) {
	k := replacement{
		table: "finance_figures", keys: "system, license, day", values: "used, total",
		same: "h.system = s.system AND h.license = s.license AND h.day = s.day", equal: "h.used = s.used AND h.total = s.total",
		scope: "system = $2 AND day = $3", args: []any{system, day.Time()},
	}
	return s.keeping(ctx, "licenses of "+system, `system text COLLATE "C", license text COLLATE "C", day date, used integer, total integer`, &k, func(tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"staged"}, []string{"system", "license", "day", "used", "total"}, pgx.CopyFromSlice(len(figures), func(i int) ([]any, error) {
			f := figures[i]
			return []any{system, f.License, day.Time(), f.Used, f.Total}, nil
		}))
		return err
	})
}

// KeepMinutes keeps all minutes of a span of days.
func (s *Finance) KeepMinutes(ctx context.Context, span finance.Span, minutes []cost.Minutes) (cost.Kept, error) {
	k := replacement{
		table: "finance_minutes", keys: "system, day, cost_center", values: "seconds",
		same: "h.system = s.system AND h.day = s.day AND h.cost_center = s.cost_center", equal: "h.seconds = s.seconds",
		scope: "day BETWEEN $2 AND $3", args: []any{span.From.Time(), span.To.Time()},
	}
	return s.keeping(ctx, "hairpin minutes", `system text COLLATE "C", day date, cost_center text COLLATE "C", seconds bigint`, &k, func(tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"staged"}, []string{"system", "day", "cost_center", "seconds"}, pgx.CopyFromSlice(len(minutes), func(i int) ([]any, error) {
			m := minutes[i]
			return []any{m.System, m.Day.Time(), m.CostCenter, m.Seconds}, nil
		}))
		return err
	})
}

// KeepInvoice keeps the lines of an invoice in the place of those that it had.
func (s *Finance) KeepInvoice(ctx context.Context, actor, invoice string, lines []cost.InvoiceLine) (cost.Kept, error) {
	k := replacement{
		table: "finance_invoices", keys: "invoice, line", values: "content, actor", same: "h.invoice = s.invoice AND h.line = s.line",
		equal: "h.content = s.content", scope: "invoice = $2", args: []any{invoice},
		noted: func(tx pgx.Tx, kept cost.Kept) error {
			return noteBy(ctx, tx, actor, string(access.FinanceWrite), "invoice/"+invoice, nil, kept)
		},
	}
	return s.keeping(ctx, "invoice "+invoice, `invoice text COLLATE "C", line integer, content jsonb, actor text`, &k, func(tx pgx.Tx) error {
		for i, l := range lines {
			if _, err := tx.Exec(ctx, `INSERT INTO staged (invoice, line, content, actor) VALUES ($1, $2, $3, $4)`, invoice, i+1, l, actor); err != nil {
				return err
			}
		}
		return nil
	})
}

// Inputs are what was known at a time of a plan.
func (s *Finance) Inputs(ctx context.Context, q cost.Question) (cost.Inputs, error) {
	var in cost.Inputs
	err := again(ctx, "finance", func() error {
		return known(ctx, s.pool, q.KnownAt, func(tx pgx.Tx, at time.Time) (err error) {
			in, err = readInputs(ctx, tx, q, at)
			return err
		})
	})
	return in, err
}
