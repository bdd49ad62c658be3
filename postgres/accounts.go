package postgres

import (
	"context"
	"time"

	"github.com/alexedwards/scs/pgxstore"
	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/access"
)

// Accounts keeps who is let in: accounts, tokens and roles for a while.
type Accounts struct {
	pool *pgxpool.Pool
}

var (
	_ access.Accounts = (*Accounts)(nil)
	_ access.Tokens   = (*Accounts)(nil)
	_ access.Grants   = (*Accounts)(nil)
)

// NewAccounts returns the accounts of a database.
func NewAccounts(pool *pgxpool.Pool) *Accounts { return &Accounts{pool: pool} }

// NewSessions keeps sessions of browsers; what has expired is swept now and then
// until stop is called.
func NewSessions(pool *pgxpool.Pool) (sessions scs.Store, stop func()) {
	const sweep = 5 * time.Minute
	s := pgxstore.NewWithCleanupInterval(pool, sweep)
	return s, s.StopCleanup
}

type accountRow struct {
	Name     string
	Kind     access.Kind
	Source   access.Source
	Roles    []access.Role
	Disabled bool
	Password string
	Created  time.Time
	By       string
}

func (r accountRow) account() access.Account {
	a := access.Account(r)
	a.Created = r.Created.UTC()
	return a
}

const accountColumns = `name, kind, source, roles, disabled, password, created, by`

// KeepAccount stores a new account.
func (s *Accounts) KeepAccount(ctx context.Context, a access.Account) error {
	return s.inAudit(ctx, "account "+a.Name, "account.manage", "account/"+a.Name, nil, a, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO accounts (name, kind, source, roles, disabled, password, created, by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			a.Name, a.Kind, a.Source, orEmpty(a.Roles), a.Disabled, a.Password, stored(a.Created), a.By)
		return err
	})
}

// ChangeAccount replaces roles, password and whether it is disabled.
func (s *Accounts) ChangeAccount(ctx context.Context, a access.Account) error {
	before, err := s.Account(ctx, a.Name)
	if err != nil {
		return err
	}
	return s.inAudit(ctx, "account "+a.Name, "account.manage", "account/"+a.Name, before, a, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE accounts SET roles = $2, disabled = $3, password = $4 WHERE name = $1`,
			a.Name, orEmpty(a.Roles), a.Disabled, a.Password)
		return err
	})
}

// Account returns one account.
func (s *Accounts) Account(ctx context.Context, name string) (access.Account, error) {
	var found accountRow
	err := again(ctx, "account "+name, func() (err error) {
		found, err = row[accountRow](ctx, s.pool, `SELECT `+accountColumns+` FROM accounts WHERE name = $1`, name)
		return err
	})
	return found.account(), err
}

// Accounts returns accounts by name.
func (s *Accounts) Accounts(ctx context.Context, after string, limit int) ([]access.Account, error) {
	var f filter
	if after != "" {
		f.add("name > %s", after)
	}
	return listed(ctx, s.pool, "accounts", `SELECT `+accountColumns+` FROM accounts`+f.where()+` ORDER BY name`+f.limit(limit), f.args, accountRow.account)
}

type tokenRow struct {
	ID       string
	Name     string
	Owner    string
	Kind     access.Kind
	Roles    []access.Role
	Created  time.Time
	Expires  time.Time
	Revoked  *time.Time
	LastUsed *time.Time
	By       string
	Sum      []byte
}

func (r tokenRow) token() access.Token {
	return access.Token{
		ID: r.ID, Name: r.Name, Owner: r.Owner, Kind: r.Kind, Roles: r.Roles, Created: r.Created.UTC(), Expires: r.Expires.UTC(),
		Revoked: utc(r.Revoked), LastUsed: utc(r.LastUsed), By: r.By, Sum: r.Sum,
	}
}

const tokenColumns = `id, name, owner, kind, roles, created, expires, revoked, last_used, by, sum` //nolint:gosec // Names of columns.

// KeepToken stores a new token.
func (s *Accounts) KeepToken(ctx context.Context, t access.Token) error {
	return s.inAudit(ctx, "token "+t.ID, "token.create", "token/"+t.ID, nil, t, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO api_tokens (id, name, owner, kind, roles, created, expires, by, sum) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			t.ID, t.Name, t.Owner, t.Kind, orEmpty(t.Roles), stored(t.Created), stored(t.Expires), t.By, t.Sum)
		return err
	})
}

// Token returns one token.
func (s *Accounts) Token(ctx context.Context, id string) (access.Token, error) {
	var found tokenRow
	err := again(ctx, "token "+id, func() (err error) {
		found, err = row[tokenRow](ctx, s.pool, `SELECT `+tokenColumns+` FROM api_tokens WHERE id = $1`, id)
		return err
	})
	return found.token(), err
}

// Revoke ends a token.
func (s *Accounts) Revoke(ctx context.Context, id string, at time.Time) error {
	t, err := s.Token(ctx, id)
	if err != nil || !t.Revoked.IsZero() {
		return err
	}
	after := t
	after.Revoked = stored(at)
	return s.inAudit(ctx, "token "+id, "token.revoke", "token/"+id, t, after, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE api_tokens SET revoked = $2 WHERE id = $1 AND revoked IS NULL`, id, stored(at))
		return err
	})
}

// Used notes when a token was last used.
func (s *Accounts) Used(ctx context.Context, id string, at time.Time) error {
	return again(ctx, "token "+id, func() error {
		_, err := s.pool.Exec(ctx, `
			UPDATE api_tokens SET last_used = $2 WHERE id = $1 AND (last_used IS NULL OR last_used < $2::timestamptz - interval '1 minute')`,
			id, stored(at))
		return err
	})
}

// Tokens returns tokens by id.
func (s *Accounts) Tokens(ctx context.Context, owner, after string, limit int) ([]access.Token, error) {
	var f filter
	f.equal("owner", owner)
	if after != "" {
		f.add("id > %s", after)
	}
	return listed(ctx, s.pool, "tokens", `SELECT `+tokenColumns+` FROM api_tokens`+f.where()+` ORDER BY id`+f.limit(limit), f.args, tokenRow.token)
}

type grantRow struct {
	ID     string
	Holder string
	Role   access.Role
	Reason string
	By     string
	Since  time.Time
	Until  time.Time
	Ended  *time.Time
}

func (r grantRow) grant() access.Grant {
	return access.Grant{
		ID: r.ID, Holder: r.Holder, Role: r.Role, Reason: r.Reason, By: r.By, From: r.Since.UTC(), Until: r.Until.UTC(), Ended: utc(r.Ended),
	}
}

const grantColumns = `id, holder, role, reason, by, since, until, ended`

// KeepGrant stores a role for a while.
func (s *Accounts) KeepGrant(ctx context.Context, g access.Grant) error {
	return s.inAudit(ctx, "role of "+g.Holder, "glass.break", "person/"+g.Holder, nil, g, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO role_grants (id, holder, role, reason, by, since, until) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			g.ID, g.Holder, g.Role, printable(g.Reason), g.By, stored(g.From), stored(g.Until))
		return err
	})
}

// EndGrant ends a role before its time.
func (s *Accounts) EndGrant(ctx context.Context, id string, at time.Time) error {
	return again(ctx, "role "+id, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			ended, err := row[grantRow](ctx, tx, `
				UPDATE role_grants SET ended = coalesce(ended, $2) WHERE id = $1
				RETURNING `+grantColumns, id, stored(at))
			if err != nil {
				return err
			}
			return noteChange(ctx, tx, "glass.mend", "person/"+ended.Holder, nil, ended.grant())
		})
	})
}

// Granted returns the roles that are in force.
func (s *Accounts) Granted(ctx context.Context, holder string, at time.Time) ([]access.Grant, error) {
	var f filter
	f.equal("holder", holder)
	f.add("since <= %s AND until > %s AND (ended IS NULL OR ended > %s)", stored(at))
	return listed(ctx, s.pool, "roles for a while", `SELECT `+grantColumns+` FROM role_grants`+f.where()+` ORDER BY since`, f.args, grantRow.grant)
}

// Grant returns one role for a while.
func (s *Accounts) Grant(ctx context.Context, id string) (access.Grant, error) {
	var found grantRow
	err := again(ctx, "role "+id, func() (err error) {
		found, err = row[grantRow](ctx, s.pool, `SELECT `+grantColumns+` FROM role_grants WHERE id = $1`, id)
		return err
	})
	return found.grant(), err
}

// Grants returns all roles for a while, newest first.
func (s *Accounts) Grants(ctx context.Context, before time.Time, limit int) ([]access.Grant, error) {
	var f filter
	if !before.IsZero() {
		f.add("since < %s", before)
	}
	return listed(ctx, s.pool, "roles for a while", `SELECT `+grantColumns+` FROM role_grants`+f.where()+` ORDER BY since DESC`+f.limit(limit), f.args, grantRow.grant)
}

// inAudit makes a change and notes it, both or none.
func (s *Accounts) inAudit(ctx context.Context, noun, action, object string, before, after any, change func(pgx.Tx) error) error {
	err := again(ctx, noun, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := change(tx); err != nil {
				return err
			}
			return noteChange(ctx, tx, action, object, before, after)
		})
	})
	return err
}

// orEmpty is a list as the database keeps it: never null.
func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
