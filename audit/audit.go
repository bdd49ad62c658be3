// Package audit says who did what, when, in which role and why, with what was
// before and after. Entries are only ever added, each in the transaction of what it
// records, and each carries a hash over itself and the one before it: whoever
// changes, inserts or takes out one breaks the chain for all that follow.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Outcome is what became of an action.
type Outcome string

// The outcomes.
const (
	// Allowed: somebody asked for it and was let through.
	Allowed Outcome = "allowed"
	// Denied: somebody asked for it and was not.
	Denied Outcome = "denied"
	// Changed: it is stored.
	Changed Outcome = "changed"
)

// Entry is one line of the audit.
type Entry struct {
	Serial  int64           `json:"serial"`
	At      time.Time       `json:"at"`
	Actor   string          `json:"actor"`
	Role    string          `json:"role,omitempty"`
	Via     string          `json:"via,omitempty"`
	Action  string          `json:"action"`
	Object  string          `json:"object,omitempty"`
	Outcome Outcome         `json:"outcome"`
	Reason  string          `json:"reason,omitempty"`
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
	// Request is that of the API or the console which it belongs to.
	Request string `json:"request,omitempty"`
	// Hash is over the hash before it and all of the entry.
	Hash string `json:"hash"`
}

// Stamp is how the time of an entry goes into its hash.
const Stamp = "2006-01-02T15:04:05.000000Z"

// Seal is the hash of an entry after the one with a hash. The database makes the
// same; see the migration.
func (e Entry) Seal(before string) string {
	sum := sha256.New()
	for _, field := range []string{
		before, strconv.FormatInt(e.Serial, 10), e.At.UTC().Format(Stamp), e.Actor, e.Role, e.Via, e.Action, e.Object,
		string(e.Outcome), e.Reason, string(e.Before), string(e.After), e.Request,
	} {
		// Lengths keep one field from running into the next.
		_, _ = fmt.Fprintf(sum, "%d:%s", len(field), field)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Genesis is the hash before the first entry.
const Genesis = ""

// Chain checks entries one after the other, from the first.
type Chain struct {
	serial int64
	hash   string
}

// Head is the last entry's serial and hash, which stand for all before it.
func (c *Chain) Head() (serial int64, hash string) { return c.serial, c.hash }

// Next checks the entry that follows. Its error says what is wrong with it.
func (c *Chain) Next(e Entry) error {
	if e.Serial != c.serial+1 {
		return fmt.Errorf("entry %d is missing: %d is followed by %d", c.serial+1, c.serial, e.Serial)
	}
	if want := e.Seal(c.hash); want != e.Hash {
		return fmt.Errorf("entry %d was changed, or what stands before it: its hash is %s and should be %s",
			e.Serial, short(e.Hash), short(want))
	}
	c.serial, c.hash = e.Serial, e.Hash
	return nil
}

func short(hash string) string {
	const enough = 16
	return hash[:min(enough, len(hash))]
}

// Cause is who makes changes, in which role and why.
type Cause struct {
	Actor   string
	Role    string
	Via     string
	Reason  string
	Request string
}

// Fill gives an entry what it does not say itself.
func (c Cause) Fill(e Entry) Entry {
	for _, f := range []struct {
		to   *string
		from string
	}{{&e.Actor, c.Actor}, {&e.Role, c.Role}, {&e.Via, c.Via}, {&e.Reason, c.Reason}, {&e.Request, c.Request}} {
		if *f.to == "" {
			*f.to = f.from
		}
		*f.to = strings.ReplaceAll(strings.ToValidUTF8(*f.to, "\uFFFD"), "\x00", "\uFFFD")
	}
	return e
}

type causeKey struct{}

// Because puts a cause into a context; what is stored under it names it.
func Because(ctx context.Context, c Cause) context.Context {
	return context.WithValue(ctx, causeKey{}, c)
}

// CauseOf is the cause in a context; false for none.
func CauseOf(ctx context.Context) (Cause, bool) {
	c, ok := ctx.Value(causeKey{}).(Cause)
	return c, ok
}
