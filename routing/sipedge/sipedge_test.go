package sipedge

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/edge/edgetest"
)

// deciding is a decider made of a function.
type deciding func(routing.Call) routing.Decision

func (d deciding) Decide(c routing.Call) routing.Decision { return d(c) }
func (deciding) Revision() routing.Revision               { return 7 }
func (deciding) Age(time.Time) time.Duration              { return 0 }

func newServer(tb testing.TB, d routing.Decider) *Server {
	tb.Helper()
	targets, err := edge.NewTargets(map[dualtone.Side]edge.Place{
		dualtone.Old: {Host: "pbx.example.test", Port: 5060, Transport: "udp"},
		dualtone.New: {Host: "cloud.example.test", Transport: "tls", User: "9{digits}", Headers: map[string]string{"X-Route-Version": "{revision}"}},
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	access, err := edge.NewAccess([]edge.Peer{
		{Network: netip.MustParsePrefix("127.0.0.0/8"), Ingress: routing.FromCarrier, Country: "US"},
		{Network: netip.MustParsePrefix("::1/128"), Ingress: routing.FromCarrier, Country: "US"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{
		Core:   &edge.Core{Decider: d, Targets: targets, Measures: edge.NewMeasures(Name, d), Now: time.Now},
		Access: access, Log: slog.New(slog.DiscardHandler),
	}
	if err := s.Check(); err != nil {
		tb.Fatal(err)
	}
	return s
}

func both() edgetest.Fixed {
	return edgetest.Fixed{Sides: []dualtone.Side{dualtone.New, dualtone.Old}, Order: routing.Serial, At: 7}
}

// wire makes a message of text as a reader writes it.
func wire(text string) []byte {
	return []byte(strings.NewReplacer("\n", "\r\n", `\LF`, "\n", `\NUL`, "\x00").Replace(text))
}

// answerTo answers one message as a socket would.
func answerTo(tb testing.TB, s *Server, message []byte) string {
	tb.Helper()
	k := newSocket(s)
	ask := asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), at: time.Unix(1, 0)}
	return string(k.datagram(message, nil, &ask))
}

func codeIn(answer string) int {
	if answer == "" {
		return 0
	}
	code, _ := strconv.Atoi(strings.Fields(answer)[1])
	return code
}

func tortures(tb testing.TB) map[string]string {
	tb.Helper()
	names, err := filepath.Glob("testdata/torture/*.txt")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no torture messages: %v", err)
	}
	all := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // The test's own folder.
		if err != nil {
			tb.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".txt")] = string(text)
	}
	return all
}

func TestTheTortureMessagesOfRFC4475GetTheAnswersThatItWants(t *testing.T) {
	t.Parallel()
	s := newServer(t, both())
	for name, text := range tortures(t) {
		first, message, _ := strings.Cut(text, "\n----\n")
		code, why, _ := strings.Cut(first, " ")
		want, err := strconv.Atoi(code)
		if err != nil {
			t.Fatal(err)
		}
		if got := answerTo(t, s, wire(message)); codeIn(got) != want {
			t.Errorf("%s: %s:\ngot %d, want %d\n%s", name, why, codeIn(got), want, got)
		}
	}
}

const invite = `INVITE sip:+15551230001@sbc.example.test SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5066;rport;branch=z9hG4bK776asdhds
Via: SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bKup, SIP/2.0/TCP first.example.test
Max-Forwards: 69
From: "Caller" <sip:+15557770000@carrier.example.test>;tag=a1
To: <sip:+15551230001@sbc.example.test>
Call-ID: 3848276298220188511@carrier.example.test
CSeq: 314159 INVITE
P-Asserted-Identity: "Real" <tel:+15557770009>
Contact: <sip:caller@10.9.9.9>
Session-ID: 0123456789abcdef0123456789abcdef;remote=00000000000000000000000000000000
User-to-User: 3031;encoding=hex
X-Dualtone-Ingress: old
X-Dualtone-Location: london
Diversion: "A, B" <sip:+15551230009@pbx.example.test>;reason=unconditional, <sip:+15551230008@pbx.example.test>
History-Info: <sip:+15551230007@x>;index=1, <sip:+15551230001@x>;index=1.1
Content-Type: application/sdp
Content-Length: 5

v=0
`

func TestAnInviteIsRedirectedToEverySideInOrder(t *testing.T) {
	t.Parallel()
	got := answerTo(t, newServer(t, both()), wire(invite))
	want := string(wire(`SIP/2.0 302 Moved Temporarily
Via: SIP/2.0/UDP 127.0.0.1:5066;rport=5066;branch=z9hG4bK776asdhds;received=127.0.0.1
Via: SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bKup, SIP/2.0/TCP first.example.test
From: "Caller" <sip:+15557770000@carrier.example.test>;tag=a1
To: <sip:+15551230001@sbc.example.test>;tag=TAG
Call-ID: 3848276298220188511@carrier.example.test
CSeq: 314159 INVITE
Contact: <sip:915551230001@cloud.example.test;transport=tls?X-Route-Version=7>;q=1.0
Contact: <sip:+15551230001@pbx.example.test:5060;transport=udp>;q=0.500
X-Dualtone-Revision: 7
X-Dualtone-Rule: default default
Content-Length: 0

`))
	_, tag, _ := strings.Cut(strings.Split(got, "\r\n")[4], ";tag=")
	if want = strings.Replace(want, "TAG", tag, 1); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

type keeper struct{ records []*routing.Record }

func (k *keeper) Keep(r *routing.Record) { k.records = append(k.records, r) }

func TestTheDecisionIsMadeFromAllThatTheInviteTells(t *testing.T) {
	t.Parallel()
	var got routing.Call
	s := newServer(t, deciding(func(c routing.Call) routing.Decision { got = c; return both().Decide(c) }))
	kept := &keeper{}
	s.Core.Recorder = kept
	answerTo(t, s, wire(invite))
	got.At = time.Time{}
	want := routing.Call{
		ID: "3848276298220188511@carrier.example.test", Called: "+15551230001", Caller: "+15557770009",
		Ingress: routing.FromOld, Country: "US", Location: "london",
		Diverted: []string{"+15551230009", "+15551230008", "+15551230007"},
	}
	if !equalCalls(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if len(kept.records) != 1 || kept.records[0].UserToUser != "3031;encoding=hex" || !strings.HasPrefix(kept.records[0].SessionID, "0123") ||
		!strings.Contains(kept.records[0].Diversion, "+15551230008") || !strings.Contains(kept.records[0].History, "index=1.1") {
		t.Errorf("kept %+v", kept.records)
	}
}

func equalCalls(a, b routing.Call) bool {
	return a.ID == b.ID && a.Called == b.Called && a.Caller == b.Caller && a.Ingress == b.Ingress && a.Country == b.Country &&
		a.Location == b.Location && strings.Join(a.Diverted, " ") == strings.Join(b.Diverted, " ")
}

func TestEachResultHasItsStatus(t *testing.T) {
	t.Parallel()
	for result, want := range map[routing.Result]int{
		routing.Routed: 302, routing.NotFound: 404, routing.Loop: 482, routing.NoTable: 503,
	} {
		s := newServer(t, deciding(func(routing.Call) routing.Decision { return routing.Decision{Result: result, Revision: 7} }))
		got := answerTo(t, s, wire(invite))
		if codeIn(got) != want {
			t.Errorf("%s: got %d, want %d", result, codeIn(got), want)
		}
		if result == routing.NoTable && !strings.Contains(got, "\r\nRetry-After: 5\r\n") {
			t.Errorf("503 without Retry-After:\n%s", got)
		}
	}
}

func TestParallelTargetsHaveTheSameQ(t *testing.T) {
	t.Parallel()
	d := both()
	d.Order = routing.Parallel
	if got := answerTo(t, newServer(t, d), wire(invite)); strings.Count(got, ">;q=1.0\r\n") != 2 {
		t.Errorf("got\n%s", got)
	}
}

func TestOptionsSayWhetherThereIsATable(t *testing.T) {
	t.Parallel()
	options := strings.NewReplacer("INVITE", "OPTIONS").Replace(invite)
	if got := codeIn(answerTo(t, newServer(t, both()), wire(options))); got != 200 {
		t.Errorf("with a table: %d", got)
	}
	if got := answerTo(t, newServer(t, edgetest.Fixed{}), wire(options)); codeIn(got) != 503 || !strings.Contains(got, "Retry-After") {
		t.Errorf("without a table:\n%s", got)
	}
}

func TestWhatIsNoNewCallIsAnsweredWithoutADecision(t *testing.T) {
	t.Parallel()
	s := newServer(t, deciding(func(routing.Call) routing.Decision {
		t.Error("asked where the call goes")
		return routing.Decision{}
	}))
	for method, want := range map[string]int{
		"ACK": 0, "CANCEL": 200, "BYE": 481, "UPDATE": 481, "REGISTER": 405, "SUBSCRIBE": 405, "GARGLE": 501,
	} {
		if got := answerTo(t, s, wire(strings.ReplaceAll(invite, "INVITE", method))); codeIn(got) != want {
			t.Errorf("%s: got %d, want %d", method, codeIn(got), want)
		}
	}
}

func TestARepeatedInviteGetsTheAnswerThatItHadThoughTheTableHasChanged(t *testing.T) {
	t.Parallel()
	side := dualtone.Old
	s := newServer(t, deciding(func(c routing.Call) routing.Decision {
		return edgetest.Fixed{Sides: []dualtone.Side{side}, At: 7}.Decide(c)
	}))
	k := newSocket(s)
	now := time.Unix(1000, 0)
	ask := func(text, from string, at time.Time) string {
		return string(k.datagram(wire(text), nil, &asking{from: netip.MustParseAddrPort(from), at: at}))
	}
	first := ask(invite, "127.0.0.1:5066", now)
	side = dualtone.New
	if again := ask(invite, "127.0.0.1:5066", now.Add(time.Second)); again != first {
		t.Errorf("the copy got\n%s\nfirst\n%s", again, first)
	}
	if other := ask(invite, "127.0.0.1:5067", now); !strings.Contains(other, "cloud.example.test") {
		t.Errorf("the same from another port is another request:\n%s", other)
	}
	if next := ask(strings.Replace(invite, "314159", "314160", 1), "127.0.0.1:5066", now); !strings.Contains(next, "cloud.example.test") {
		t.Errorf("the next request of the call got\n%s", next)
	}
	if late := ask(invite, "127.0.0.1:5066", now.Add(time.Minute)); !strings.Contains(late, "cloud.example.test") {
		t.Errorf("after a minute it is a new request:\n%s", late)
	}
	for i := range 3 * memorySlots {
		ask(strings.Replace(invite, "314159", strconv.Itoa(i), 1), "127.0.0.1:5066", now)
	}
	if got := ask(strings.Replace(invite, "314159", "5", 1), "127.0.0.1:5066", now); codeIn(got) != 302 {
		t.Errorf("forgotten for want of room, it is answered anew:\n%s", got)
	}
}

func TestTheSameRequestGetsTheSameTagFromEveryServer(t *testing.T) {
	t.Parallel()
	if a, b := answerTo(t, newServer(t, both()), wire(invite)), answerTo(t, newServer(t, both()), wire(invite)); a != b {
		t.Errorf("one server said\n%s\nthe other\n%s", a, b)
	}
}

func TestNobodyElseGetsAnAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t, both())
	ask := asking{from: netip.MustParseAddrPort("192.0.2.1:5060"), at: time.Unix(1, 0)}
	if got := newSocket(s).datagram(wire(invite), nil, &ask); len(got) > 0 || ask.outcome != edge.Refused {
		t.Errorf("%s: got\n%s", ask.outcome, got)
	}
}

func TestCallsBeyondTheLimitAreSentAwayAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	s := newServer(t, both())
	s.Core.Limit.PerSecond = 10
	k := newSocket(s)
	counts := map[int]int{}
	for i := range 25 {
		ask := asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), at: time.Unix(50, 0)}
		got := string(k.datagram(wire(strings.Replace(invite, "314159", strconv.Itoa(i), 1)), nil, &ask))
		counts[codeIn(got)]++
		if codeIn(got) == 503 && !strings.Contains(got, "Retry-After: 5\r\n") {
			t.Errorf("got\n%s", got)
		}
	}
	if counts[302] != 10 || counts[503] != 15 {
		t.Errorf("got %v", counts)
	}
	ask := asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), at: time.Unix(51, 0)}
	if got := string(k.datagram(wire(invite), nil, &ask)); codeIn(got) != 302 {
		t.Errorf("in the next second:\n%s", got)
	}
}

func TestACallForHelpIsNeverTurnedAway(t *testing.T) {
	t.Parallel()
	for _, called := range []string{"sip:911@sbc.example.test", "sip:9911@sbc.example.test;user=phone", "tel:112", "urn:service:sos.police"} {
		s := newServer(t, routing.NewTable(routing.Options{Countries: []string{"US"}}))
		s.Core.Limit.PerSecond = 1
		k := newSocket(s)
		for i := range 3 {
			ask := asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), at: time.Unix(50, 0), overload: true}
			message := strings.Replace(strings.Replace(invite, "314159", strconv.Itoa(i), 1), "sip:+15551230001@sbc.example.test SIP", called+" SIP", 1)
			if got := string(k.datagram(wire(message), nil, &ask)); codeIn(got) != 302 || !strings.Contains(got, "pbx.example.test") {
				t.Errorf("%s without a table, under overload:\n%s", called, got)
			}
		}
	}
}

func TestOnlyExtensionsThatConcernARedirectAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, both())
	if got := answerTo(t, s, wire(strings.Replace(invite, "Max-Forwards", "Require: 100rel, timer\nMax-Forwards", 1))); codeIn(got) != 302 {
		t.Errorf("got\n%s", got)
	}
	got := answerTo(t, s, wire(strings.Replace(invite, "Max-Forwards", "Require: 100rel, gargle\nMax-Forwards", 1)))
	if codeIn(got) != 420 || !strings.Contains(got, "\r\nUnsupported: gargle\r\n") || strings.Contains(got, "100rel") {
		t.Errorf("got\n%s", got)
	}
}
