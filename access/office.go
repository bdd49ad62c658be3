package access

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// Office makes and ends accounts' tokens and roles for a while, for the command
// line and the API alike. It does not ask the gate: whoever calls it has.
type Office struct {
	Accounts Accounts
	Tokens   Tokens
	Grants   Grants
	Links    Links
	// Tell lets everybody hear of a glass that was broken or mended; nil where
	// nobody is told.
	Tell func(ctx context.Context, g Grant) error
	Now  func() time.Time
}

// GlassLife is how long a broken glass holds at most.
const GlassLife = 8 * time.Hour

// NewGlass is the role of somebody who breaks the glass. It refuses one without a
// reason, and one that would hold for too long.
func NewGlass(who Actor, reason string, lasts time.Duration, now time.Time) (Grant, error) {
	switch {
	case strings.TrimSpace(reason) == "":
		return Grant{}, fmt.Errorf("breaking the glass needs a reason: %w", dualtone.ErrInvalid)
	case lasts <= 0 || lasts > GlassLife:
		return Grant{}, fmt.Errorf("a broken glass holds for %s at most, not for %s: %w", GlassLife, lasts, dualtone.ErrInvalid)
	}
	const idLen = 12
	return Grant{
		ID: strings.ToLower(rand.Text()[:idLen]), Holder: who.Name, Role: IncidentCommander, Reason: reason, By: who.Name, From: now.UTC(), Until: now.UTC().Add(lasts),
	}, nil
}

// Glass makes somebody incident commander for a while, and tells everybody. It tells
// them first: nobody is without others hearing of it.
func (o *Office) Glass(ctx context.Context, who Actor, reason string, lasts time.Duration) (Grant, error) {
	g, err := NewGlass(who, reason, lasts, o.Now())
	if err != nil {
		return g, err
	}
	if err := o.tell(ctx, g); err != nil {
		return g, err
	}
	return g, o.Grants.KeepGrant(ctx, g)
}

// Mendable is the broken glass that somebody may end before its time: one's own, or
// anybody's for whoever manages accounts.
func (o *Office) Mendable(ctx context.Context, who Actor, id string) (Grant, error) {
	g, err := o.Grants.Grant(ctx, id)
	switch {
	case err != nil:
		return g, err
	case g.Holder != who.Name && !who.May(AccountManage):
		return g, &DeniedError{Actor: who, Action: AccountManage, May: Who(AccountManage)}
	case !g.InForce(o.Now()):
		return g, fmt.Errorf("glass %s holds no more: %w", id, dualtone.ErrConflict)
	}
	return g, nil
}

// Mend ends a broken glass before its time, and tells everybody.
func (o *Office) Mend(ctx context.Context, who Actor, id string) (Grant, error) {
	g, err := o.Mendable(ctx, who, id)
	if err != nil {
		return g, err
	}
	g.Ended = o.Now().UTC()
	if err := o.Grants.EndGrant(ctx, id, g.Ended); err != nil {
		return g, err
	}
	return g, o.tell(ctx, g)
}

func (o *Office) tell(ctx context.Context, g Grant) error {
	if o.Tell == nil {
		return nil
	}
	return o.Tell(ctx, g)
}

// Issue makes a token for an account: one's own, or a service's for whoever may
// make those of others.
func (o *Office) Issue(ctx context.Context, who Actor, order Order) (t Token, secret string, err error) {
	name := order.Owner.Name
	if name == "" {
		name = who.Name
	}
	if name != who.Name {
		if _, err := who.As(TokenManage, ""); err != nil {
			return t, "", err
		}
	}
	if order.Owner, err = o.Accounts.Account(ctx, name); err != nil {
		return t, "", err
	}
	order.By = who.Name
	if t, secret, err = Issue(order, o.Now().UTC()); err != nil {
		return t, "", err
	}
	if order.DryRun {
		t.ID = "" // it is kept nowhere
		return t, "", nil
	}
	return t, secret, o.Tokens.KeepToken(ctx, t)
}

// Revocable is the token that somebody may end: one's own, or anybody's for whoever
// may.
func (o *Office) Revocable(ctx context.Context, who Actor, id string) (Token, error) {
	t, err := o.Tokens.Token(ctx, id)
	if err == nil && t.Owner != who.Name && !who.May(TokenManage) {
		// That there is such a token is nobody else's business.
		return Token{}, fmt.Errorf("token %s: %w", id, dualtone.ErrNotFound)
	}
	return t, err
}

// Revoke ends a token.
func (o *Office) Revoke(ctx context.Context, who Actor, id string) error {
	if _, err := o.Revocable(ctx, who, id); err != nil {
		return err
	}
	return o.Tokens.Revoke(ctx, id, o.Now().UTC())
}

// List returns one's own tokens, or those of everybody for whoever may.
func (o *Office) List(ctx context.Context, who Actor, owner, after string, limit int) ([]Token, error) {
	if owner != who.Name && !who.May(TokenManage) {
		if owner != "" {
			return nil, &DeniedError{Actor: who, Action: TokenManage, May: Who(TokenManage)}
		}
		owner = who.Name
	}
	return o.Tokens.Tokens(ctx, owner, after, limit)
}

// CheckAccount refuses an account that cannot be.
func CheckAccount(a Account) error {
	const long = 100
	if a.Name == "" || len(a.Name) > long || strings.ContainsFunc(a.Name, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f }) {
		return fmt.Errorf("account %q: a name has 1 to %d letters, no spaces and no slash: %w", a.Name, long, dualtone.ErrInvalid)
	}
	if i := slices.IndexFunc(a.Roles, func(r Role) bool { return !Known(r) }); i >= 0 {
		return fmt.Errorf("account %s: no role %q: %w", a.Name, a.Roles[i], dualtone.ErrInvalid)
	}
	return nil
}
