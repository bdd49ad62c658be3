package notify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/notify"
)

func TestPeopleHearOfWhatTheyChose(t *testing.T) {
	t.Parallel()
	failed := rollout.Event{Kind: rollout.GateFailed, Plan: "emea-sales", Urgent: true}
	soaks := rollout.Event{Kind: rollout.StateChanged, Plan: "emea-sales"}
	for _, c := range []struct {
		what   string
		filter notify.Filter
		event  rollout.Event
		takes  bool
	}{
		{"everything", notify.Filter{}, soaks, true},
		{"a kind that it is", notify.Filter{Kinds: []rollout.EventKind{rollout.GateFailed}}, failed, true},
		{"a kind that it is not", notify.Filter{Kinds: []rollout.EventKind{rollout.HoldPlaced}}, failed, false},
		{"plans of a region", notify.Filter{Plans: []string{"apac-*", "emea-*"}}, soaks, true},
		{"plans of another region", notify.Filter{Plans: []string{"apac-*"}}, soaks, false},
		{"only what is urgent", notify.Filter{Urgent: true}, soaks, false},
		{"what is urgent", notify.Filter{Urgent: true}, failed, true},
		{"what concerns all plans", notify.Filter{Plans: []string{"apac-*"}}, rollout.Event{Kind: rollout.GlassBroken}, true},
		{"a test", notify.Filter{Urgent: true, Plans: []string{"apac-*"}}, rollout.Event{Kind: rollout.Tested}, true},
	} {
		if c.filter.Takes(c.event) != c.takes {
			t.Errorf("%s: takes %t", c.what, !c.takes)
		}
	}
}

// kept is a store that remembers what it is to keep.
type kept struct {
	notify.Store

	event rollout.Event
}

func (k *kept) Keep(_ context.Context, e rollout.Event, _ []string, _ time.Time) error {
	k.event = e
	return nil
}

// bill is what a day costs, or why that cannot be told.
type bill struct {
	day rollout.DayCost
	err error
}

func (b bill) Day(context.Context, string) (rollout.DayCost, error) { return b.day, b.err }

func TestWhoHearsOfAHoldHearsWhatItCostsADay(t *testing.T) {
	t.Parallel()
	hold := rollout.EventOfHold(rollout.Hold{ID: "h1", Plan: "emea", Owner: "kim", Reason: "storm", Placed: time.Now()})
	day := rollout.DayCost{Waste: "435.48", Cash: "0.00", Currency: "GBP", Text: "each day costs 435.48 GBP in waste and 0.00 GBP in cash"}
	for _, c := range []struct {
		what  string
		event rollout.Event
		costs notify.Costs
		text  string // empty for none
	}{
		{"a hold", hold, bill{day: day}, day.Text},
		{"a hold of a plan without contracts", hold, bill{err: fmt.Errorf("standing: %w", dualtone.ErrNotFound)}, ""},
		{"a hold whose costs lack a rate", hold, bill{err: fmt.Errorf("no rate of EUR: %w", dualtone.ErrInvalid)}, "cannot be told: no rate of EUR: invalid"},
		{"a hold while the database is away", hold, bill{err: fmt.Errorf("standing: %w", dualtone.ErrUnavailable)}, ""},
		{"a hold where nobody knows costs", hold, nil, ""},
		{"a soak", rollout.Event{Kind: rollout.StateChanged, Plan: "emea"}, bill{day: day}, ""},
	} {
		store := &kept{}
		d := notify.Desk{Filters: map[string]notify.Filter{"ops": {}}, Store: store, Now: time.Now, Costs: c.costs}
		if err := d.Tell(t.Context(), c.event); err != nil {
			t.Fatal(err)
		}
		got := ""
		if store.event.Day != nil {
			got = store.event.Day.Text
		}
		if got != c.text || store.event.Key() != c.event.Key() {
			t.Errorf("%s: costs %q, want %q; key %s", c.what, got, c.text, store.event.Key())
		}
	}
}
