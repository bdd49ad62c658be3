package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// TokenLife is how long a token holds at most.
const TokenLife = 366 * 24 * time.Hour

// Order is a token that is asked for.
type Order struct {
	Name  string
	Owner Account
	// Roles are those of the owner that the token is for.
	Roles   []Role
	Expires time.Time
	By      string
	// DryRun checks it, and keeps and tells nothing.
	DryRun bool
}

// Issue makes a token and its secret, which is told once and kept nowhere.
func Issue(o Order, now time.Time) (t Token, secret string, err error) {
	switch {
	case strings.TrimSpace(o.Name) == "":
		return t, "", fmt.Errorf("a token needs a name that says what it is for: %w", dualtone.ErrInvalid)
	case len(o.Roles) == 0:
		return t, "", fmt.Errorf("a token needs at least one role: %w", dualtone.ErrInvalid)
	case !o.Expires.After(now):
		return t, "", fmt.Errorf("the token would have expired at %s: %w", o.Expires.UTC().Format(time.RFC3339), dualtone.ErrInvalid)
	case o.Expires.Sub(now) > TokenLife:
		return t, "", fmt.Errorf("a token holds for a year at most: %w", dualtone.ErrInvalid)
	}
	for _, r := range o.Roles {
		if !slices.Contains(o.Owner.Roles, r) {
			return t, "", fmt.Errorf("%s does not hold %s, and a token gives nothing that its owner has not: %w", o.Owner.Name, r, dualtone.ErrDenied)
		}
	}
	const idLen = 12
	id := strings.ToLower(rand.Text()[:idLen])
	secret = fmt.Sprintf("dt_%s_%s", id, rand.Text())
	sum := sha256.Sum256([]byte(secret))
	return Token{
		ID: id, Name: o.Name, Owner: o.Owner.Name, Kind: o.Owner.Kind, Roles: slices.Clone(o.Roles),
		Created: now, Expires: o.Expires, By: o.By, Sum: sum[:],
	}, secret, nil
}

// TokenID is the id in a secret; false for what is no secret of a token.
func TokenID(secret string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(secret, "dt_")
	if !ok {
		return "", false
	}
	id, _, ok = strings.Cut(rest, "_")
	return id, ok && id != ""
}

// Is reports whether a secret is this token's.
func (t Token) Is(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(sum[:], t.Sum) == 1
}

// Holding are the roles that somebody acts in: those of the account and those given
// for a while, and of these only what a token is for.
func Holding(a Account, given []Grant, t *Token) []Role {
	if a.Disabled {
		return nil
	}
	held := slices.Clone(a.Roles)
	for _, g := range given {
		if !slices.Contains(held, g.Role) {
			held = append(held, g.Role)
		}
	}
	return slices.DeleteFunc(held, func(r Role) bool { return !Known(r) || t != nil && !slices.Contains(t.Roles, r) })
}
