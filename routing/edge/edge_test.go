package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
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
		if err := p.Check(); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%+v: %v", p, err)
		}
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
	m := edge.NewMeasures("sip", routing.Fixed{At: 9})
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

func TestTheJournalKeepsWhatFitsAndNeverWaits(t *testing.T) {
	t.Parallel()
	j := edge.NewJournal(100)
	const calls = 20000
	for i := range calls {
		j.Keep(&edge.Record{Call: routing.Call{ID: strconv.Itoa(i)}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if err := j.Write(ctx, &out); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); uint64(n)+j.Dropped() != calls || n == 0 || j.Dropped() == 0 { //nolint:gosec // A count.
		t.Errorf("%d written, %d dropped of %d", n, j.Dropped(), calls)
	}
	var r edge.Record
	if err := json.NewDecoder(&out).Decode(&r); err != nil || r.Call.ID != "0" {
		t.Errorf("%v %+v", err, r)
	}
}

func TestASampleIsOfWholeCallsAndHoldsEveryCallForHelp(t *testing.T) {
	t.Parallel()
	j := edge.NewJournal(25)
	for i := range 4000 {
		j.Keep(&edge.Record{Call: routing.Call{ID: strconv.Itoa(i)}, Decision: routing.Decision{Emergency: i < 10}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if err := j.Write(ctx, &out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), `"id":"`) + strings.Count(out.String(), `"ID":"`); n < 800 || n > 1200 {
		t.Errorf("%d of 4000", n)
	}
	if n := strings.Count(out.String(), `"emergency":true`); n != 10 {
		t.Errorf("%d of 10 calls for help", n)
	}
}
