// Package notify decides who hears of what happens to a plan, and sees to it
// that they do.
package notify

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Filter chooses events; what is empty chooses all.
type Filter struct {
	Kinds []rollout.EventKind `json:"kinds,omitempty"`
	// Plans are names, in which * stands for anything.
	Plans []string `json:"plans,omitempty"`
	// Urgent leaves out what somebody need not look at.
	Urgent bool `json:"urgent,omitempty"`
}

// Takes reports whether the filter chooses an event. A test is for everybody, and
// what is of no plan concerns all of them.
func (f Filter) Takes(e rollout.Event) bool {
	if e.Kind == rollout.Tested {
		return true
	}
	named := len(f.Plans) == 0 || e.Plan == "" || slices.ContainsFunc(f.Plans, func(pattern string) bool {
		matches, err := path.Match(pattern, e.Plan)
		return matches && err == nil
	})
	return named && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) && (e.Urgent || !f.Urgent)
}

// Channel is a way to some people.
type Channel struct {
	Name   string
	Filter Filter
	Carrier
}

// Carrier carries an event to people. Carrying the same one twice must do no
// harm; its key says that it is the same.
type Carrier interface {
	// Kind names what it carries by, as in mail or slack.
	Kind() string
	// Compose writes what would be sent.
	Compose(e rollout.Event) (string, error)
	// Carry sends it and returns when the other side has taken it.
	Carry(ctx context.Context, e rollout.Event) error
}

// State is how far a delivery is.
type State string

// The states of a delivery.
const (
	Due       State = "due"
	Delivered State = "delivered"
	// Lost: it was tried for long enough. Somebody may have it tried again.
	Lost State = "lost"
)

// Delivery is an event on its way to one channel.
type Delivery struct {
	Serial  int64         `json:"serial"`
	Channel string        `json:"channel"`
	Key     string        `json:"key"`
	Event   rollout.Event `json:"event"`
	State   State         `json:"state"`
	Kept    time.Time     `json:"kept"`
	// Attempts were made, and Failure is how the last one went wrong.
	Attempts int    `json:"attempts"`
	Failure  string `json:"failure,omitempty"`
	// Next is when it is tried next, Done when it was delivered.
	Next time.Time `json:"next,omitzero"`
	Done time.Time `json:"done,omitzero"`
}

// Store keeps events until everybody has heard of them.
type Store interface {
	// Keep stores an event for channels. One that is held already changes nothing.
	Keep(ctx context.Context, e rollout.Event, channels []string, now time.Time) error
	// Claim hands out deliveries that are due, oldest first, and to nobody else
	// until a time: whoever claimed them may be gone by then.
	Claim(ctx context.Context, channels []string, now, until time.Time, limit int) ([]Delivery, error)
	// Conclude stores how an attempt ended.
	Conclude(ctx context.Context, d Delivery) error
	// Deliveries returns deliveries, oldest first.
	Deliveries(ctx context.Context, q Query) ([]Delivery, error)
	// Again makes those due that are not delivered, and returns how many.
	Again(ctx context.Context, q Query, now time.Time) (int, error)
}

// Query selects deliveries; empty fields select all.
type Query struct {
	Channel string
	Plan    string
	State   State
	// Failed selects those that were tried in vain.
	Failed bool
	After  int64 // a serial
	Limit  int
}

// Desk takes events in for the channels that want them. It is a rollout.News,
// and needs to know of channels no more than what they hear of.
type Desk struct {
	Filters map[string]Filter // by the channel's name
	Store   Store
	Now     func() time.Time
	// Costs tell what a hold costs a day; nil where nobody knows.
	Costs Costs
}

// Costs tell what one more day of a plan costs.
type Costs interface {
	// Day is that of a plan; ErrNotFound for one of which nothing is known, and
	// ErrInvalid, with why, where it cannot be told.
	Day(ctx context.Context, plan string) (rollout.DayCost, error)
}

var _ rollout.News = (*Desk)(nil)

// Tell keeps an event for everybody who wants it. It reaches nobody yet: a
// courier does that, so that no plan waits for a mail server.
func (d *Desk) Tell(ctx context.Context, e rollout.Event) error {
	var want []string
	for _, name := range slices.Sorted(maps.Keys(d.Filters)) {
		if d.Filters[name].Takes(e) {
			want = append(want, name)
		}
	}
	if len(want) == 0 {
		return nil
	}
	if e.Kind == rollout.HoldPlaced && d.Costs != nil {
		e.Day = d.day(ctx, e.Plan)
	}
	return d.Store.Keep(ctx, e, want, d.Now())
}

// day is what a day of a plan costs. That it cannot be told keeps nobody from hearing of
// a hold.
func (d *Desk) day(ctx context.Context, plan string) *rollout.DayCost {
	cost, err := d.Costs.Day(ctx, plan)
	switch {
	case err == nil:
		return &cost
	case errors.Is(err, dualtone.ErrInvalid):
		return &rollout.DayCost{Text: "cannot be told: " + err.Error()}
	default:
		return nil
	}
}
