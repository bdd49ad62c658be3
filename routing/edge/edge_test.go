package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/edge/edgetest"
)

func TestATargetIsWrittenAsItsTemplateSays(t *testing.T) {
	t.Parallel()
	targets, err := edge.NewTargets(map[dualtone.Side]edge.Place{
		dualtone.Old: {Host: "2001:db8::1", Port: 5060, Transport: "tcp", User: "9{digits}"},
		dualtone.New: {Host: "cloud.example.test", Headers: map[string]string{"X-Rule": "{rule}", "X-Side": "on {side}"}},
	}, map[string]edge.Place{"paris": {Host: "samu.example.test"}})
	if err != nil {
		t.Fatal(err)
	}
	d := &routing.Decision{Number: "+15551230001", Rule: "+1555*\r\nX: y", Revision: 12}
	for _, c := range []struct {
		target routing.Target
		want   string
	}{
		{routing.Target{Side: dualtone.Old}, "sip:915551230001@[2001:db8::1]:5060;transport=tcp"},
		{routing.Target{Side: dualtone.New}, "sip:+15551230001@cloud.example.test?X-Rule=+1555*%0D%0AX%3A%20y&X-Side=on%20new"},
		{routing.Target{Side: dualtone.Old, Trunk: "paris"}, "sip:+15551230001@samu.example.test"},
		// A trunk that nobody has described must not lose the call.
		{routing.Target{Side: dualtone.New, Trunk: "rome"}, "sip:+15551230001@cloud.example.test?X-Rule=+1555*%0D%0AX%3A%20y&X-Side=on%20new"},
	} {
		if got := string(targets.AppendContact(nil, d, &c.target)); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	if got := targets.Headers(d, &routing.Target{Side: dualtone.New}); got != "X-Rule: +1555*X: y\r\nX-Side: on new\r\n" {
		t.Errorf("headers %q", got)
	}
}

// usable reports what is wrong with a place that a platform is said to be at.
func usable(p edge.Place) error {
	_, err := edge.NewTargets(map[dualtone.Side]edge.Place{dualtone.Old: p, dualtone.New: p}, nil)
	return err
}

func TestAPlaceThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []edge.Place{
		{},
		{Host: "a b"},
		{Host: "x>;y"},
		{Host: "pbx:5060"},
		{Host: "x", Port: 70000},
		{Host: "x", Transport: "ws"},
		{Host: "x", User: "{digit}"},
		{Host: "x", User: "a\r\nb"},
		{Host: "x", Headers: map[string]string{"A B": "c"}},
		{Host: "x", Headers: map[string]string{"A": "{nobody}"}},
	} {
		if err := usable(p); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// What a carrier has signed of who calls reaches either platform as it was.
func TestHazardATargetNeverTouchesWhoCalls(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Identity", "y", "P-Asserted-Identity", "from", "F", "Diversion", "History-Info", "Call-ID", "Route"} {
		err := usable(edge.Place{Host: "x", Headers: map[string]string{name: "{number}"}})
		if !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := usable(edge.Place{Host: "x", Headers: map[string]string{"X-Identity-Of": "{rule}", "Subject": "{side}"}}); err != nil {
		t.Error(err)
	}
}

func TestTheNarrowestNetworkCounts(t *testing.T) {
	t.Parallel()
	access, err := edge.NewAccess([]edge.Peer{
		{Network: netip.MustParsePrefix("192.0.2.0/24"), Ingress: routing.Internal},
		{Network: netip.MustParsePrefix("192.0.2.10/32"), Ingress: routing.FromCarrier},
	})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]routing.Ingress{
		"192.0.2.10": routing.FromCarrier, "::ffff:192.0.2.10": routing.FromCarrier, "192.0.2.11": routing.Internal, "198.51.100.1": "",
	} {
		p, ok := access.Peer(netip.MustParseAddr(address))
		if ok != (want != "") || ok && p.Ingress != want {
			t.Errorf("%s: got %v %v, want %q", address, p, ok, want)
		}
	}
	if _, err := edge.NewAccess([]edge.Peer{{Network: netip.MustParsePrefix("192.0.2.1/24"), Ingress: routing.Internal}}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("a network with bits beyond its mask: %v", err)
	}
}

func TestMeasuresTellResultsRevisionsAndLatency(t *testing.T) {
	t.Parallel()
	m := edge.NewMeasures("sip", edgetest.Fixed{At: 9})
	m.Answered(edge.Routed, 40*time.Microsecond)
	m.Answered(edge.Routed, 2*time.Millisecond)
	m.Count(edge.Refused)
	for r := range routing.Revision(10) {
		m.From(r)
	}
	m.From(9)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	want := `
# HELP dualtone_edge_revision_answers_total Decisions by the table's revision, the last few of them.
# TYPE dualtone_edge_revision_answers_total counter
dualtone_edge_revision_answers_total{edge="sip",revision="6"} 1
dualtone_edge_revision_answers_total{edge="sip",revision="7"} 1
dualtone_edge_revision_answers_total{edge="sip",revision="8"} 1
dualtone_edge_revision_answers_total{edge="sip",revision="9"} 2
# HELP dualtone_edge_revision Revision of the table that answers are made from; 0 for none.
# TYPE dualtone_edge_revision gauge
dualtone_edge_revision{edge="sip"} 9
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "dualtone_edge_revision", "dualtone_edge_revision_answers_total"); err != nil {
		t.Error(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "dualtone_edge_answer_seconds" && f.GetMetric()[0].GetHistogram().GetSampleCount() != 2 {
			t.Errorf("got %v", f)
		}
	}
}

// shelf is a sink that can be away.
type shelf struct {
	mu   sync.Mutex
	away bool
	held map[routing.RecordID]*routing.Record
}

func (s *shelf) Store(_ context.Context, records []*routing.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return dualtone.ErrUnavailable
	}
	for _, r := range records {
		s.held[r.ID] = r
	}
	return nil
}

func (s *shelf) ids() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := map[string]bool{}
	for _, r := range s.held {
		ids[r.Call.ID] = true
	}
	return ids
}

// run lets a journal store what it has, and stop.
func run(t *testing.T, j *edge.Journal, sink edge.Sink) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Run(ctx, sink); err != nil {
		t.Fatal(err)
	}
}

func TestTheJournalKeepsWhatFitsAndNeverWaits(t *testing.T) {
	t.Parallel()
	j := edge.NewJournal(edge.JournalConfig{Percent: 100, Edge: "sbc-1"})
	const calls = 20000
	for i := range calls {
		j.Keep(&routing.Record{Edge: "sip", Call: routing.Call{ID: strconv.Itoa(i)}})
	}
	var out bytes.Buffer
	run(t, j, edge.Lines{Out: &out})
	if n := uint64(bytes.Count(out.Bytes(), []byte("\n"))); n+j.Dropped() != calls || n == 0 || j.Dropped() == 0 || j.Stored() != n { //nolint:gosec // A count.
		t.Errorf("%d written, %d stored, %d dropped of %d", n, j.Stored(), j.Dropped(), calls)
	}
	var r routing.Record
	if err := json.NewDecoder(&out).Decode(&r); err != nil || r.Call.ID != "0" || r.Edge != "sbc-1/sip" || r.ID == (routing.RecordID{}) {
		t.Errorf("%v %+v", err, r)
	}
}

func TestDecisionsWaitOnDiskWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	cfg := edge.JournalConfig{Percent: 100, Spool: filepath.Join(t.TempDir(), "decisions.spool"), SpoolLimit: 1 << 20}
	s := &shelf{away: true, held: map[routing.RecordID]*routing.Record{}}
	j := edge.NewJournal(cfg)
	for i := range 100 {
		j.Keep(&routing.Record{Call: routing.Call{ID: "a" + strconv.Itoa(i)}})
	}
	run(t, j, s)
	if _, spooled := j.Waiting(); spooled == 0 || j.Dropped() != 0 || len(s.ids()) != 0 {
		t.Fatalf("%d bytes on disk, %d dropped", spooled, j.Dropped())
	}
	// What a power cut left of a line is no decision.
	f, err := os.OpenFile(cfg.Spool, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"id":"0000`); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	// Another process, and the database is back.
	s.away = false
	j = edge.NewJournal(cfg)
	j.Keep(&routing.Record{Call: routing.Call{ID: "b"}})
	run(t, j, s)
	if _, spooled := j.Waiting(); spooled != 0 || len(s.ids()) != 101 || !s.ids()["a99"] || !s.ids()["b"] {
		t.Errorf("%d bytes on disk, %d stored", spooled, len(s.ids()))
	}
}

func TestTheSpoolIsBoundedAndWhatHasNoRoomIsCounted(t *testing.T) {
	t.Parallel()
	j := edge.NewJournal(edge.JournalConfig{Percent: 100, Spool: filepath.Join(t.TempDir(), "decisions.spool"), SpoolLimit: 1 << 20})
	s := &shelf{away: true}
	for i := range 8000 {
		j.Keep(&routing.Record{Call: routing.Call{ID: strconv.Itoa(i)}, UserToUser: strings.Repeat("u", 1000)})
	}
	run(t, j, s)
	if _, spooled := j.Waiting(); spooled > 1<<20 || j.Dropped() < 6000 || j.Dropped() > 8000 {
		t.Errorf("%d bytes on disk, %d dropped", spooled, j.Dropped())
	}
}

func TestASampleIsOfWholeCallsAndHoldsEveryCallForHelp(t *testing.T) {
	t.Parallel()
	j := edge.NewJournal(edge.JournalConfig{Percent: 25})
	for i := range 4000 {
		j.Keep(&routing.Record{Call: routing.Call{ID: strconv.Itoa(i)}, Decision: routing.Decision{Emergency: i < 10}})
	}
	s := &shelf{held: map[routing.RecordID]*routing.Record{}}
	run(t, j, s)
	if n := len(s.held); n < 800 || n > 1200 {
		t.Errorf("%d of 4000", n)
	}
	for i := range 10 {
		if !s.ids()[strconv.Itoa(i)] {
			t.Errorf("call %d for help is not kept", i)
		}
	}
}

// BenchmarkKeep is what a decision in the journal costs the answer.
func BenchmarkKeep(b *testing.B) {
	j := edge.NewJournal(edge.JournalConfig{Percent: 100, Edge: "sbc-1"})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx, edge.Lines{Out: io.Discard}) }()
	b.ReportAllocs()
	for b.Loop() {
		j.Keep(&routing.Record{Edge: "sip", Call: routing.Call{ID: "a84b4c76e66710@pc33.example.test"}})
	}
	b.ReportMetric(float64(j.Dropped())/float64(b.N), "dropped/op")
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
