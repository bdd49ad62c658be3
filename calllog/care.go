package calllog

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// Care is what is owed to the people whose calls these are. Everything it does
// stands in its audit, with who and why; with Dry it only counts. Sums stay as
// they are: a report does not change because its calls are gone.
type Care interface {
	// Retain removes what is older than its retention.
	Retain(ctx context.Context, r Retention) (Removed, error)
	// Erase takes one person's numbers and names out of the log, the rows as
	// received and the quarantine. A record that is read again stays erased.
	Erase(ctx context.Context, e Erasure) (Erased, error)
	// Audit adds an entry, for what is done to the data elsewhere.
	Audit(ctx context.Context, entry AuditEntry) error
	// Audited returns entries, newest first.
	Audited(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
}

// Purpose says who does something, why, and whether in earnest.
type Purpose struct {
	Actor  string
	Reason string
	Dry    bool
}

// RetentionKind is what a retention is about.
type RetentionKind string

// The kinds of what is kept.
const (
	KeptLegs       RetentionKind = "legs"       // by their start, their past versions and supplements too
	KeptRaw        RetentionKind = "raw"        // rows as received, by when they were
	KeptQuarantine RetentionKind = "quarantine" // closed rows
	KeptLedgers    RetentionKind = "ledgers"    // by which what was known within a day can be told
)

// Retention removes everything of a kind from before a time.
type Retention struct {
	Purpose

	Kind   RetentionKind
	Before time.Time
}

// Removed counts what a retention removed.
type Removed struct {
	Kind   RetentionKind `json:"kind"`
	Before time.Time     `json:"before"`
	Rows   int64         `json:"rows"`
	// Months are whole ones, which go at once.
	Months []string `json:"months,omitempty"`
}

// Erasure is of one person: a customer by number, or an agent by account.
type Erasure struct {
	Purpose

	Number dualtone.Number
	Agent  dualtone.UserID
	// Pseudonym keeps the person's calls recognizable as one person's, under a
	// name that says nothing; without it nothing is left.
	Pseudonym bool
}

// Erased counts what an erasure touched.
type Erased struct {
	Legs       int64 `json:"legs"`
	Past       int64 `json:"past_versions"`
	Raw        int64 `json:"rows_as_received"`
	Quarantine int64 `json:"quarantine"`
	// Pseudonym is what stands in place of the person.
	Pseudonym string `json:"pseudonym,omitempty"`
}

// AuditEntry says what somebody did to the data.
type AuditEntry struct {
	ID     int64             `json:"id"`
	At     time.Time         `json:"at"`
	Actor  string            `json:"actor"`
	Action string            `json:"action"`
	Reason string            `json:"reason"`
	Detail map[string]string `json:"detail,omitempty"`
}

// AuditQuery selects entries; empty fields select all.
type AuditQuery struct {
	Actor  string
	Action string
	Before int64 // go on before this id
	Limit  int
}

// Mask leaves of a number what tells a country and a region, and the last two
// digits, by which people recognize it; of shorter ones only how long they are.
func Mask(number string) string {
	digits := 0
	for _, r := range number {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits < 7 { // an extension or a service, nobody's own
		return number
	}
	n := 0
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		if n++; n <= 4 || n > digits-2 {
			return r
		}
		return '*'
	}, number)
}

// Mask hides the numbers and names of the people outside, and leaves whose legs
// they are.
func (l *Leg) Mask() {
	for _, p := range []*Party{&l.Caller, &l.Called, &l.Dialed, &l.DivertedFrom} {
		p.Raw, p.Number = Mask(p.Raw), dualtone.Number(Mask(string(p.Number)))
		if p.Name != "" && strings.Contains(p.Raw+string(p.Number), "*") {
			p.Name = "***"
		}
	}
	l.TransferTo = Mask(l.TransferTo)
	l.Recording = MaskText(l.Recording)
	l.Channels, l.Keys = slices.Clone(l.Channels), slices.Clone(l.Keys)
	for i := range l.Channels {
		l.Channels[i] = MaskText(l.Channels[i])
	}
	for i := range l.Keys {
		l.Keys[i].Value = MaskText(l.Keys[i].Value)
	}
}

// MaskText masks what may be a number in a text that may hold anything: the reason
// for a decision, a row as received, the name of a channel.
func MaskText(text string) string {
	return numberLike.ReplaceAllStringFunc(text, func(found string) string {
		if dateLike.MatchString(found) {
			return found
		}
		return Mask(found)
	})
}

var (
	numberLike = regexp.MustCompile(`\+?[0-9][0-9 ()/-]{5,}[0-9]`)
	dateLike   = regexp.MustCompile(`^(19|20)\d\d[-/]\d\d[-/]\d\d( \d\d)?$`)
)
