package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

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
	leg.Channels, leg.TransferTo, leg.Recording = []string{"Local/0305551234@out"}, "030 555 1234", "in/0305551234.wav"
	leg.Keys = []calllog.Key{{Kind: calllog.UserToUser, Value: "0305551234;purpose=cti"}}
	supplement := quality("s1", leg.Channels[0], leg.Started, 410, 2)
	supplement.Supplements[0].Adds.TransferTo, supplement.Raw = "0305551234", []byte("s1,0305551234")
	back.Direction, back.Caller, back.Called = calllog.Outbound, back.Called, leg.Caller
	rows := append(c.Rows("pbx", 5, 50), rowOf(3, leg), rowOf(4, back), bad(70, "x;+49305551234;y", "no date"))
	rows[50].Raw, rows[51].Raw = []byte("3;0305551234;Erika"), []byte("4;0305551234;Erika")
	l.read(t, file("a"), rows...)
	fixed := leg
	fixed.Talk = time.Minute
	l.read(t, file("b"), rowOf(1, fixed))
	l.read(t, file("quality"), supplement)
	l.told(t)
	before := l.traffic(t, "UTC", time.Time{})
	e := calllog.Erasure{Purpose: inEarnest(), Number: leg.Caller.Number, Pseudonym: true}
	e.Dry = true
	if done, err := care.Erase(t.Context(), e); err != nil || done.Legs != 2 || done.Past != 2 || done.Quarantine != 1 {
		t.Errorf("dry: %+v, %v", done, err)
	}
	if !l.holds(t, "Mustermann") {
		t.Fatal("a dry run erased")
	}
	e.Dry = false
	done, err := care.Erase(t.Context(), e)
	if err != nil || done.Legs != 2 || done.Raw != 4 {
		t.Fatalf("%+v, %v", done, err)
	}
	gone := func() {
		for _, what := range []string{"Mustermann", "Erika", "5551234", "555 1234", "555-1234"} {
			if l.holds(t, what) {
				t.Errorf("%s is still there", what)
			}
		}
	}
	gone()
	if diff := cmp.Diff(before, l.traffic(t, "UTC", time.Time{})); diff != "" {
		t.Errorf("the report changed:\n%s", diff)
	}
	l.read(t, file("again"), rows...)
	l.read(t, file("b again"), rowOf(1, fixed))
	l.read(t, file("quality again"), supplement)
	gone() // the same files do not bring the person back
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

// holds reports whether a text stands anywhere in the log: in any column of any of
// its tables, as text or as bytes, and in the rows as received, opened.
func (l *log) holds(t *testing.T, text string) bool {
	t.Helper()
	found, err := l.pool.Query(t.Context(), `
		SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relname ~ '^(call|rollup|report)_'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatalf("%d tables of the log: %v, %v", len(tables), tables, err)
	}
	held := false
	for _, table := range tables {
		if n := l.count(t, fmt.Sprintf(`%s x WHERE strpos(x::text, '%s') > 0 OR strpos(x::text, '%x') > 0`, table, text, text)); n > 0 {
			t.Logf("%s: %d rows hold %s", table, n, text)
			held = true
		}
	}
	chunks, err := l.pool.Query(t.Context(), `SELECT data FROM call_raw`)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := pgx.CollectRows(chunks, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range packed {
		if plain, err := decompress(data); err != nil || strings.Contains(string(plain), text) {
			t.Logf("a row as received holds %s, %v", text, err)
			held = true
		}
	}
	return held
}

// told puts the person into every text that is written about legs.
func (l *log) told(t *testing.T) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO call_moves SELECT started_at, system_id, record_id, 'a', 'b', 'uui 0305551234' FROM call_legs LIMIT 1`,
		`INSERT INTO call_open SELECT started_at, system_id, record_id,
			'[{"leg": {"system": "pbx", "record": "r1"}, "confidence": 60, "why": "+49305551234 rang twice"}]' FROM call_legs LIMIT 1`,
		`INSERT INTO call_rulings (started_at, system_id, record_id, actor, reason, undone_why)
			SELECT started_at, system_id, record_id, 'kim', 'Erika Mustermann says so', 'it was (030) 555-1234' FROM call_legs LIMIT 1`,
		`INSERT INTO call_reconciled VALUES ('2026-10-20', now(), '{"open": 1, "first": "0305551234"}')`,
		`INSERT INTO call_reconciled_items VALUES ('2026-10-20', 1, 'u', 'crm_only', true, '{"number": "+49305551234", "duration": 1200}')`,
	} {
		if _, err := l.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		`CREATE TABLE call_members_2026_10 PARTITION OF call_members FOR VALUES FROM ('2026-10-01') TO ('2026-11-01')`,
		`INSERT INTO call_members (started_at, system_id, record_id, call_id, method, confidence, why)
			SELECT started_at, system_id, record_id, 'c', 3, 97, 'uui 0049305551234;encoding=hex' FROM call_legs LIMIT 1`,
	} {
		if _, err := l.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
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
