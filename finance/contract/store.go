package contract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// Version is one state of a book of contracts, as it was imported.
type Version struct {
	Name string `json:"name"`
	// Number counts the versions of a book from 1.
	Number   int      `json:"number"`
	Hash     string   `json:"hash"`
	Document Document `json:"document"`
	// Source is the file as it was written, comments and all.
	Source string `json:"source"`
	Author string `json:"author"`
	// KnownFrom is when it was imported, KnownUntil when the next one was.
	KnownFrom  time.Time `json:"known_from,omitzero"`
	KnownUntil time.Time `json:"known_until,omitzero"`
}

// Held is one version of a contract: on which days it holds, and when it was
// known.
type Held struct {
	Book      string      `json:"book"`
	Contract  Contract    `json:"contract"`
	ValidFrom finance.Day `json:"valid_from"`
	ValidTo   finance.Day `json:"valid_to"`
	// Number is the version of the book that brought it.
	Number     int       `json:"number"`
	KnownFrom  time.Time `json:"known_from"`
	KnownUntil time.Time `json:"known_until,omitzero"`
}

// Store keeps books of contracts, every version of them.
type Store interface {
	// Save keeps a version and returns it with its number; name and hash are those
	// of its document. One that is the latest already, word for word, is returned as
	// it is held. ErrInvalid without a name or an author.
	Save(ctx context.Context, v Version) (Version, error)
	// Book returns the version that was known at a time, the latest for the zero
	// time. An empty name is the only book there is. ErrNotFound when there is none,
	// ErrInvalid when an empty name could be several.
	Book(ctx context.Context, name string, knownAt time.Time) (Version, error)
	// Versions lists versions without their documents and sources, by name and
	// number.
	Versions(ctx context.Context, q VersionQuery) ([]Version, error)
	// Held lists versions of contracts by book, contract, valid and known time.
	Held(ctx context.Context, q HeldQuery) ([]Held, error)
}

// VersionQuery selects versions of books; empty fields select all.
type VersionQuery struct {
	Name string
	// After goes on behind a version.
	After struct {
		Name   string
		Number int
	}
	Limit int
}

// HeldQuery selects versions of contracts; empty fields select all.
type HeldQuery struct {
	Book     string
	Contract ID
	System   string
	// On selects those that hold on a day.
	On finance.Day
	// KnownAt selects those that were known at a time; zero those that are known
	// now, unless History is set.
	KnownAt time.Time
	// History selects all that ever were known.
	History bool
	// After goes on behind a version of a contract; behind all of them where KnownFrom
	// is zero.
	After struct {
		Book      string
		Contract  ID
		ValidFrom finance.Day
		KnownFrom time.Time
	}
	Limit int
}

// Place names where a version stands in a list, to go on behind it.
func (h *Held) Place() string {
	return strings.Join([]string{h.Book, string(h.Contract.ID), h.ValidFrom.String(), h.KnownFrom.UTC().Format(time.RFC3339Nano)}, "/")
}

// Behind has the query go on behind a place, or behind all of a contract of a book,
// as in telephony/pbx-seats.
func (q *HeldQuery) Behind(place string) error {
	if place == "" {
		return nil
	}
	parts := strings.Split(place, "/")
	const book, id, valid, known = 0, 1, 2, 3
	var err error
	if len(parts) > id {
		q.After.Book, q.After.Contract = parts[book], ID(parts[id])
	}
	if len(parts) > known {
		if q.After.ValidFrom, err = finance.ParseDay(parts[valid]); err == nil {
			q.After.KnownFrom, err = time.Parse(time.RFC3339Nano, parts[known])
		}
	}
	if err != nil || len(parts) != valid && len(parts) != known+1 {
		return fmt.Errorf("%q is no place of this list: %w", place, dualtone.ErrInvalid)
	}
	return nil
}

// HashOf is a SHA-256, in hexadecimal digits, of what something says: comments and
// the order of keys do not change it.
func HashOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("contract: " + err.Error()) // Every type in a book can be written.
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
