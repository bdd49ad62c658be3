package enumedge

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
)

// What ENUM cannot say (who calls, and whence) and what the DNS does with what it is
// told (keep it, cut it off, take a failure for a denial) each have a test of their
// name here; docs/sbc/hazards.md lists them.

// changing decides from a table that can be replaced, as a follower's is.
type changing struct{ atomic.Pointer[routing.Table] }

func (c *changing) Decide(call routing.Call) routing.Decision { return c.Load().Decide(call) }
func (c *changing) Revision() routing.Revision                { return c.Load().Revision() }
func (c *changing) Age(now time.Time) time.Duration           { return c.Load().Age(now) }

// plans loads a table of one number or of none.
func plans(t *testing.T, revision routing.Revision, rows ...string) *routing.Table {
	t.Helper()
	table := routing.NewTable(routing.Options{
		Countries: []string{"US"},
		Locations: map[string]routing.Location{"austin": {Country: "US", Side: dualtone.New, Trunk: "sos-austin"}},
	})
	list, err := routing.ReadCSV(strings.NewReader("number,plan\n"+strings.Join(rows, "\n")+"\n"), "US")
	if err != nil || len(list.Faults) > 0 {
		t.Fatalf("%v %+v", err, list.Faults)
	}
	if table, err = table.Load(routing.Snapshot{Revision: revision, Routes: list.Routes, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return table
}

// deciding replaces the table of a server that is not started yet.
func deciding(s *Server, t *routing.Table) *changing {
	c := &changing{}
	c.Store(t)
	s.Core.Decider = c
	return c
}

// addresses are the regular expressions of an answer.
func addresses(m *dns.Msg) string {
	var all []string
	for _, rr := range m.Answer {
		if n, ok := rr.(*dns.NAPTR); ok {
			all = append(all, n.Regexp)
		}
	}
	return strings.Join(all, " ")
}

const someone = "+15551230001"

// The server itself keeps nothing: what the DNS between may keep is bounded by
// TestHazardAnAnswerIsNeverKeptForLongerThanFiveSeconds.
func TestHazardOverENUMAFlipIsInTheVeryNextAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	table := deciding(s, plans(t, 8, someone+",old"))
	address := start(t, s)
	for revision, c := range []struct{ row, want string }{
		{someone + ",new", "@cloud.example.test!"}, {someone + ",old", "@pbx.example.test:5060"}, {"+15551230009,old", ""}, {someone + ",new", "@cloud."},
	} {
		table.Store(plans(t, routing.Revision(9+revision), c.row))
		m := ask(t, "udp", address, domain(someone), dns.TypeNAPTR)
		if got := addresses(m); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: got\n%s", c.row, m)
		}
		if soa := ask(t, "udp", address, s.Zone, dns.TypeSOA); soaOf(soa.Answer[0]).Serial != uint32(9+revision) {
			t.Errorf("the zone's serial is not the revision:\n%s", soa)
		}
	}
}

// Nobody knows who calls, so many calls to one number in a moment are many callers,
// and no loop.
func TestHazardOverENUMManyCallsToANumberAreNotTakenForALoop(t *testing.T) {
	t.Parallel()
	guard := routing.NewGuard()
	s := newServer(t, true)
	s.Core.Decider = guarded{s.Core.Decider, guard}
	address := start(t, s)
	for i := range 20 {
		if m := ask(t, "udp", address, domain("+15551230002"), dns.TypeNAPTR); !strings.Contains(addresses(m), "@cloud.example.test!") {
			t.Fatalf("question %d: got\n%s", i, m)
		}
	}
}

// guarded counts calls as a follower does.
type guarded struct {
	routing.Decider

	guard *routing.Guard
}

func (g guarded) Decide(call routing.Call) routing.Decision {
	call.Repeated = g.guard.Seen(call.Caller, call.Called, call.At)
	return g.Decider.Decide(call)
}

// A question does not say where its call comes from, but a platform that asks by
// itself is known by its address.
func TestHazardOverENUMAPlatformIsNeverSentBackToItself(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	var err error
	if s.Access, err = edge.NewAccess([]edge.Peer{{Network: netip.MustParsePrefix("127.0.0.1/32"), Ingress: routing.FromOld, Country: "US"}}); err != nil {
		t.Fatal(err)
	}
	address := start(t, s)
	for _, number := range []string{"+15551230001", "+15551230002", "+15551230003", "+15551230004", "+15551230005"} {
		m := ask(t, "udp", address, domain(number), dns.TypeNAPTR)
		if got := addresses(m); strings.Contains(got, "pbx.example.test") || m.Rcode != dns.RcodeSuccess {
			t.Errorf("%s: the old platform was told\n%s", number, m)
		}
	}
}

func TestHazardOverENUMHelpIsDecidedByWhereTheTrunkIsAndNeverTurnedAway(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	deciding(s, plans(t, 8, "default,old"))
	s.Core.Limit.PerSecond = 1
	now := time.Unix(50, 0)
	s.Core.Now = func() time.Time { return now }
	var err error
	if s.Access, err = edge.NewAccess([]edge.Peer{
		{Network: netip.MustParsePrefix("127.0.0.1/32"), Ingress: routing.Internal, Country: "US", Location: "austin"},
	}); err != nil {
		t.Fatal(err)
	}
	address := start(t, s)
	for range 2 { // the second one is beyond the limit
		for _, number := range []string{"911", "112", "9911"} {
			m := ask(t, "udp", address, domain(number), dns.TypeNAPTR)
			if got := addresses(m); !strings.Contains(got, "@cloud.example.test!") || strings.Contains(got, "pbx") {
				t.Errorf("%s: got\n%s", number, m)
			}
		}
	}
	if m := ask(t, "udp", address, domain(someone), dns.TypeNAPTR); m.Rcode != dns.RcodeServerFailure {
		t.Errorf("the limit holds for all others: got\n%s", m)
	}
}

// Of an answer that is cut off, a resolver must not use a part: it would ring one
// side where both should.
func TestHazardOverENUMAnAnswerThatIsCutOffIsAskedForAgainOverTCP(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	long := strings.Repeat("a-rather-long-label.", 9) + "example.test"
	var err error
	if s.Core.Targets, err = edge.NewTargets(map[dualtone.Side]edge.Place{dualtone.Old: {Host: "old." + long}, dualtone.New: {Host: "new." + long}}, nil); err != nil {
		t.Fatal(err)
	}
	address, name := start(t, s), domain("+15551230003")
	if m := ask(t, "udp", address, name, dns.TypeNAPTR); !m.Truncated || m.Rcode != dns.RcodeSuccess {
		t.Errorf("does not say that it is cut off:\n%s", m)
	}
	if m := ask(t, "tcp", address, name, dns.TypeNAPTR); m.Truncated || len(m.Answer) != 2 {
		t.Errorf("over TCP: got\n%s", m)
	}
	q := new(dns.Msg)
	q.SetQuestion(name, dns.TypeNAPTR).SetEdns0(4096, false)
	m, _, err := (&dns.Client{Timeout: 10 * time.Second}).ExchangeContext(t.Context(), q, address)
	if err != nil || m.Truncated || len(m.Answer) != 2 {
		t.Errorf("with room for it: %v, got\n%s", err, m)
	}
}

// A denial sends a call to "no such number" and a failure to the SBC's fallback, so
// neither is ever said for the other; and only a denial may be kept.
func TestHazardOverENUMAFailureIsNeverTakenForAnUnknownNumber(t *testing.T) {
	t.Parallel()
	unknown := func(m *dns.Msg) bool { return m.Rcode == dns.RcodeNameError && m.Authoritative && len(m.Ns) == 1 }
	failed := func(m *dns.Msg) bool {
		return m.Rcode == dns.RcodeServerFailure && !m.Authoritative && len(m.Answer)+len(m.Ns) == 0
	}
	full := newServer(t, true)
	full.Core.Limit.PerSecond = 1
	now := time.Unix(50, 0)
	full.Core.Now = func() time.Time { return now }
	busy := start(t, full)
	ask(t, "udp", busy, domain(someone), dns.TypeNAPTR)
	tooLong := newServer(t, true)
	var err error
	place := edge.Place{Host: strings.Repeat("a-rather-long-label.", 12) + "example.test"}
	if tooLong.Core.Targets, err = edge.NewTargets(map[dualtone.Side]edge.Place{dualtone.Old: place, dualtone.New: place}, nil); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		address, number string
		want            func(*dns.Msg) bool
	}{
		"nobody's number":                 {start(t, newServer(t, true)), "+15559999999", unknown},
		"no table is loaded":              {start(t, newServer(t, false)), someone, failed},
		"beyond the limit":                {busy, someone, failed},
		"an address longer than a record": {start(t, tooLong), someone, failed},
	} {
		for _, network := range []string{"udp", "tcp"} {
			if m := ask(t, network, c.address, domain(c.number), dns.TypeNAPTR); !c.want(m) {
				t.Errorf("%s, over %s: got\n%s", what, network, m)
			}
		}
	}
}

// Whoever asks in a flood gets the answer to their own question or a failure, and never
// the answer of somebody else or a denial.
func TestHazardOverENUMInAFloodAnAnswerIsRightOrAFailure(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	var now atomic.Int64
	// The server's clock runs fast, so that a socket which is full twice in a row has
	// been full for long.
	s.Core.Now = func() time.Time { return time.Unix(0, now.Add(int64(50*time.Millisecond))) }
	address := start(t, s)
	want := []struct{ number, uri string }{
		{"+15551230001", "!^.*$!sip:+15551230001@pbx.example.test:5060;transport=udp!"},
		{"+15551230002", "!^.*$!sip:+15551230002@cloud.example.test!"},
	}
	right, failed := 0, 0
	for deadline := time.Now().Add(time.Minute); right == 0 || failed == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d right answers and %d failures", right, failed)
		}
		for id, m := range flooded(t, address, func(id uint16) string { return domain(want[id%2].number) }) {
			w := want[id%2]
			switch {
			case len(m.Question) != 1 || m.Question[0].Name != domain(w.number):
				t.Fatalf("question %d of %s: got\n%s", id, w.number, m)
			case m.Rcode == dns.RcodeServerFailure && len(m.Answer) == 0:
				failed++
			case m.Rcode == dns.RcodeSuccess && addresses(m) == w.uri:
				right++
			default:
				t.Fatalf("question %d of %s: got\n%s", id, w.number, m)
			}
		}
	}
}

// flooded sends many questions at once and returns the answers by the questions' ids.
func flooded(t *testing.T, address string, name func(id uint16) string) map[uint16]*dns.Msg {
	t.Helper()
	const questions = 5000
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for id := range uint16(questions) {
		q := new(dns.Msg).SetQuestion(name(id), dns.TypeNAPTR)
		q.Id = id
		b, err := q.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	all, b := map[uint16]*dns.Msg{}, make([]byte, dns.MaxMsgSize)
	for len(all) < questions {
		_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		n, err := conn.Read(b)
		if err != nil {
			break // the system has dropped the others
		}
		m := new(dns.Msg)
		if err := m.Unpack(b[:n]); err != nil {
			t.Fatal(err)
		}
		all[m.Id] = m
	}
	return all
}
