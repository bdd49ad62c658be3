package sipedge

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// ready decides without work of its own, so that the server alone is measured.
func ready() routing.Decider {
	d := both().Decide(routing.Call{Called: "+15551230001"})
	d.Targets = d.Targets[:1]
	return deciding(func(c routing.Call) routing.Decision {
		d := d
		d.Number = dualtone.Number(c.Called)
		return d
	})
}

// BenchmarkAnswer is the work on one INVITE between the two system calls.
func BenchmarkAnswer(b *testing.B) {
	k := newSocket(newServer(b, ready()))
	message, dst := wire(invite), make([]byte, 0, written)
	ask := asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), at: time.Unix(1, 0)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		// Another Call-ID each time: nothing is remembered.
		copy(message[len(message)-6:], fmt.Appendf(nil, "%06d", i%1000000))
		ask.at = time.Unix(int64(i)*100, 0)
		if got := k.datagram(message, dst[:0], &ask); len(got) == 0 {
			b.Fatal("no answer")
		}
	}
}

// BenchmarkRepeated is the work on an INVITE that comes again.
func BenchmarkRepeated(b *testing.B) {
	k := newSocket(newServer(b, ready()))
	message, dst := wire(invite), make([]byte, 0, written)
	ask := asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), at: time.Unix(1, 0)}
	b.ReportAllocs()
	for b.Loop() {
		k.datagram(message, dst[:0], &ask)
	}
}
