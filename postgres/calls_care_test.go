package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/report"
)

func inEarnest() calllog.Purpose {
	return calllog.Purpose{Actor: "ada", Reason: "asked for by the person"}
}

func TestAnErasedCallerIsNowhereAndTheSumsStay(t *testing.T) {
	t.Parallel()
	l, c := newLog(t), small(60)
	care := NewCare(l.pool)
	leg, back := c.Leg(3), c.Leg(4)
	leg.Caller.Name, leg.Caller.Raw = "Erika Mustermann", "0305551234"
	leg.Caller.Number = "+49305551234"
	back.Direction, back.Caller, back.Called = calllog.Outbound, back.Called, leg.Caller
	rows := append(c.Rows("pbx", 5, 50), rowOf(3, leg), rowOf(4, back), bad(70, "x;+49305551234;y", "no date"))
	rows[50].Raw, rows[51].Raw = []byte("3;0305551234;Erika"), []byte("4;0305551234;Erika")
	l.read(t, file("a"), rows...)
	fixed := leg
	fixed.Talk = time.Minute
	l.read(t, file("b"), rowOf(1, fixed))
	before := l.traffic(t, "UTC", time.Time{})
	e := calllog.Erasure{Purpose: inEarnest(), Number: leg.Caller.Number, Pseudonym: true}
	e.Dry = true
	if done, err := care.Erase(t.Context(), e); err != nil || done.Legs != 2 || done.Past != 1 || done.Quarantine != 1 {
		t.Errorf("dry: %+v, %v", done, err)
	}
	if !l.holds(t, "Mustermann") {
		t.Fatal("a dry run erased")
	}
	e.Dry = false
	done, err := care.Erase(t.Context(), e)
	if err != nil || done.Legs != 2 || done.Raw != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, what := range []string{"Mustermann", "5551234", "Erika"} {
		if l.holds(t, what) {
			t.Errorf("%s is still there", what)
		}
	}
	if diff := cmp.Diff(before, l.traffic(t, "UTC", time.Time{})); diff != "" {
		t.Errorf("the report changed:\n%s", diff)
	}
	l.read(t, file("again"), rows...)
	l.read(t, file("b again"), rowOf(1, fixed))
	if l.holds(t, "Mustermann") {
		t.Error("the same file brought the person back")
	}
	kept, err := l.Leg(t.Context(), leg.Place())
	if err != nil || kept.Caller.Raw != done.Pseudonym || !strings.HasPrefix(done.Pseudonym, "person-") {
		t.Errorf("%+v, %v", kept.Caller, err)
	}
	entries, err := care.Audited(t.Context(), calllog.AuditQuery{Action: "erase"})
	if err != nil || len(entries) != 1 || entries[0].Actor != "ada" || strings.Contains(entries[0].Detail["what"], "555") {
		t.Errorf("audit: %+v, %v", entries, err)
	}
	if _, err := l.pool.Exec(t.Context(), `DELETE FROM call_audit`); err == nil {
		t.Error("the audit can be changed")
	}
}

// holds reports whether a text stands anywhere in the log's tables, opened where
// it is packed.
func (l *log) holds(t *testing.T, text string) bool {
	t.Helper()
	for _, table := range []string{"call_legs", "call_legs_history", "call_supplements", "call_words", "call_audit"} {
		if l.count(t, table+` x WHERE x::text LIKE '%`+text+`%'`) > 0 {
			return true
		}
	}
	if l.count(t, `call_quarantine WHERE encode(raw, 'escape') LIKE '%`+text+`%' OR value LIKE '%`+text+`%'`) > 0 {
		return true
	}
	found, err := l.pool.Query(t.Context(), `SELECT data FROM call_raw`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var data []byte
		if err := found.Scan(&data); err != nil {
			t.Fatal(err)
		}
		if plain, err := decompress(data); err != nil || strings.Contains(string(plain), text) {
			return true
		}
	}
	return false
}

func TestAnErasedAgentKeepsTheirSumsUnderAnotherName(t *testing.T) {
	t.Parallel()
	l, c := newLog(t), small(60)
	rows := c.Rows("pbx", 0, 60)
	l.read(t, file("a"), rows...)
	byAgent := report.Query{Facet: report.ByAgent}
	before := l.make(t, byAgent, "UTC")
	e := calllog.Erasure{Purpose: inEarnest(), Agent: "1002"}
	if done, err := NewCare(l.pool).Erase(t.Context(), e); err != nil || done.Legs == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	fresh := &log{Calls: NewCalls(l.pool), rollups: NewRollups(l.pool), pool: l.pool} // as after a start
	if w := fresh.read(t, file("again"), rows...); w.New+w.Changed != 0 {
		t.Errorf("read again: %+v", w)
	}
	after := fresh.make(t, byAgent, "UTC")
	names := map[string]int64{}
	for _, r := range after.Rows {
		names[r.Key] = r.Both.Legs
	}
	for _, r := range before.Rows {
		if r.Key == "1002" {
			if _, there := names["1002"]; there {
				t.Error("the agent is still named")
			}
			continue
		}
		if names[r.Key] != r.Both.Legs {
			t.Errorf("%s: %d legs, had %d", r.Key, names[r.Key], r.Both.Legs)
		}
	}
	if diff := cmp.Diff(before.Total, after.Total); diff != "" {
		t.Errorf("total:\n%s", diff)
	}
}

func TestRetentionRemovesWhatIsOldAndTheSumsStay(t *testing.T) {
	t.Parallel()
	l, c := newLog(t), small(100)
	old := c.Leg(1)
	old.Record, old.Started = "old", time.Date(2020, 5, 5, 5, 0, 0, 0, time.UTC)
	l.read(t, file("a"), append(c.Rows("pbx", 0, 100), rowOf(1, old))...)
	before := l.traffic(t, "UTC", time.Time{})
	care := NewCare(l.pool)
	cut := c.Leg(50).Started
	r := calllog.Retention{Purpose: inEarnest(), Kind: calllog.KeptLegs, Before: cut}
	r.Dry = true
	if done, err := care.Retain(t.Context(), r); err != nil || done.Rows != 51 || len(done.Months) != 1 {
		t.Errorf("dry: %+v, %v", done, err)
	}
	if n := l.count(t, "call_legs"); n != 101 {
		t.Fatalf("a dry run left %d legs", n)
	}
	r.Dry = false
	if done, err := care.Retain(t.Context(), r); err != nil || done.Rows != 51 || done.Months[0] != "2020-05" {
		t.Errorf("%+v, %v", done, err)
	}
	if n := l.count(t, "call_legs"); n != 50 {
		t.Errorf("%d legs are left", n)
	}
	if diff := cmp.Diff(before, l.traffic(t, "UTC", time.Time{})); diff != "" {
		t.Errorf("the report changed:\n%s", diff)
	}
	r.Reason = ""
	if _, err := care.Retain(t.Context(), r); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	if done, err := care.Retain(t.Context(), calllog.Retention{Purpose: inEarnest(), Kind: calllog.KeptRaw, Before: time.Now().Add(time.Hour)}); err != nil || done.Rows == 0 {
		t.Errorf("raw: %+v, %v", done, err)
	}
	if w := l.read(t, file("old again"), rowOf(1, old)); w.Same != 1 || w.New != 0 {
		t.Errorf("what is gone would be counted twice: %+v", w)
	}
	if _, err := l.pool.Exec(t.Context(), `UPDATE call_knowledge SET legs_from = 'epoch'`); err != nil {
		t.Fatal(err)
	}
	if w := l.read(t, file("old again again"), rowOf(1, old)); w.New != 1 { // its partition is made anew
		t.Errorf("a month that was removed does not come back: %+v", w)
	}
}
