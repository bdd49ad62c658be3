package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// standing is how every plan stands, or why nobody knows.
type standing struct {
	is  cost.Standing
	err error
}

func (s standing) Standing(context.Context, string, finance.Day) (cost.Standing, error) {
	return s.is, s.err
}

// stood is how plans were kept to stand.
type stood struct {
	cost.Keeper
	kept map[string]cost.Standing
}

func (s *stood) KeepStanding(_ context.Context, plan string, st cost.Standing) error {
	s.kept[plan] = st
	return nil
}

// heard are the keys of events, and how often each was told.
type heard struct {
	keys map[string]int
	last rollout.Event
}

func (h *heard) Tell(_ context.Context, e rollout.Event) error {
	h.keys[e.Key()]++
	h.last = e
	return nil
}

// sampled has a plan in a state stand on days of December 2026.
func sampled(t *testing.T, state rollout.State, s Standings, days ...int) (*heard, cost.Standing) {
	t.Helper()
	h, k := &heard{keys: map[string]int{}}, &stood{kept: map[string]cost.Standing{}}
	for _, day := range days {
		today := finance.Date(2026, time.December, day)
		sampler := Sampler{News: h, Standings: s, Keeper: k, Now: func() time.Time { return today.Time().Add(5 * time.Hour) }}
		if err := sampler.stand(t.Context(), rollout.Plan{Name: "spring", Hash: "1f", State: state}, today); err != nil {
			t.Fatal(err)
		}
	}
	return h, k.kept["spring"]
}

func TestAPlanWarnsOfItsBudgetAndOfANoticeOnceAWeek(t *testing.T) {
	t.Parallel()
	due := finance.Date(2026, time.December, 30)
	s := standing{is: cost.Standing{Warnings: []cost.Warning{
		{Kind: cost.OverBudget, Text: "the forecast of waste is 23,733.87 GBP, 3,733.87 GBP over the budget of 20,000.00 GBP"},
		{Kind: cost.NoticeNear, Contract: "pbx-seats", Day: due, Text: "notice of contract pbx-seats is due by 2026-12-30"},
	}}}
	h, kept := sampled(t, rollout.Active, s, 10, 10, 13, 14, 20, 21) // a Thursday, again, Sunday, Monday, Sunday, Monday
	if len(h.keys) != 6 {
		t.Errorf("%d different events of two warnings in three weeks, want 6", len(h.keys))
	}
	if e := h.last; e.Kind != rollout.Warned || e.What != "has until 2026-12-30 to give notice of contract pbx-seats" || e.Why == "" ||
		e.Next[0] != "dualtone report notices --plan spring" || !e.At.Equal(time.Date(2026, 12, 21, 5, 0, 0, 0, time.UTC)) || e.Urgent {
		t.Errorf("told: %+v", e)
	}
	if len(kept.Warnings) != 2 {
		t.Errorf("kept: %+v", kept)
	}
}

func TestAPlanThatNobodyPaysForOrWhoseCostsNobodyKnowsWarnsOfNothing(t *testing.T) {
	t.Parallel()
	over := standing{is: cost.Standing{Warnings: []cost.Warning{{Kind: cost.OverBudget, Text: "over"}}}}
	for _, state := range []rollout.State{rollout.Draft, rollout.Submitted, rollout.Rejected, rollout.RolledBack, rollout.Aborted} {
		if h, kept := sampled(t, state, over, 10); len(h.keys) > 0 || len(kept.Warnings) != 1 {
			t.Errorf("%s: told %+v, kept %+v", state, h.last, kept)
		}
	}
	for err, unknown := range map[error]string{dualtone.ErrNotFound: "", dualtone.ErrInvalid: "invalid"} {
		if h, kept := sampled(t, rollout.Active, standing{err: err}, 10); len(h.keys) > 0 || kept.Unknown != unknown {
			t.Errorf("%v: told %+v, kept %+v", err, h.last, kept)
		}
	}
}

func TestASamplingIsTriedAgainWhenADatabaseIsAway(t *testing.T) {
	t.Parallel()
	away := errors.New("connection refused")
	s := Sampler{News: &heard{}, Standings: standing{err: away}}
	if err := s.stand(t.Context(), rollout.Plan{Name: "spring", State: rollout.Active}, finance.Date(2026, time.December, 10)); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
