package systemtest

import (
	"slices"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
)

func crmCallLog() []crmTest {
	return []crmTest{
		{"calls are read as they were recorded, those of other hours left out", crmCallsRead},
		{"all calls are listed once, however many pages they fill", crmCallPages},
		{"a call log that breaks off ends with an error and is never a short one", crmCallsBroken},
	}
}

// loggedAt is when the CRM's clock stood at the full minute now.
func (s *crmSession) loggedAt() time.Time {
	now := time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	return now.UTC().Truncate(time.Minute)
}

func crmCallsRead(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 2})
	at := s.loggedAt()
	want := []dualtone.LoggedCall{
		{Kind: dualtone.TaskCall, Key: "1700000000.17", User: s.Users[0], Way: "inbound", Duration: 95 * time.Second, Result: "Sold 'it' \\ all"},
		{
			Kind: dualtone.VoiceCall, Key: "contact-1", User: s.Users[1], Way: "outbound", Started: at.Add(-time.Hour),
			Duration: 30 * time.Second, From: "+15550100001", To: "+13035550100", Result: "completed",
		},
	}
	for i := range want {
		want[i].ID = s.Peer.Log(t, want[i])
	}
	s.Peer.Log(t, dualtone.LoggedCall{Kind: dualtone.VoiceCall, Key: "earlier", User: s.Users[0], Way: "inbound", Started: at.Add(-50 * time.Hour)})

	got, err := crmAll(s.CallLog.Calls(t.Context(), at.Add(-24*time.Hour), at.Add(time.Hour)))
	if s.heard(err) != nil || len(got) != len(want) {
		t.Fatalf("got %+v, %v; want %d calls", got, err, len(want))
	}
	slices.SortFunc(got, func(a, b dualtone.LoggedCall) int { return len(b.Key) - len(a.Key) })
	for i, g := range got {
		w := want[i]
		if g.Written.IsZero() {
			t.Errorf("%s: when it was written is not told", g.Key)
		}
		if w.Kind == dualtone.TaskCall {
			// Written when the call is over, it tells when that was.
			w.Started = g.Written.Add(-w.Duration)
		}
		w.Written = g.Written
		if g != w {
			t.Errorf("got  %+v\nwant %+v", g, w)
		}
	}
	later, err := crmAll(s.CallLog.Calls(t.Context(), at.Add(2*time.Hour), at.Add(3*time.Hour)))
	if s.heard(err) != nil || len(later) != 0 {
		t.Errorf("of later hours: got %+v, %v; want none", later, err)
	}
}

func crmCallPages(t *testing.T, h CRMHarness) {
	t.Helper()
	const page = 4
	for _, n := range []int{0, 1, page, page + 1, 2*page + 1} {
		s := h.open(t, CRMSetup{Users: 1, Page: page})
		at := s.loggedAt()
		for range n {
			s.Peer.Log(t, dualtone.LoggedCall{Kind: dualtone.TaskCall, User: s.Users[0], Way: "inbound", Duration: time.Second})
			s.Peer.Log(t, dualtone.LoggedCall{Kind: dualtone.VoiceCall, User: s.Users[0], Way: "inbound", Started: at})
		}
		got, err := crmAll(s.CallLog.Calls(t.Context(), at.Add(-time.Hour), at.Add(time.Hour)))
		seen := map[string]bool{}
		for _, c := range got {
			seen[c.ID] = true
		}
		if s.heard(err) != nil || len(got) != 2*n || len(seen) != 2*n {
			t.Errorf("listed %d, of them %d different, %v; want %d", len(got), len(seen), err, 2*n)
		}
	}
}

func crmCallsBroken(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1, Page: 3})
	at := s.loggedAt()
	for range 5 {
		s.Peer.Log(t, dualtone.LoggedCall{Kind: dualtone.TaskCall, User: s.Users[0], Way: "inbound", Duration: time.Second})
	}
	for _, kind := range crmBroken() {
		s.sweep(t, kind, func() {
			got, err := crmAll(s.CallLog.Calls(t.Context(), at.Add(-time.Hour), at.Add(time.Hour)))
			if s.heard(err) == nil && len(got) != 5 {
				t.Errorf("got %d calls and no error", len(got))
			}
			if err != nil && dualtone.Lasting(err) {
				t.Errorf("got %v, want an error that passes", err)
			}
		})
	}
}
