package edge_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/certtest"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/curriedge"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/edge/edgetest"
	"github.com/dualtone/dualtone/routing/enumedge"
	"github.com/dualtone/dualtone/routing/httpedge"
	"github.com/dualtone/dualtone/routing/sipedge"
)

const (
	patience = time.Minute
	// places are how many connections are held in these tests, and flooding how many
	// are turned away: ten times as many.
	places   = 20
	flooding = 10 * places
	// heapRoom is how much more may be alive after a flood, and goroutineRoom how many
	// goroutines the runtime and a server may have of their own.
	heapRoom      = 16 << 20
	goroutineRoom = 8
)

// gated decides nothing before its gate is open: a server that hangs.
type gated struct {
	edgetest.Fixed

	open <-chan struct{}
}

func (g gated) Decide(c routing.Call) routing.Decision {
	<-g.open
	return g.Fixed.Decide(c)
}

func fixed() edgetest.Fixed {
	return edgetest.Fixed{Sides: []dualtone.Side{dualtone.New}, Order: routing.Serial, At: 7}
}

// loopback lets 127.0.0.1 and 127.0.0.2 ask, and nobody else of the loopback.
func loopback(t *testing.T) *edge.Access {
	t.Helper()
	access, err := edge.NewAccess([]edge.Peer{{Network: netip.MustParsePrefix("127.0.0.0/30"), Ingress: routing.FromCarrier, Country: "US"}})
	if err != nil {
		t.Fatal(err)
	}
	return access
}

func coreOf(t *testing.T, name string, d routing.Decider) *edge.Core {
	t.Helper()
	targets, err := edge.NewTargets(map[dualtone.Side]edge.Place{dualtone.Old: {Host: "pbx.example.test"}, dualtone.New: {Host: "cloud.example.test"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &edge.Core{Decider: d, Targets: targets, Measures: edge.NewMeasures(name, d), Now: time.Now}
}

// dial connects from an address of the loopback.
func dial(t *testing.T, from, network, address string) (net.Conn, error) {
	t.Helper()
	var local net.Addr = &net.TCPAddr{IP: net.ParseIP(from)}
	if network == "udp" {
		local = &net.UDPAddr{IP: net.ParseIP(from)}
	}
	conn, err := (&net.Dialer{LocalAddr: local, Timeout: patience}).DialContext(t.Context(), network, address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, conn.SetDeadline(time.Now().Add(patience))
}

// spent is how many goroutines there are and how much is alive.
func spent() (goroutines int, heap uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

func held(t *testing.T, room, goroutines int, heap uint64) {
	t.Helper()
	if g, h := spent(); g > goroutines+room || h > heap+heapRoom {
		t.Errorf("%d goroutines, before the flood %d; %d kB alive, before the flood %d kB", g, goroutines, h>>10, heap>>10)
	}
}

// served is one edge over connections: how it serves them and how it is asked.
type served struct {
	name  string
	core  *edge.Core
	serve func(context.Context, net.Listener) error
	// began is a question that does not end.
	began string
	ask   func(net.Conn) error
}

func sipInvite(n int) string {
	return fmt.Sprintf("INVITE sip:+15551230001@edge SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK%[1]d;rport\r\n"+
		"From: <sip:+1900%07[1]d@sbc>;tag=f\r\nTo: <sip:+15551230001@edge>\r\nCall-ID: %[1]d\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", n)
}

func enumQuestion(n int) []byte {
	number := fmt.Sprintf("1900%07d", n)
	var name strings.Builder
	for i := range number {
		name.WriteString(number[len(number)-1-i:][:1] + ".")
	}
	b, err := new(dns.Msg).SetQuestion(name.String()+"e164.example.test.", dns.TypeNAPTR).Pack()
	if err != nil {
		panic(err) // it is well-formed
	}
	return b
}

func enumServer(t *testing.T, core *edge.Core) *enumedge.Server {
	t.Helper()
	s := &enumedge.Server{
		Core: core, Access: loopback(t), Zone: "e164.example.test", NameServers: []string{"ns.example.test"}, Log: slog.New(slog.DiscardHandler),
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

func sipServer(t *testing.T, core *edge.Core) *sipedge.Server {
	t.Helper()
	s := &sipedge.Server{Core: core, Access: loopback(t), Log: slog.New(slog.DiscardHandler)}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

func overHTTP(core *edge.Core, handler http.Handler, question, answer string) served {
	return served{
		name: "http", core: core, began: question[:len(question)/2],
		serve: func(ctx context.Context, ln net.Listener) error {
			return edge.ServeHTTP(ctx, ln, handler, slog.New(slog.DiscardHandler))
		},
		ask: func(conn net.Conn) error { return exchange(conn, question, answer) },
	}
}

// exchange sends a question and looks for something in the beginning of the answer.
func exchange(conn net.Conn, question, answer string) error {
	if _, err := io.WriteString(conn, question); err != nil {
		return err
	}
	var got strings.Builder
	in := bufio.NewReader(conn)
	for !strings.Contains(got.String(), answer) {
		line, err := in.ReadString('\n')
		if got.WriteString(line); err != nil && !strings.Contains(got.String(), answer) {
			return fmt.Errorf("%w after %q", err, got.String())
		}
	}
	return nil
}

func everyStream(t *testing.T) []served {
	t.Helper()
	const lookUp = "GET /word?to=+15551230001 HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n"
	const xacml = `<Request><Subject><Attribute AttributeId="urn:Cisco:uc:1.0:callednumber"><AttributeValue>+15551230001</AttributeValue></Attribute></Subject></Request>`
	inside := fmt.Sprintf("POST / HTTP/1.1\r\nHost: edge\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(xacml), xacml)

	httpCore, curriCore := coreOf(t, httpedge.Name, fixed()), coreOf(t, curriedge.Name, fixed())
	look := overHTTP(httpCore, (&httpedge.Server{Core: httpCore, Access: loopback(t)}).Handler(), lookUp, "\r\n\r\nnew")
	curri := overHTTP(curriCore, (&curriedge.Server{Core: curriCore, Access: loopback(t), Side: dualtone.Old, Divert: "8{digits}"}).Handler(), inside, "divert")
	curri.name = "curri"

	sipCore := coreOf(t, sipedge.Name, fixed())
	call := func(conn net.Conn) error { return exchange(conn, sipInvite(1), "SIP/2.0 302") }
	sip := served{name: "sip over tcp", core: sipCore, serve: sipServer(t, sipCore).ServeStream, began: sipInvite(1)[:100], ask: call}

	ca := certtest.New(t)
	server := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.Server(t)}}
	client := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ca.Pool(), ServerName: "127.0.0.1"}
	tlsCore := coreOf(t, sipedge.Name, fixed())
	secure := sipServer(t, tlsCore)
	sips := served{
		// What a TLS handshake begins with.
		name: "sip over tls", core: tlsCore, began: "\x16\x03\x01\x02\x00\x01",
		serve: func(ctx context.Context, ln net.Listener) error {
			return secure.ServeStream(ctx, tls.NewListener(ln, server))
		},
		ask: func(conn net.Conn) error { return call(tls.Client(conn, client)) },
	}

	enumCore := coreOf(t, enumedge.Name, fixed())
	enum := served{
		name: "enum over tcp", core: enumCore, serve: enumServer(t, enumCore).ServeTCP, began: "\x00\x20half",
		ask: func(conn net.Conn) error {
			q := enumQuestion(1)
			if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)); err != nil { //nolint:gosec // It is short.
				return err
			}
			_, err := readAnswer(conn, true)
			return err
		},
	}
	return []served{look, curri, sip, sips, enum}
}

// readAnswer reads one answer of the name server that must be a number's.
func readAnswer(conn net.Conn, framed bool) (*dns.Msg, error) {
	b := make([]byte, 64<<10)
	if framed {
		if _, err := io.ReadFull(conn, b[:2]); err != nil {
			return nil, err
		}
		b = b[:binary.BigEndian.Uint16(b)]
		if _, err := io.ReadFull(conn, b); err != nil {
			return nil, err
		}
	} else {
		n, err := conn.Read(b)
		if err != nil {
			return nil, err
		}
		b = b[:n]
	}
	m := new(dns.Msg)
	if err := m.Unpack(b); err != nil {
		return nil, err
	}
	if m.Rcode != dns.RcodeSuccess || len(m.Answer) != 1 {
		return nil, fmt.Errorf("no answer: %s", m)
	}
	return m, nil
}

// One address opens more than ten times as many connections as there are places, and
// says nothing whole over any of them.
//
//nolint:paralleltest // It counts goroutines and measures the heap, which are everybody's.
func TestHazardAFloodOfConnectionsTakesABoundedRoomAndLeavesItToOthers(t *testing.T) {
	for _, s := range everyStream(t) {
		t.Run(s.name, func(t *testing.T) {
			ln, err := edge.ListenTCP(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := ln.Addr().String()
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				ended <- s.serve(ctx, &edge.Bounded{Listener: ln, Max: places, Access: loopback(t), Measures: s.core.Measures})
			}()
			t.Cleanup(func() {
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
			goroutines, heap := spent()
			flood(t, address, s)
			// Two for each connection are more than any of the servers needs.
			held(t, places/2*2+goroutineRoom, goroutines, heap)
			conn, err := dial(t, "127.0.0.1", "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.ask(conn); err != nil {
				t.Errorf("in the flood, somebody else got no answer: %v", err)
			}
		})
	}
}

// flood opens connections until ten times as many as there are places were turned
// away.
func flood(t *testing.T, address string, s served) {
	t.Helper()
	for deadline := time.Now().Add(patience); s.core.Measures.Counted(edge.Overloaded) < flooding; {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections were turned away", s.core.Measures.Counted(edge.Overloaded))
		}
		conn, err := dial(t, "127.0.0.2", "tcp", address)
		if err == nil {
			_, _ = io.WriteString(conn, s.began) // it may be closed already
		}
	}
}

// datagramServer is one edge over datagrams.
type datagramServer struct {
	name  string
	serve func(context.Context, *edge.Core, *net.UDPConn) error
	ask   func(n int) []byte
	right func([]byte) bool
}

// The decisions hang while far more datagrams come than the socket holds, and go on
// after that.
//
//nolint:paralleltest // It counts goroutines and measures the heap, which are everybody's.
func TestHazardAFloodOfDatagramsTakesABoundedRoomAndTheNextCallIsAnswered(t *testing.T) {
	for _, s := range []datagramServer{
		{
			"sip",
			func(ctx context.Context, core *edge.Core, conn *net.UDPConn) error {
				return sipServer(t, core).ServeUDP(ctx, conn)
			},
			func(n int) []byte { return []byte(sipInvite(n)) },
			func(b []byte) bool { return strings.HasPrefix(string(b), "SIP/2.0 302") },
		},
		{
			"enum",
			func(ctx context.Context, core *edge.Core, conn *net.UDPConn) error {
				return enumServer(t, core).ServeUDP(ctx, conn)
			},
			enumQuestion,
			func(b []byte) bool { m := new(dns.Msg); return m.Unpack(b) == nil && len(m.Answer) == 1 },
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			gate := make(chan struct{})
			core := coreOf(t, s.name, gated{fixed(), gate})
			conns, err := edge.ListenUDP(t.Context(), "127.0.0.1:0", 1)
			if err != nil {
				t.Fatal(err)
			}
			address := conns[0].LocalAddr().String()
			ctx, stop := context.WithCancel(t.Context())
			var serving sync.WaitGroup
			serving.Go(func() {
				if err := s.serve(ctx, core, conns[0]); err != nil {
					t.Error(err)
				}
			})
			t.Cleanup(func() { stop(); serving.Wait() })
			flooder, err := dial(t, "127.0.0.2", "udp", address)
			if err != nil {
				t.Fatal(err)
			}
			goroutines, heap := spent()
			const datagrams = 30_000
			for n := range datagrams {
				_, _ = flooder.Write(s.ask(n)) // what has no room is dropped
			}
			held(t, goroutineRoom, goroutines, heap)
			close(gate)
			conn, err := dial(t, "127.0.0.1", "udp", address)
			if err != nil {
				t.Fatal(err)
			}
			answered(t, conn, s)
			held(t, goroutineRoom, goroutines, heap)
		})
	}
}

// answered asks as an SBC does, again after some time, until it has its answer.
func answered(t *testing.T, conn net.Conn, s datagramServer) {
	t.Helper()
	b := make([]byte, 64<<10)
	for deadline, n := time.Now().Add(patience), 1_000_000; time.Now().Before(deadline); n++ {
		if _, err := conn.Write(s.ask(n)); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if got, err := conn.Read(b); err == nil && s.right(b[:got]) {
			return
		}
	}
	t.Error("after the flood, nobody gets an answer")
}
