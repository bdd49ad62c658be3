package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
)

// Audit is who did what, as the database keeps it.
type Audit struct {
	pool *pgxpool.Pool
}

var _ audit.Log = (*Audit)(nil)

// NewAudit returns the audit of a database.
func NewAudit(pool *pgxpool.Pool) *Audit { return &Audit{pool: pool} }

// Record appends an entry in a transaction of its own.
func (s *Audit) Record(ctx context.Context, e audit.Entry) error {
	return again(ctx, "audit", func() error { return note(ctx, s.pool, e) })
}

// note appends an entry in the transaction of what it records. It is the last
// statement of the transaction: until it ends, nobody else can append. What a request
// with a key has stored is noted at the key, too.
func note(ctx context.Context, q querier, e audit.Entry) error {
	cause, _ := audit.CauseOf(ctx)
	e = cause.Fill(e)
	if e.Actor == "" {
		return fmt.Errorf("%s of %s: nobody stands for it: %w", e.Action, e.Object, dualtone.ErrInvalid)
	}
	_, err := q.Exec(ctx, `SELECT audit_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.Actor, e.Role, e.Via, e.Action, e.Object, e.Outcome, e.Reason, raw(e.Before), raw(e.After), e.Request)
	if err != nil || e.Outcome != audit.Changed {
		return err
	}
	return mark(ctx, q)
}

// changed is an entry for what was stored, with what was before and is after; nil
// for nothing.
func changed(action, object string, before, after any) (audit.Entry, error) {
	e := audit.Entry{Action: action, Object: object, Outcome: audit.Changed}
	for _, d := range []struct {
		to   *json.RawMessage
		from any
	}{{&e.Before, before}, {&e.After, after}} {
		if d.from == nil {
			continue
		}
		text, err := json.Marshal(d.from)
		if err != nil {
			return e, fmt.Errorf("audit of %s: %w", object, err)
		}
		*d.to = text
	}
	return e, nil
}

// noteChange appends what was stored.
func noteChange(ctx context.Context, q querier, action, object string, before, after any) error {
	return noteBy(ctx, q, "", action, object, before, after)
}

// noteBy appends what somebody stored.
func noteBy(ctx context.Context, q querier, actor, action, object string, before, after any) error {
	e, err := changed(action, object, before, after)
	if err != nil {
		return err
	}
	e.Actor = actor
	return note(ctx, q, e)
}

func raw(doc json.RawMessage) *string {
	if len(doc) == 0 {
		return nil
	}
	text := printable(string(doc))
	return &text
}

type auditRow struct {
	Serial  int64
	At      time.Time
	Actor   string
	Role    string
	Via     string
	Action  string
	Object  string
	Outcome audit.Outcome
	Reason  string
	Before  *string
	After   *string
	Request string
	Hash    string
}

func (r auditRow) entry() audit.Entry {
	e := audit.Entry{
		Serial: r.Serial, At: r.At.UTC(), Actor: r.Actor, Role: r.Role, Via: r.Via, Action: r.Action, Object: r.Object,
		Outcome: r.Outcome, Reason: r.Reason, Request: r.Request, Hash: r.Hash,
	}
	if r.Before != nil {
		e.Before = json.RawMessage(*r.Before)
	}
	if r.After != nil {
		e.After = json.RawMessage(*r.After)
	}
	return e
}

// Entries returns entries in the order of their serials.
func (s *Audit) Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error) {
	var f filter
	f.equal("actor", q.Actor)
	f.equal("object", q.Object)
	switch {
	case q.Action != "" && q.Action[len(q.Action)-1] == '.':
		f.add("starts_with(action, %s)", q.Action)
	default:
		f.equal("action", q.Action)
	}
	if len(q.Outcomes) > 0 {
		f.add("outcome = ANY(%s)", q.Outcomes)
	}
	if !q.Since.IsZero() {
		f.add("at >= %s", q.Since)
	}
	if !q.Until.IsZero() {
		f.add("at < %s", q.Until)
	}
	order, beyond := "serial", "serial > %s"
	if q.Newest {
		order, beyond = "serial DESC", "serial < %s"
	}
	if q.After > 0 {
		f.add(beyond, q.After)
	}
	return listed(ctx, s.pool, "audit", `
		SELECT serial, at, actor, role, via, action, object, outcome, reason, before::text, after::text, request, hash
		FROM audit`+f.where()+` ORDER BY `+order+f.limit(q.Limit), f.args, auditRow.entry)
}

// Head is the end of the chain.
func (s *Audit) Head(ctx context.Context) (serial int64, hash string, err error) {
	err = again(ctx, "audit", func() error {
		return s.pool.QueryRow(ctx, `SELECT serial, hash FROM audit_head`).Scan(&serial, &hash)
	})
	return serial, hash, err
}

// auditor owns the audit once it is guarded. Nobody signs in as it.
const auditor = "dualtone_auditor"

// Guard gives the audit to a role of its own, so that the users who own the rest of
// the schema can add to it and read it, and nothing else. It takes an administrator
// of the database, and may be run again.
func (s *Audit) Guard(ctx context.Context) error {
	err := again(ctx, "audit guard", func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			var known bool
			if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, auditor).Scan(&known); err != nil {
				return err
			}
			statements := []string{
				`ALTER TABLE audit OWNER TO ` + auditor, `ALTER TABLE audit_head OWNER TO ` + auditor,
				`ALTER FUNCTION audit_append OWNER TO ` + auditor,
				`REVOKE ALL ON audit, audit_head FROM PUBLIC`,
				`GRANT SELECT ON audit, audit_head TO PUBLIC`,
				`GRANT EXECUTE ON FUNCTION audit_append TO PUBLIC`,
				`GRANT USAGE ON SCHEMA public TO ` + auditor,
			}
			if !known {
				statements = slices.Insert(statements, 0, `CREATE ROLE `+auditor+` NOLOGIN`)
			}
			for _, statement := range statements {
				if _, err := tx.Exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if errors.Is(err, dualtone.ErrDenied) {
		return fmt.Errorf("%w; it takes an administrator of the database, such as its superuser", err)
	}
	return err
}

// Guarded reports whether the user that this program signs in as can neither
// change the audit nor switch off what keeps it from that.
func (s *Audit) Guarded(ctx context.Context) (bool, error) {
	var guarded bool
	err := again(ctx, "audit guard", func() error {
		return s.pool.QueryRow(ctx, `
			SELECT NOT bool_or(pg_has_role(c.relowner, 'MEMBER') OR pg_has_role(n.nspowner, 'MEMBER') OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER'))
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid IN ('audit'::regclass, 'audit_head'::regclass)`).Scan(&guarded)
	})
	return guarded, err
}
