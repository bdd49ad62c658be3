package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
)

// Care keeps the retention of the call log, and erases people from it.
type Care struct {
	pool *pgxpool.Pool
}

// NewCare returns the care of a database's call log.
func NewCare(pool *pgxpool.Pool) *Care { return &Care{pool: pool} }

// act does something in a transaction that is audited, and undone when it is
// only to be counted.
func (c *Care) act(ctx context.Context, noun string, p calllog.Purpose, do func(pgx.Tx) (calllog.AuditEntry, error)) error {
	if p.Actor == "" || p.Reason == "" {
		return fmt.Errorf("%s: who does it, and why? %w", noun, dualtone.ErrInvalid)
	}
	return again(ctx, noun, func() error {
		tx, err := c.pool.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(ctx) }() // nothing, once it is committed
		entry, err := do(tx)
		if err != nil || p.Dry {
			return err
		}
		entry.Actor, entry.Reason = p.Actor, p.Reason
		if err := noteCare(ctx, tx, entry); err != nil {
			return err
		}
		return tx.Commit(ctx)
	})
}

// noteCare keeps an entry beside the call log, and in the audit of everything.
func noteCare(ctx context.Context, q querier, e calllog.AuditEntry) error {
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return err
	}
	if _, err = q.Exec(ctx, `INSERT INTO call_audit (actor, action, reason, detail) VALUES ($1, $2, $3, $4)`,
		e.Actor, e.Action, printable(e.Reason), string(detail)); err != nil {
		return err
	}
	return note(ctx, q, audit.Entry{
		Actor: e.Actor, Reason: e.Reason, Action: "call." + e.Action, Object: "calls", Outcome: audit.Changed, After: detail,
	})
}

// Audit adds an entry.
func (c *Care) Audit(ctx context.Context, entry calllog.AuditEntry) error {
	return again(ctx, "audit of the call log", func() error {
		return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error { return noteCare(ctx, tx, entry) })
	})
}

// Audited returns entries, newest first.
func (c *Care) Audited(ctx context.Context, q calllog.AuditQuery) ([]calllog.AuditEntry, error) {
	var f filter
	f.equal("actor", q.Actor)
	f.equal("action", q.Action)
	if q.Before > 0 {
		f.add("id < %s", q.Before)
	}
	var all []calllog.AuditEntry
	err := again(ctx, "audit of the call log", func() (err error) {
		all, err = rows[calllog.AuditEntry](ctx, c.pool,
			`SELECT id, at, actor, action, reason, detail FROM call_audit`+f.where()+` ORDER BY id DESC`+f.limit(q.Limit), f.args...)
		return err
	})
	for i := range all {
		all[i].At = all[i].At.UTC()
	}
	return all, err
}

// Retain removes what is older than its retention.
func (c *Care) Retain(ctx context.Context, r calllog.Retention) (calllog.Removed, error) {
	removed := calllog.Removed{Kind: r.Kind, Before: r.Before.UTC()}
	err := c.act(ctx, "retention of "+string(r.Kind), r.Purpose, func(tx pgx.Tx) (calllog.AuditEntry, error) {
		removed.Rows, removed.Months = 0, nil
		var err error
		switch r.Kind {
		case calllog.KeptLegs:
			err = retainLegs(ctx, tx, r.Before, &removed)
		case calllog.KeptRaw:
			err = retainMonths(ctx, tx, "call_raw", "received", r.Before, &removed)
		case calllog.KeptQuarantine:
			err = remove(ctx, tx, &removed, `DELETE FROM call_quarantine WHERE at < $1 AND state IN ('released', 'dismissed')`, stored(r.Before))
		case calllog.KeptLedgers:
			// The epoch that is still open needs its ledgers to be told in part.
			err = remove(ctx, tx, &removed, `
				UPDATE call_batches b SET figures = NULL FROM call_epochs e
				WHERE e.id = b.epoch AND e.closed < $1 AND b.figures IS NOT NULL`, stored(r.Before))
		default:
			err = fmt.Errorf("want legs, raw, quarantine or ledgers: %w", dualtone.ErrInvalid)
		}
		return calllog.AuditEntry{Action: "retain " + string(r.Kind), Detail: map[string]string{
			"before": r.Before.UTC().Format(time.RFC3339), "rows": strconv.FormatInt(removed.Rows, 10), "months": strings.Join(removed.Months, " "),
		}}, err
	})
	return removed, err
}

func retainLegs(ctx context.Context, tx pgx.Tx, before time.Time, removed *calllog.Removed) error {
	if err := retainMonths(ctx, tx, "call_legs", "started_at", before, removed); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE call_knowledge SET legs_from = $1 WHERE legs_from < $1`, stored(before)); err != nil {
		return err
	}
	for _, sql := range []string{
		`DELETE FROM call_legs_history WHERE started_at < $1`,
		`DELETE FROM call_supplements WHERE coalesce(owner_start, at) < $1`,
		`DELETE FROM call_places WHERE started_at < $1`,
	} {
		if err := remove(ctx, tx, removed, sql, stored(before)); err != nil {
			return err
		}
	}
	return nil
}

func remove(ctx context.Context, tx pgx.Tx, removed *calllog.Removed, sql string, args ...any) error {
	tag, err := tx.Exec(ctx, sql, args...)
	removed.Rows += tag.RowsAffected()
	return err
}

// retainMonths drops the parts of a table that are too old as a whole, and
// deletes from the one that is so in part.
func retainMonths(ctx context.Context, tx pgx.Tx, table, column string, before time.Time, removed *calllog.Removed) error {
	found, err := tx.Query(ctx, `
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = $1::text::regclass ORDER BY 1`, table)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		start, err := time.Parse("2006_01", strings.TrimPrefix(name, table+"_"))
		if err != nil || start.AddDate(0, 1, 0).After(before) {
			continue
		}
		var n int64
		part := pgx.Identifier{name}.Sanitize()
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+part).Scan(&n); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DROP TABLE `+part); err != nil {
			return err
		}
		removed.Rows, removed.Months = removed.Rows+n, append(removed.Months, start.Format("2006-01"))
	}
	return remove(ctx, tx, removed, `DELETE FROM `+table+` WHERE `+column+` < $1`, stored(before))
}

// Erase takes one person out of the log.
func (c *Care) Erase(ctx context.Context, e calllog.Erasure) (calllog.Erased, error) {
	var done calllog.Erased
	if (e.Number == "") == (e.Agent == "") {
		return done, fmt.Errorf("erasure: want a number or an agent, one of them: %w", dualtone.ErrInvalid)
	}
	if e.Number != "" && digits(e.Number) == 0 {
		return done, fmt.Errorf("number %q: want it in E.164, such as +49301234567: %w", e.Number, dualtone.ErrInvalid)
	}
	err := c.act(ctx, "erasure", e.Purpose, func(tx pgx.Tx) (calllog.AuditEntry, error) {
		done = calllog.Erased{}
		if e.Pseudonym {
			done.Pseudonym = "person-" + strings.ToLower(rand.Text()[:10])
		}
		x := &erasing{tx: tx, done: &done}
		var err error
		what := "agent"
		if e.Number != "" {
			what, err = "number", x.number(ctx, digits(e.Number))
		} else {
			err = x.agent(ctx, string(e.Agent))
		}
		// Who it was must not stand in the audit either.
		return calllog.AuditEntry{Action: "erase", Detail: map[string]string{
			"what": what, "legs": strconv.FormatInt(done.Legs, 10), "past": strconv.FormatInt(done.Past, 10),
			"raw": strconv.FormatInt(done.Raw, 10), "quarantine": strconv.FormatInt(done.Quarantine, 10), "pseudonym": done.Pseudonym,
		}}, err
	})
	return done, err
}
