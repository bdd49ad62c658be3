package routing_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

const million = 1_000_000

func millionRoutes() []routing.Route {
	sides := [][]dualtone.Side{{dualtone.Old}, {dualtone.New}, {dualtone.New, dualtone.Old}, {dualtone.Old, dualtone.New}}
	routes := make([]routing.Route, million)
	for i := range routes {
		routes[i] = routing.Route{
			Number: dualtone.Number(fmt.Sprintf("+4930%07d", i)), Person: dualtone.PersonID(fmt.Sprintf("u%06d", i)), Sides: sides[i%4],
		}
	}
	return routes
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoad loads a million numbers with an owner each.
func BenchmarkLoad(b *testing.B) {
	routes := millionRoutes()
	before := heap()
	var table *routing.Table
	for b.Loop() {
		var err error
		if table, err = routing.NewTable(options()).With(routing.Snapshot{Revision: 1, Routes: routes}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heap()-before)/million, "B/number")
	runtime.KeepAlive(table)
	runtime.KeepAlive(routes)
}

// BenchmarkDecide asks a table of a million numbers for one after the other.
func BenchmarkDecide(b *testing.B) {
	routes := append(millionRoutes(), parse(b, "+4931000..+4931999", "new"), parse(b, "default", "old"), parse(b, "+493200", "split:50"),
		parse(b, "+49330", "new", func(t *routing.Terms) { t.Hours, t.Otherwise = "Mo-Fr 08:00-18:00 Europe/Berlin", "old" }))
	table := load(b, routes...)
	for name, calls := range map[string][]routing.Call{
		"number":    {},
		"range":     {call("+4931500", routing.FromCarrier)},
		"default":   {call("+44205551234", routing.FromCarrier)},
		"split":     {call("+493200", routing.FromCarrier)},
		"hours":     {call("+49330", routing.FromCarrier)},
		"national":  {call("0301234567", routing.FromCarrier)},
		"emergency": {call("112", routing.FromCarrier)},
	} {
		if name == "number" {
			for i := range 1 << 16 {
				calls = append(calls, call(strings.Clone(string(routes[i*7919%million].Number)), routing.FromCarrier))
			}
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			one := calls[0] // as from a socket, what was just read is at hand
			for i := 0; b.Loop(); i++ {
				one.Called = calls[i%len(calls)].Called
				if d := table.Decide(one); d.Result != routing.Routed {
					b.Fatalf("%+v", d)
				}
			}
		})
	}
}

// BenchmarkFlip changes numbers in a table of a million.
func BenchmarkFlip(b *testing.B) {
	routes := millionRoutes()
	table := load(b, routes...)
	for _, n := range []int{1, 100, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := routing.Snapshot{Revision: 9}
			for i := range n {
				r := routes[i*7919%million]
				r.Sides = []dualtone.Side{dualtone.New}
				s.Routes = append(s.Routes, r)
			}
			for b.Loop() {
				if _, err := table.With(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
