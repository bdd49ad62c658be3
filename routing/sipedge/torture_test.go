package sipedge

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The messages of RFC 4475, by its own names and in its order.
const rfc4475 = `wsinv intmeth esc01 escnull esc02 lwsdisp longreq dblreq semiuri transports mpart01 unreason noreason
badinv01 clerr ncl scalar02 scalarlg quotbal ltgtruri lwsruri lwsstart trws escruri baddate regbadct badaspec baddn badvers
mismatch01 mismatch02 bigcode badbranch insuf unkscm novelsc unksm2 bext01 invut regaut01 multi01 mcl01 bcast zeromf cparam01
cparam02 regescrt sdp01 inv2543`

func TestEveryMessageOfRFC4475IsThere(t *testing.T) {
	t.Parallel()
	all := tortures(t)
	names := strings.Fields(rfc4475)
	const inTheRFC = 49
	if len(names) != inTheRFC {
		t.Errorf("%d names, the RFC has %d", len(names), inTheRFC)
	}
	for _, name := range names {
		if _, ok := all[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}

// piped answers a stream of bytes as a connection of TCP would, and returns all that
// was answered before it was closed.
func piped(tb testing.TB, s *Server, in []byte) []byte {
	tb.Helper()
	near, far := net.Pipe()
	peer, _ := s.Access.Peer(netip.MustParseAddr("127.0.0.1"))
	c := &connection{
		responder: responder{Server: s},
		conn:      far, in: bufio.NewReaderSize(far, maxHead), out: bufio.NewWriterSize(far, written),
		ask: asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), peer: peer},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c.next() == nil {
		}
		_ = far.Close()
	}()
	answered := make(chan []byte, 1)
	go func() {
		out, _ := io.ReadAll(near)
		answered <- out
	}()
	_ = near.SetWriteDeadline(time.Now().Add(patience))
	_, _ = near.Write(in)
	// What is cut off in the middle ends the connection; the rest is answered first.
	_ = far.SetReadDeadline(time.Now().Add(time.Millisecond))
	<-done
	_ = near.Close()
	return <-answered
}

// FuzzStreams cuts whatever comes over TCP into requests. However it is cut, no
// answer names a target that nobody gave, and each ends where it says.
func FuzzStreams(f *testing.F) {
	var all []byte
	for _, text := range tortures(f) {
		_, message, _ := strings.Cut(text, "\n----\n")
		f.Add(wire(message))
	}
	all = append(append(all, wire(numbered(1))...), wire(numbered(2))...)
	f.Add(all)
	f.Add([]byte("\r\n\r\n" + string(all)))
	s := newServer(f, both())
	f.Fuzz(func(t *testing.T, in []byte) {
		out := piped(t, s, in)
		for len(out) > 0 {
			if rest, alive := bytes.CutPrefix(out, []byte("\r\n")); alive {
				out = rest
				continue
			}
			end := bytes.Index(out, []byte("\r\n\r\n"))
			if end < 0 || !bytes.HasPrefix(out, []byte("SIP/2.0 ")) {
				t.Fatalf("no answer: %q", out)
			}
			for line := range strings.SplitSeq(string(out[:end]), "\r\n") {
				if strings.HasPrefix(line, "Contact: ") && !strings.Contains(line, "@cloud.example.test;") && !strings.Contains(line, "@pbx.example.test:5060;") {
					t.Fatalf("a contact that no target has: %q", line)
				}
			}
			out = out[end+len("\r\n\r\n"):]
		}
	})
}

//nolint:paralleltest // It measures the heap, which is everybody's.
func TestMemoryIsBoundedWhateverComes(t *testing.T) {
	var messages [][]byte
	for _, text := range tortures(t) {
		_, message, _ := strings.Cut(text, "\n----\n")
		messages = append(messages, wire(message))
	}
	messages = append(messages, wire(invite))
	k, dst := newSocket(newServer(t, both())), make([]byte, 0, maxDatagram)
	r := rand.New(rand.NewPCG(4475, 3261)) //nolint:gosec // A test's.
	send := func(times int) {
		for range times {
			b := slices.Clone(messages[r.IntN(len(messages))])
			for range r.IntN(4) {
				b[r.IntN(len(b))] = byte(r.IntN(256)) //nolint:gosec // A byte.
			}
			if r.IntN(3) == 0 {
				b = b[:r.IntN(len(b))]
			}
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(r.IntN(256)), byte(r.IntN(256))}), uint16(r.IntN(1<<16))) //nolint:gosec // A port.
			k.datagram(b, dst[:0], &asking{from: from, at: time.Unix(1, 0)})
		}
	}
	alive := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const warm, many, room = 10_000, 300_000, 2 << 20
	send(warm)
	before := alive()
	send(many)
	if after := alive(); after > before+room {
		t.Errorf("%d messages left %d kB behind", many, (after-before)>>10)
	}
	runtime.KeepAlive(k)
}
