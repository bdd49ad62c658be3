// Package edgetest is the small world that every edge is tested in: a table with a number
// of each plan, two platforms, and an SBC on this machine.
package edgetest

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
)

// Table is the table as CSV.
const Table = `number,plan,answers
+15551230001,old,
+15551230002,new,
+15551230003,both,
+15551230004,"old,new",
+15551230005,split:50,
`

// Core answers for the server of a name, from revision 7 of the table, or from none yet.
func Core(tb testing.TB, name string, loaded bool) *edge.Core {
	tb.Helper()
	list, err := routing.ReadCSV(strings.NewReader(Table), "US")
	if err != nil || len(list.Faults) > 0 {
		tb.Fatalf("%v %+v", err, list.Faults)
	}
	d := routing.NewTable(routing.Options{Countries: []string{"US"}})
	if loaded {
		if d, err = d.Load(routing.Snapshot{Revision: 7, Routes: list.Routes, At: time.Now()}); err != nil {
			tb.Fatal(err)
		}
	}
	targets, err := edge.NewTargets(map[dualtone.Side]edge.Place{
		dualtone.Old: {Host: "pbx.example.test", Port: 5060, Transport: "udp"},
		dualtone.New: {Host: "cloud.example.test", Headers: map[string]string{"X-Route-Version": "{revision}"}},
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &edge.Core{Decider: d, Targets: targets, Measures: edge.NewMeasures(name, d), Now: time.Now}
}

// Local lets whoever is on this machine ask, as the carrier's SBC in the US.
func Local(tb testing.TB) *edge.Access {
	tb.Helper()
	a, err := edge.NewAccess([]edge.Peer{{Network: netip.MustParsePrefix("127.0.0.0/8"), Ingress: routing.FromCarrier, Country: "US"}})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}
