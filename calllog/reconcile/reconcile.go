// Package reconcile holds the call log against the CRM's own: for a day and a
// user, what both have, what only one has, and what differs. Every difference is
// listed by itself, explained by a rule or open.
//
// Two logs never agree altogether. How far the old system disagrees with the CRM
// on the same days is the noise floor: only what the new one does worse is news.
package reconcile

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Handled is an agent's part in a call, as a phone system recorded it.
type Handled struct {
	calllog.Trace

	Side dualtone.Side
	// User is the agent in the CRM; empty where nobody was matched.
	User dualtone.UserID
	// StitchedTo is the name of the call that the leg belongs to.
	StitchedTo calllog.CallID
}

// Verdict says how the two logs compare in one call.
type Verdict string

// The verdicts.
const (
	Both      Verdict = "both"
	PhoneOnly Verdict = "phone_only"
	CRMOnly   Verdict = "crm_only"
	Differs   Verdict = "differs"
)

// Item is one call of a user and what the two logs say of it.
type Item struct {
	User    dualtone.UserID `json:"user"`
	Verdict Verdict         `json:"verdict"`
	// Phone and CRM are the two records; one is missing where only the other has it.
	Phone calllog.LegID  `json:"phone,omitzero"`
	Call  calllog.CallID `json:"call,omitempty"`
	CRM   string         `json:"crm,omitempty"`
	Side  dualtone.Side  `json:"side,omitempty"`
	At    time.Time      `json:"at"`
	// What names the fields that differ, with both values.
	What string `json:"what,omitempty"`
	// Why is the rule that explains a difference; empty while it is open.
	Why string `json:"why,omitempty"`
	// Said is what somebody said of a difference that no rule explains.
	Said *Said `json:"said,omitempty"`
}

// Open reports whether nothing explains the difference, and nobody.
func (i *Item) Open() bool { return i.Verdict != Both && i.Why == "" && i.Said == nil }

// Tally counts items.
type Tally struct {
	Both      int `json:"both"`
	PhoneOnly int `json:"phone_only"`
	CRMOnly   int `json:"crm_only"`
	Differs   int `json:"differs"`
	Explained int `json:"explained"`
	Open      int `json:"open"`
}

func (t *Tally) add(i *Item) {
	switch i.Verdict {
	case Both:
		t.Both++
	case PhoneOnly:
		t.PhoneOnly++
	case CRMOnly:
		t.CRMOnly++
	case Differs:
		t.Differs++
	}
	switch {
	case i.Verdict == Both:
	case i.Open():
		t.Open++
	default:
		t.Explained++
	}
}

func (t *Tally) all() int { return t.Both + t.PhoneOnly + t.CRMOnly + t.Differs }

// Rate is the share of open differences among all calls.
func (t *Tally) Rate() float64 {
	if t.all() == 0 {
		return 0
	}
	return float64(t.Open) / float64(t.all())
}

// Reconciled is a day.
type Reconciled struct {
	Day   time.Time                 `json:"day"`
	Items []Item                    `json:"items"`
	Users map[dualtone.UserID]Tally `json:"users"`
	Sides map[dualtone.Side]Tally   `json:"sides"`
	// Floor is the rate of open differences on the old side. Above says that the
	// new side's is higher by more than chance explains.
	Floor float64 `json:"floor"`
	Above bool    `json:"above"`
	// Made is when the logs were compared. Stale says that legs of the day came
	// since.
	Made  time.Time `json:"made"`
	Stale bool      `json:"stale"`
}

// Store keeps what was compared.
type Store interface {
	Keep(ctx context.Context, r Reconciled) error
	// Kept returns a day, of the items those that the query selects; ErrNotFound
	// for a day that was never compared.
	Kept(ctx context.Context, q Query) (Reconciled, error)
}

// Query selects items of a day; empty fields select all.
type Query struct {
	Day     time.Time
	User    dualtone.UserID
	Verdict Verdict
	// OpenOnly leaves out what agrees and what is explained.
	OpenOnly OpenOnly
	After    int // the number of items to pass over, of those that are selected
	Limit    int
}

// OpenOnly is whether only open differences are wanted.
type OpenOnly bool

// sameCall is how far apart two records of one call may say that it began, where
// no key ties them: a task is written when the agent saves it.
const sameCall = 3 * time.Minute

// Day compares what the systems and the CRM recorded of a day. Either may hold
// records of hours around it, which are compared so that none is missed at
// midnight, and left out of the result.
func Day(day time.Time, phone []Handled, crm []dualtone.LoggedCall) Reconciled {
	day = calllog.Day(day)
	phone = slices.SortedFunc(slices.Values(phone), func(a, b Handled) int {
		return cmp.Or(a.Started.Compare(b.Started), a.LegID.Compare(b.LegID))
	})
	crm = slices.SortedFunc(slices.Values(crm), func(a, b dualtone.LoggedCall) int {
		return cmp.Or(a.Started.Compare(b.Started), strings.Compare(a.ID, b.ID))
	})
	m := newMatching(phone, crm)
	m.byKey()
	m.byTime()
	r := Reconciled{Day: day, Users: map[dualtone.UserID]Tally{}, Sides: map[dualtone.Side]Tally{}}
	for _, item := range m.items() {
		if calllog.Day(item.At).Equal(day) {
			r.Items = append(r.Items, item)
		}
	}
	slices.SortStableFunc(r.Items, func(a, b Item) int { return a.At.Compare(b.At) })
	for i := range r.Items {
		item := &r.Items[i]
		user, side := r.Users[item.User], r.Sides[item.Side]
		user.add(item)
		side.add(item)
		r.Users[item.User], r.Sides[item.Side] = user, side
	}
	r.weigh()
	return r
}

// weigh holds the sides against each other.
func (r *Reconciled) weigh() {
	before, after := r.Sides[dualtone.Old], r.Sides[dualtone.New]
	r.Floor, r.Above = before.Rate(), worse(before, after)
}

// worse reports whether one rate of open differences is above another by more
// than two standard deviations of what chance makes of so many calls.
func worse(before, after Tally) bool {
	n, m := float64(before.all()), float64(after.all())
	if m == 0 || n == 0 {
		return false
	}
	pooled := float64(before.Open+after.Open) / (n + m)
	deviation := math.Sqrt(pooled * (1 - pooled) * (1/n + 1/m))
	return after.Rate()-before.Rate() > 2*deviation && after.Open > 0
}
