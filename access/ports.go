package access

import (
	"context"
	"time"
)

// Source is who says which roles an account holds.
type Source string

// The sources of accounts.
const (
	// Local: this program's own administrators say it.
	Local Source = "local"
	// OIDC: the identity provider said it at the last sign-in.
	OIDC Source = "oidc"
)

// Account is a person or a service that this program knows by itself.
type Account struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Source   Source `json:"source"`
	Roles    []Role `json:"roles"`
	Disabled bool   `json:"disabled,omitempty"`
	// Password is a hash; empty for none, with which nobody signs in.
	Password string    `json:"-"`
	Created  time.Time `json:"created"`
	By       string    `json:"by"`
}

// Accounts keeps accounts.
type Accounts interface {
	// KeepAccount stores a new account; ErrConflict when the name is taken.
	KeepAccount(ctx context.Context, a Account) error
	// ChangeAccount replaces roles, password and whether it is disabled; ErrNotFound.
	ChangeAccount(ctx context.Context, a Account) error
	// Account returns ErrNotFound for an unknown one.
	Account(ctx context.Context, name string) (Account, error)
	// Accounts returns accounts by name, after one.
	Accounts(ctx context.Context, after string, limit int) ([]Account, error)
}

// Token lets a program or a person in without a session.
type Token struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner string `json:"owner"`
	Kind  Kind   `json:"kind"`
	// Roles are its scope: what the owner holds of them at the time of use counts.
	Roles    []Role    `json:"roles"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
	Revoked  time.Time `json:"revoked,omitzero"`
	LastUsed time.Time `json:"last_used,omitzero"`
	By       string    `json:"by"`
	// Sum is the SHA-256 of the secret, which itself is kept nowhere.
	Sum []byte `json:"-"`
}

// Valid reports whether the token lets anybody in at a time.
func (t Token) Valid(at time.Time) bool { return t.Revoked.IsZero() && at.Before(t.Expires) }

// Tokens keeps tokens.
type Tokens interface {
	KeepToken(ctx context.Context, t Token) error
	// Token returns ErrNotFound for an unknown one.
	Token(ctx context.Context, id string) (Token, error)
	// Revoke ends a token; one that has ended stays as it is.
	Revoke(ctx context.Context, id string, at time.Time) error
	// Used notes when a token was last used, at most once a minute.
	Used(ctx context.Context, id string, at time.Time) error
	// Tokens returns tokens by id, of one owner unless it is empty.
	Tokens(ctx context.Context, owner, after string, limit int) ([]Token, error)
}

// Grant is a role for a while: a glass that was broken.
type Grant struct {
	ID     string    `json:"id"`
	Holder string    `json:"holder"`
	Role   Role      `json:"role"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Ended  time.Time `json:"ended,omitzero"`
}

// InForce reports whether the role is held at a time.
func (g Grant) InForce(at time.Time) bool {
	return !at.Before(g.From) && at.Before(g.Until) && (g.Ended.IsZero() || at.Before(g.Ended))
}

// Grants keeps roles that were given for a while.
type Grants interface {
	KeepGrant(ctx context.Context, g Grant) error
	// Grant returns ErrNotFound for an unknown one.
	Grant(ctx context.Context, id string) (Grant, error)
	// Grants returns all that ever were, newest first, those that began before a
	// time unless it is zero.
	Grants(ctx context.Context, before time.Time, limit int) ([]Grant, error)
	// EndGrant ends one before its time; ErrNotFound.
	EndGrant(ctx context.Context, id string, at time.Time) error
	// Granted returns those in force at a time, of one holder unless it is empty.
	Granted(ctx context.Context, holder string, at time.Time) ([]Grant, error)
}
