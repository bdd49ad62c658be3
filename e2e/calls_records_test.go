package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// queueEvents are how the made-up records' first call fared in a queue.
const queueEvents = `1793448000|1793448000.0|support|NONE|ENTERQUEUE||12122000000|1
1793448006|1793448000.0|support|1000|CONNECT|6|1793448000.1|2
1793448016|1793448000.0|support|1000|COMPLETECALLER|6|10|1
`

// TestWorkersReadTheRecordsOfConnectedSystems has a worker follow a PBX's files by
// its schedule.
func TestWorkersReadTheRecordsOfConnectedSystems(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3, usual())
	cdr := s.file(t, "Master.csv", "")
	queue := s.file(t, "queue_log", queueEvents)
	text, err := os.ReadFile(s.config)
	must(t, err)
	settings := strings.NewReplacer(
		"freepbx: true}", "freepbx: true, records: {file: "+cdr+", queue_log: "+queue+", zone: America/New_York}}",
		"calls: {every: 0s}", "calls: {every: 1s, systems: {pbx: {zone: America/New_York}}}",
	).Replace(string(text))
	must(t, os.WriteFile(s.config, []byte(settings), 0o600)) //nolint:gosec // A file of this test.
	s.open(t)
	c := &callLog{program: s.program, dir: s.dir, pool: s.pool}

	const first, all = 250, 600
	write := func(from, to int) {
		out, err := os.OpenFile(filepath.Clean(cdr), os.O_APPEND|os.O_WRONLY, 0o600)
		must(t, err)
		for i := from; i < to; i++ {
			_, err = out.WriteString(callRecord(i) + "\n")
			must(t, err)
		}
		must(t, out.Close())
	}
	write(0, first)
	s.work(t)
	eventually(t, "the first records are in the log", func() bool { return c.number(t, `SELECT count(*) FROM call_legs`) == first })
	write(first, all)
	eventually(t, "those that came later are too", func() bool { return c.number(t, `SELECT count(*) FROM call_legs`) == all })
	var fetched struct{ Written struct{ New int64 } }
	if a := s.ask(t, &fetched, "calls", "fetch", "pbx"); a.code != exitOK || fetched.Written.New != 0 {
		t.Errorf("%v\nwant nothing new", a)
	}
	eventually(t, "reports know of all of it", func() bool { return c.number(t, `SELECT count(*) FROM call_batches WHERE known_at IS NULL`) == 0 })
	// The queue's log says what the record of the call does not.
	if got := c.number(t, `SELECT talk_ms FROM call_legs WHERE record_id = '1793448000.0/0'`); got != 10_000 {
		t.Errorf("the first call's talk is %d ms; want 10000", got)
	}
	if a := s.do(t, "calls", "fetch", "crm"); a.code != exitNotFound {
		t.Errorf("%v\nwant not found: a CRM has no such records", a)
	}
}
