package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// LinkLife is how long a shared link holds at most.
const LinkLife = 90 * 24 * time.Hour

// Link lets whoever has its address read one page, without an account and without
// anything that changes something.
type Link struct {
	ID string `json:"id"`
	// Path is the page, and Pinned are the filters that its reader cannot change.
	Path   string `json:"path"`
	Pinned string `json:"pinned,omitempty"`
	// Reader is for whom it was made.
	Reader  string    `json:"reader"`
	By      string    `json:"by"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Revoked time.Time `json:"revoked,omitzero"`
	// Uses is how often somebody read by it, LastUsed when last.
	Uses     int       `json:"uses,omitempty"`
	LastUsed time.Time `json:"last_used,omitzero"`
	// Sum is the SHA-256 of the secret in the address, which itself is kept nowhere.
	Sum []byte `json:"-"`
}

// LinkUse is one time that somebody read by a link.
type LinkUse struct {
	Link string
	At   time.Time
	What string
	From string
}

// Links keeps shared links, and how they were used.
type Links interface {
	KeepLink(ctx context.Context, l Link) error
	// Link returns ErrNotFound for an unknown one.
	Link(ctx context.Context, id string) (Link, error)
	// RevokeLink ends a link; one that has ended stays as it is.
	RevokeLink(ctx context.Context, id string, at time.Time) error
	// LinkUsed keeps a use.
	LinkUsed(ctx context.Context, u LinkUse) error
	// Links returns links by id, of whoever made them unless it is empty.
	Links(ctx context.Context, by, after string, limit int) ([]Link, error)
}

// Valid reports whether the link lets anybody read at a time.
func (l Link) Valid(at time.Time) bool { return l.Revoked.IsZero() && at.Before(l.Expires) }

// Is reports whether a key in an address is this link's.
func (l Link) Is(key string) bool {
	sum := sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(sum[:], l.Sum) == 1
}

// LinkID is the id in the key of an address.
func LinkID(key string) string {
	id, _, _ := strings.Cut(key, "-")
	return id
}

// Shareable reports whether there can be a link to a page, and what seeing it takes.
func Shareable(path string) (Action, bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case !strings.HasPrefix(path, "/"):
		return "", false
	case len(parts) == 2 && parts[0] == "plans" && parts[1] != "" && parts[1] != "edit":
		return PlanRead, true
	case path == "/reports/traffic":
		return ReportRead, true
	case len(parts) == 3 && parts[0] == "reports" && parts[1] == "cost" && parts[2] != "":
		return ReportFinance, true
	default:
		return "", false
	}
}

// NewLink makes a link and its key. Nobody shares what they may not see themselves.
func NewLink(who Actor, l Link, lasts time.Duration, now time.Time) (made Link, key string, err error) {
	action, ok := Shareable(l.Path)
	pinned, wrong := url.ParseQuery(l.Pinned)
	l.Pinned = pinned.Encode()
	switch {
	case !ok:
		return l, "", fmt.Errorf("page %q: a link is for a plan or a report: %w", l.Path, dualtone.ErrInvalid)
	case wrong != nil:
		return l, "", fmt.Errorf("pinned: %w: %w", wrong, dualtone.ErrInvalid)
	case !who.May(action):
		return l, "", &DeniedError{Actor: who, Action: action, May: Who(action)}
	case strings.TrimSpace(l.Reader) == "":
		return l, "", fmt.Errorf("a link needs a reader: for whom it is: %w", dualtone.ErrInvalid)
	case lasts <= 0 || lasts > LinkLife:
		return l, "", fmt.Errorf("a link holds for %d days at most: %w", int(LinkLife.Hours()/24), dualtone.ErrInvalid)
	}
	const idLen = 12
	l.ID, l.By, l.Created = strings.ToLower(rand.Text()[:idLen]), who.Name, now.UTC()
	l.Expires = l.Created.Add(lasts)
	key = l.ID + "-" + strings.ToLower(rand.Text())
	sum := sha256.Sum256([]byte(key))
	l.Sum = sum[:]
	return l, key, nil
}

// Share makes a link and its key, which is told once.
func (o *Office) Share(ctx context.Context, who Actor, l Link, lasts time.Duration) (made Link, key string, err error) {
	if made, key, err = NewLink(who, l, lasts, o.Now()); err != nil {
		return made, "", err
	}
	return made, key, o.Links.KeepLink(ctx, made)
}

// Shared lists one's own links; those of somebody, or of all, for whoever manages
// accounts.
func (o *Office) Shared(ctx context.Context, who Actor, by, after string, limit int) ([]Link, error) {
	if !who.May(AccountManage) {
		by = who.Name
	}
	return o.Links.Links(ctx, by, after, limit)
}

// Unshare ends a link: one's own, or anybody's for whoever manages accounts.
func (o *Office) Unshare(ctx context.Context, who Actor, id string) (Link, error) {
	l, err := o.Unsharable(ctx, who, id)
	if err != nil {
		return l, err
	}
	return l, o.Links.RevokeLink(ctx, id, o.Now().UTC())
}

// Unsharable is the link that somebody may end.
func (o *Office) Unsharable(ctx context.Context, who Actor, id string) (Link, error) {
	l, err := o.Links.Link(ctx, id)
	if err == nil && l.By != who.Name && !who.May(AccountManage) {
		return l, &DeniedError{Actor: who, Action: AccountManage, May: Who(AccountManage)}
	}
	return l, err
}
