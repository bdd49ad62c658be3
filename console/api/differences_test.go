package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// A person explains a difference, which then is open no more, and takes that back.
// Both stand in the audit, a dry run does not.
func TestADifferenceIsExplainedByAPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	kept := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	must(t, s.rollouts.KeepPlan(t.Context(), rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Active, Since: kept, Kept: kept},
		[]rollout.Stage{{ID: "pilot", Kind: "pilot", State: rollout.Soaking}}, nil))
	reading := rollout.Reading{
		Plan: "emea", Stage: "pilot", Gate: "reconcile/user_state", At: kept.Add(time.Minute), To: kept, Samples: 2, Value: 2, Ruling: rollout.GateFails,
		Differences: []rollout.Difference{{Key: "E1 old.forward", Old: "wanted a", New: "found b"}, {Key: "E2 routes", Old: "x", New: "y"}},
	}
	must(t, s.rollouts.KeepReadings(t.Context(), reading))
	lead, viewer := s.token(t, "lea", access.OperationsLead), s.token(t, "vic", access.Viewer)

	const at = "/api/v1/plans/emea/differences"
	open := func() []control.Difference {
		t.Helper()
		got := s.ask(t, viewer, http.MethodGet, at+"?open=true", "")
		var page struct{ Items []control.Difference }
		if err := json.Unmarshal([]byte(got.text), &page); err != nil || got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.text)
		}
		return page.Items
	}
	if found := open(); len(found) != 2 {
		t.Fatalf("open are %+v, want two", found)
	}
	if got := s.ask(t, viewer, http.MethodGet, at+"?limit=1", ""); got.status != http.StatusOK || !strings.Contains(got.text, "E1 old.forward") || strings.Contains(got.text, "E2 routes") {
		t.Errorf("a page of one: %d %s", got.status, got.text)
	}
	for _, c := range []struct {
		who, text string
		want      int
	}{
		{viewer, `{"key":"E1 old.forward","for":"7d","reason":"CHG-1"}`, http.StatusForbidden},
		{lead, `{"key":"E1 old.forward","for":"7d"}`, http.StatusUnprocessableEntity},
		{lead, `{"key":"E9 nothing","for":"7d","reason":"CHG-1"}`, http.StatusNotFound},
		{lead, `{"key":"E1 old.forward","reason":"CHG-1","for":"400d"}`, http.StatusUnprocessableEntity},
		{lead, `{"key":"E1 old.forward","for":"7d","reason":"CHG-1","dry_run":true}`, http.StatusOK},
	} {
		if got := s.ask(t, c.who, http.MethodPost, at, c.text); got.status != c.want {
			t.Errorf("%s: %d %s, want %d", c.text, got.status, got.text, c.want)
		}
	}
	if found := open(); len(found) != 2 {
		t.Errorf("after refusals and a dry run open are %+v", found)
	}
	if got := s.ask(t, lead, http.MethodPost, at, `{"key":"E1 old.forward","for":"7d","reason":"CHG-1"}`); got.status != http.StatusOK || !strings.Contains(got.text, `"actor":"lea"`) {
		t.Fatalf("%d %s", got.status, got.text)
	}
	if found := open(); len(found) != 1 || found[0].Key != "E2 routes" {
		t.Errorf("after it was explained open are %+v", found)
	}
	if got := s.ask(t, viewer, http.MethodGet, at, ""); !strings.Contains(got.text, "explained by lea (operations-lead)") || !strings.Contains(got.text, "CHG-1") {
		t.Errorf("all are told as %s", got.text)
	}
	if got := s.ask(t, lead, http.MethodPost, at, `{"key":"E1 old.forward","withdraw":true,"reason":"I was wrong"}`); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.text)
	}
	if found := open(); len(found) != 2 {
		t.Errorf("after it was taken back open are %+v", found)
	}
	entries, err := s.audit.Entries(t.Context(), audit.Query{Action: "difference.explain", Outcomes: []audit.Outcome{audit.Changed}})
	must(t, err)
	if len(entries) != 2 || entries[0].Actor != "lea" || entries[0].Object != "plan/emea/pilot" || !strings.Contains(string(entries[0].After), "CHG-1") || entries[1].Reason != "I was wrong" {
		t.Errorf("the audit has %+v", entries)
	}
}
