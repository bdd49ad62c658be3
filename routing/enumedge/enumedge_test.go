package enumedge

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/edge/edgetest"
)

func newServer(t *testing.T, loaded bool) *Server {
	t.Helper()
	s := &Server{
		Core: edgetest.Core(t, Name, loaded), Access: edgetest.Local(t), Zone: "e164.example.test", NameServers: []string{"ns1.example.test"},
		TTL: time.Second, Log: slog.New(slog.DiscardHandler),
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

// listen takes one port for UDP and TCP. One that is free for the one may be taken for
// the other.
func listen(t *testing.T) ([]*net.UDPConn, net.Listener) {
	t.Helper()
	for {
		udp, err := edge.ListenUDP(t.Context(), "127.0.0.1:0", 1)
		if err != nil {
			t.Fatal(err)
		}
		tcp, err := edge.ListenTCP(t.Context(), udp[0].LocalAddr().String())
		if err == nil {
			return udp, tcp
		}
		_ = udp[0].Close()
	}
}

// start serves UDP and TCP on one port.
func start(t *testing.T, s *Server) string {
	t.Helper()
	udp, tcp := listen(t)
	address := udp[0].LocalAddr().String()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.ServeUDP(ctx, udp[0]); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() {
		if err := s.ServeTCP(ctx, tcp); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); all.Wait() })
	return address
}

// domain is the name of a number.
func domain(number string) string {
	var labels []string
	for _, c := range strings.TrimPrefix(number, "+") {
		labels = append([]string{string(c)}, labels...)
	}
	return strings.Join(append(labels, "e164.example.test."), ".")
}

func ask(t *testing.T, network, address, name string, kind uint16) *dns.Msg {
	t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(name, kind)
	client := &dns.Client{Net: network, Timeout: 10 * time.Second}
	m, _, err := client.ExchangeContext(t.Context(), q, address)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestANumberIsAnsweredWithItsTargetsInOrder(t *testing.T) {
	t.Parallel()
	address := start(t, newServer(t, true))
	for _, network := range []string{"udp", "tcp"} {
		m := ask(t, network, address, domain("+15551230004"), dns.TypeNAPTR)
		if m.Rcode != dns.RcodeSuccess || !m.Authoritative || len(m.Answer) != 2 {
			t.Fatalf("%s: got\n%s", network, m)
		}
		first, ok := m.Answer[0].(*dns.NAPTR)
		second, also := m.Answer[1].(*dns.NAPTR)
		if !ok || !also {
			t.Fatalf("got\n%s", m)
		}
		if first.Regexp != "!^.*$!sip:+15551230004@pbx.example.test:5060;transport=udp!" || first.Service != "E2U+sip" ||
			first.Flags != "u" || first.Hdr.Ttl != 1 || first.Order != second.Order || first.Preference >= second.Preference {
			t.Errorf("got\n%s", m)
		}
	}
	m := ask(t, "udp", address, domain("+15551230003"), dns.TypeNAPTR)
	if len(m.Answer) != 2 || preferenceOf(m.Answer[0]) != preferenceOf(m.Answer[1]) {
		t.Errorf("both ring at the same time:\n%s", m)
	}
}

func TestWhatIsNotThereIsDeniedWithTheStartOfAuthority(t *testing.T) {
	t.Parallel()
	address := start(t, newServer(t, true))
	for _, c := range []struct {
		name string
		kind uint16
		code int
	}{
		{domain("+15559999999"), dns.TypeNAPTR, dns.RcodeNameError},
		// Numbers begin with these digits.
		{domain("+1555"), dns.TypeNAPTR, dns.RcodeSuccess},
		{domain("+15551230001"), dns.TypeA, dns.RcodeSuccess},
		{"x.e164.example.test.", dns.TypeNAPTR, dns.RcodeNameError},
		{"12.e164.example.test.", dns.TypeNAPTR, dns.RcodeNameError},
		{"e164.example.test.", dns.TypeNAPTR, dns.RcodeSuccess},
	} {
		m := ask(t, "udp", address, c.name, c.kind)
		if m.Rcode != c.code || len(m.Answer) != 0 || len(m.Ns) != 1 || m.Ns[0].Header().Rrtype != dns.TypeSOA || soaOf(m.Ns[0]).Minttl > 5 {
			t.Errorf("%s: got\n%s", c.name, m)
		}
	}
	if m := ask(t, "udp", address, "elsewhere.test.", dns.TypeA); m.Rcode != dns.RcodeRefused {
		t.Errorf("got\n%s", m)
	}
}

func preferenceOf(rr dns.RR) uint16 {
	if n, ok := rr.(*dns.NAPTR); ok {
		return n.Preference
	}
	return 0
}

func soaOf(rr dns.RR) dns.SOA {
	if s, ok := rr.(*dns.SOA); ok {
		return *s
	}
	return dns.SOA{}
}

func TestTheZoneKnowsItself(t *testing.T) {
	t.Parallel()
	address := start(t, newServer(t, true))
	soa := ask(t, "udp", address, "E164.example.TEST.", dns.TypeSOA)
	if len(soa.Answer) != 1 || soaOf(soa.Answer[0]).Serial != 7 {
		t.Errorf("got\n%s", soa)
	}
	ns := ask(t, "tcp", address, "e164.example.test.", dns.TypeNS)
	if len(ns.Answer) != 1 || !strings.HasSuffix(ns.Answer[0].String(), "\tns1.example.test.") {
		t.Errorf("got\n%s", ns)
	}
}

func TestWithoutATableTheServerFailsSoThatAnotherIsAsked(t *testing.T) {
	t.Parallel()
	address := start(t, newServer(t, false))
	if m := ask(t, "udp", address, domain("+15551230001"), dns.TypeNAPTR); m.Rcode != dns.RcodeServerFailure {
		t.Errorf("got\n%s", m)
	}
}

func TestTheNumberSurvivesAnyCaseOfTheName(t *testing.T) {
	t.Parallel()
	address := start(t, newServer(t, true))
	name := strings.Replace(domain("+15551230001"), "e164.example", "E164.eXaMpLe", 1)
	m := ask(t, "udp", address, name, dns.TypeNAPTR)
	if len(m.Answer) != 1 || m.Answer[0].Header().Name != name || m.Question[0].Name != name {
		t.Errorf("got\n%s", m)
	}
}

func TestQuestionsBeyondTheLimitFailUnlessTheyAreAboutHelp(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	s.Core.Limit.PerSecond = 2
	now := time.Unix(50, 0)
	s.Core.Now = func() time.Time { return now }
	address := start(t, s)
	for i, want := range []int{dns.RcodeSuccess, dns.RcodeSuccess, dns.RcodeServerFailure, dns.RcodeServerFailure} {
		if m := ask(t, "udp", address, domain("+15551230001"), dns.TypeNAPTR); m.Rcode != want {
			t.Errorf("question %d of a second: got\n%s", i, m)
		}
	}
	if m := ask(t, "udp", address, domain("+911"), dns.TypeNAPTR); m.Rcode != dns.RcodeSuccess || len(m.Answer) != 1 {
		t.Errorf("a call for help: got\n%s", m)
	}
}

func TestHazardOverENUMASplitIsDecidedForTheNumber(t *testing.T) {
	t.Parallel()
	address := start(t, newServer(t, true))
	want := ask(t, "udp", address, domain("+15551230005"), dns.TypeNAPTR).Answer
	for range 50 {
		got := ask(t, "udp", address, domain("+15551230005"), dns.TypeNAPTR).Answer
		if len(got) != 1 || len(want) != 1 || got[0].String() != want[0].String() {
			t.Fatalf("first %v, then %v", want, got)
		}
	}
}

// reversed writes the digits of a name as they are dialed.
func reversed(name string) string {
	digits := strings.Split(name, ".")
	slices.Reverse(digits)
	return strings.Join(digits, "")
}

func FuzzQuestions(f *testing.F) {
	q := new(dns.Msg)
	q.SetQuestion(domain("+15551230001"), dns.TypeNAPTR)
	q.SetEdns0(4096, true)
	b, err := q.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		q := new(dns.Msg)
		if q.Unpack(b) != nil {
			return
		}
		s := newServer(t, true)
		m := new(dns.Msg)
		peer, _ := s.Access.Peer(netip.MustParseAddr("127.0.0.1"))
		s.reply(m, q, peer, netip.MustParseAddrPort("127.0.0.1:53"))
		for _, rr := range m.Answer {
			n, ok := rr.(*dns.NAPTR)
			if !ok {
				continue
			}
			if !strings.Contains(n.Regexp, "@pbx.example.test:5060") && !strings.Contains(n.Regexp, "@cloud.example.test!") {
				t.Errorf("a target that nobody gave: %s", n)
			}
			if asked, _, _ := strings.Cut(strings.ToLower(n.Hdr.Name), ".e164."); !strings.Contains(n.Regexp, reversed(asked)+"@") {
				t.Errorf("a target of another number: %s", n)
			}
		}
		m.Truncate(udpSize)
		if _, err := m.Pack(); err != nil && len(q.Question) == 1 {
			if _, ok := dns.IsDomainName(q.Question[0].Name); ok {
				t.Errorf("%v: %s", err, m)
			}
		}
	})
}

// Whoever keeps answers does not see a flip as long as it keeps them.
func TestHazardAnAnswerIsNeverKeptForLongerThanFiveSeconds(t *testing.T) {
	t.Parallel()
	for ttl, allowed := range map[time.Duration]bool{0: true, time.Second: true, 5 * time.Second: true, 6 * time.Second: false, -time.Second: false} {
		s := newServer(t, true)
		s.TTL = ttl
		if err := s.Check(); (err == nil) != allowed || err != nil && !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", ttl, err)
		}
	}
	address := start(t, newServer(t, true))
	for _, name := range []string{domain("+15551230004"), domain("+15559999999")} {
		m := ask(t, "udp", address, name, dns.TypeNAPTR)
		for _, r := range append(m.Answer, m.Ns...) {
			soa, negative := r.(*dns.SOA)
			if r.Header().Ttl > 5 || negative && soa.Minttl > 5 {
				t.Errorf("may be kept too long: %s", r)
			}
		}
		if len(m.Answer)+len(m.Ns) == 0 {
			t.Errorf("%s: nothing to judge in %s", name, m)
		}
	}
}
