package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

type financeClosingRow struct {
	Serial  int64
	Plan    string
	Month   time.Time
	Kind    cost.ClosingKind
	KnownAt time.Time
	Digest  string
	Actor   string
	Reason  string
	At      time.Time
}

func (r financeClosingRow) closing() cost.Closing {
	return cost.Closing{
		Plan: r.Plan, Month: finance.MonthOf(r.Month), Kind: r.Kind, KnownAt: r.KnownAt.UTC(), Digest: r.Digest,
		Actor: r.Actor, Reason: r.Reason, At: r.At.UTC(),
	}
}

const financeClosingColumns = `serial, plan, month, kind, known_at, digest, actor, reason, at`

// Closings returns what was done to the months of a plan, oldest first.
func (s *Finance) Closings(ctx context.Context, plan string, knownAt time.Time) ([]cost.Closing, error) {
	var all []cost.Closing
	err := again(ctx, "closed months of "+plan, func() (err error) {
		all, err = readFinanceClosings(ctx, s.pool, plan, knownAt)
		return err
	})
	return all, err
}

func readFinanceClosings(ctx context.Context, q querier, plan string, knownAt time.Time) ([]cost.Closing, error) {
	var f filter
	f.equal("plan", plan)
	if !knownAt.IsZero() {
		f.add("known_at <= %s", stored(knownAt))
	}
	found, err := rows[financeClosingRow](ctx, q, `SELECT `+financeClosingColumns+` FROM finance_closings`+f.where()+` ORDER BY serial`, f.args...)
	all := make([]cost.Closing, 0, len(found))
	for _, r := range found {
		all = append(all, r.closing())
	}
	return all, err
}

// Posted returns what a closed month holds.
func (s *Finance) Posted(ctx context.Context, c cost.Closing) ([]byte, error) {
	var text []byte
	err := again(ctx, fmt.Sprintf("%s of plan %s as it was closed", c.Month, c.Plan), func() error {
		return s.pool.QueryRow(ctx, `
			SELECT content FROM finance_posted JOIN finance_closings USING (serial) WHERE plan = $1 AND month = $2 AND known_at = $3`,
			c.Plan, c.Month.First().Time(), stored(c.KnownAt)).Scan((*rawBytes)(&text))
	})
	return text, err
}

// CloseMonth closes a month as it was known at a time, after which nothing may have
// become known.
func (s *Finance) CloseMonth(ctx context.Context, c cost.Closing, posted []byte) (cost.Closing, error) {
	c.Kind = cost.Close
	return s.do(ctx, c, posted, func(latest time.Time, closed []cost.Closing) error {
		if !stored(c.KnownAt).Equal(latest) {
			return fmt.Errorf("more has become known since %s; close it again: %w", c.KnownAt.Format(time.RFC3339Nano), dualtone.ErrConflict)
		}
		return cost.MayClose(c.Month, closed)
	})
}

// ReopenMonth opens the last closed month of a plan again.
func (s *Finance) ReopenMonth(ctx context.Context, c cost.Closing) (cost.Closing, error) {
	c.Kind, c.Digest = cost.Reopen, ""
	return s.do(ctx, c, nil, func(_ time.Time, closed []cost.Closing) error { return cost.MayReopen(c.Month, closed) })
}

// do keeps what is done to a month. It becomes known as every other write does, so
// a report of an earlier knowledge is not changed by it.
func (s *Finance) do(ctx context.Context, c cost.Closing, posted []byte, check func(latest time.Time, closed []cost.Closing) error) (cost.Closing, error) {
	noun := fmt.Sprintf("%s of plan %s", c.Month, c.Plan)
	if c.Reason == "" || c.Actor == "" {
		return c, fmt.Errorf("%s: want who and why: %w", noun, dualtone.ErrInvalid)
	}
	var done financeClosingRow
	err := again(ctx, noun, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			var latest time.Time
			if err := tx.QueryRow(ctx, `SELECT known_at FROM finance_knowledge FOR UPDATE`).Scan(&latest); err != nil {
				return err
			}
			all, err := readFinanceClosings(ctx, tx, c.Plan, time.Time{})
			if err != nil {
				return err
			}
			if err := check(latest.UTC(), cost.Closed(all)); err != nil {
				return err
			}
			at, err := know(ctx, tx)
			if err != nil {
				return err
			}
			done, err = keepClosing(ctx, tx, c, at, posted)
			return err
		})
	})
	if err != nil {
		return c, err
	}
	return done.closing(), nil
}

// keepClosing stores what was done to a month, and what it holds where it was
// closed, with its entry in the audit.
func keepClosing(ctx context.Context, tx pgx.Tx, c cost.Closing, at time.Time, posted []byte) (financeClosingRow, error) {
	done, err := row[financeClosingRow](ctx, tx, `
		INSERT INTO finance_closings (plan, month, kind, known_at, digest, actor, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
		RETURNING `+financeClosingColumns, c.Plan, c.Month.First().Time(), c.Kind, at, c.Digest, c.Actor, c.Reason)
	if err != nil {
		return done, err
	}
	if posted != nil {
		if _, err := tx.Exec(ctx, `INSERT INTO finance_posted (serial, content) VALUES ($1, $2)`, done.Serial, string(posted)); err != nil {
			return done, err
		}
	}
	e, err := changed("report."+string(c.Kind), fmt.Sprintf("finance/%s/%s", c.Plan, c.Month), nil, done.closing())
	if err != nil {
		return done, err
	}
	e.Actor, e.Reason = c.Actor, c.Reason
	return done, note(ctx, tx, e)
}
