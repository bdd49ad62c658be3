package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

func decided(n byte, at time.Time, number dualtone.Number) *routing.Record {
	return &routing.Record{
		ID: routing.RecordID{15: n}, Edge: "sbc-1/sip", Peer: "192.0.2.10:5060", SessionID: "ab;remote=cd", Diversion: "<sip:+4930999@x>\x00",
		Call: routing.Call{ID: "call-" + string('a'+rune(n)), Called: "030 1", Caller: "+4420", Ingress: routing.FromCarrier, At: at},
		Decision: routing.Decision{
			Result: routing.Routed, Number: number, Order: routing.Serial, Targets: []routing.Target{{Side: dualtone.New}, {Side: dualtone.Old}},
			Scope: routing.ByUser, Rule: string(number), Owner: "p1", Reason: "because", Revision: 7,
		},
	}
}

func TestDecisionsAreStoredOnceFoundAndForgottenByTheDay(t *testing.T) {
	t.Parallel()
	s := NewDecisions(newPool(t))
	day := time.Date(2026, 11, 25, 23, 59, 59, 0, time.UTC)
	all := []*routing.Record{decided(1, day.AddDate(0, 0, -9), "+493010"), decided(2, day, "+493010"), decided(3, day.Add(2*time.Second), "+493011")}
	if err := s.Store(t.Context(), all[:2]); err != nil {
		t.Fatal(err)
	}
	// The answer to it was lost.
	if err := s.Store(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	list := func(q DecisionQuery) (found []DecisionRow) {
		t.Helper()
		found, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	page := list(DecisionQuery{Limit: 2})
	if len(page) != 2 || page[0].CallID != "call-d" || page[1].CallID != "call-c" {
		t.Fatalf("%+v", page)
	}
	if r := page[1]; !r.At.Equal(day) || r.Targets != "new,old" || r.Diversion != "<sip:+4930999@x>\uFFFD" || r.SessionID != "ab;remote=cd" || r.Revision != 7 || r.Owner != "p1" {
		t.Errorf("%+v", r)
	}
	if rest := list(DecisionQuery{Limit: 2, Before: page[1].Cursor()}); len(rest) != 1 || rest[0].CallID != "call-b" {
		t.Errorf("%+v", rest)
	}
	for name, q := range map[string]DecisionQuery{
		"by call":   {CallID: "call-d"},
		"by number": {Number: "+493011"},
		"by time":   {Since: day.Add(time.Second), Until: day.Add(time.Hour)},
	} {
		if found := list(q); len(found) != 1 || found[0].CallID != "call-d" {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if found := list(DecisionQuery{Edge: "sbc-1", Revision: 7, Result: "routed", Caller: "+4420"}); len(found) != 3 {
		t.Errorf("by edge: %+v", found)
	}
	if _, err := s.List(t.Context(), DecisionQuery{Before: "yesterday"}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Error(err)
	}
	if n, err := s.Prune(t.Context(), day.AddDate(0, 0, -8)); err != nil || n != 1 {
		t.Errorf("%d days dropped, %v", n, err)
	}
	if left := list(DecisionQuery{}); len(left) != 2 {
		t.Errorf("%+v", left)
	}
}
