package sipedge

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
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
		// Another body each time: nothing is remembered.
		_ = fmt.Appendf(message[:len(message)-5], "%05d", i%100_000)
		ask.at = time.Unix(int64(i)*100, 0)
		if k.datagram(message, dst[:0], &ask); ask.outcome != edge.Routed {
			b.Fatal(ask.outcome)
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
