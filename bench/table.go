package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// bigTable is what a table of a million numbers costs an edge.
type bigTable struct {
	Numbers int           `json:"numbers"`
	Load    time.Duration `json:"load"`
	// Bytes are those a number, with its person.
	Bytes  float64       `json:"bytes"`
	Lookup time.Duration `json:"lookup"`
	// Flip is the change of one number.
	Flip time.Duration `json:"flip"`
}

const million = 1_000_000

// measureTable loads a million numbers and looks them up in no order.
func (r *routed) measureTable(_ context.Context, s settings) error {
	routes := make([]routing.Route, million)
	for i := range routes {
		routes[i] = routing.Route{Number: dualtone.Number(fmt.Sprintf("+4930%07d", i)), Person: personID(i), Sides: []dualtone.Side{sideAt(i)}}
	}
	before, began := heapAlive(), time.Now()
	table, err := routing.NewTable(routing.Options{Countries: []string{"DE"}}).Load(routing.Snapshot{Revision: 1, Routes: routes, At: time.Now()})
	if err != nil {
		return err
	}
	t := bigTable{Numbers: million, Load: time.Since(began), Bytes: float64(heapAlive()-before) / million}
	numbers := make([]string, million)
	for i := range numbers {
		numbers[i] = string(routes[i*7919%million].Number)
	}
	call := routing.Call{Caller: "+442055501", Country: "DE", Ingress: routing.FromCarrier, At: time.Now()}
	began = time.Now()
	for i, number := range numbers {
		call.Called = number
		if d := table.Decide(call); len(d.Targets) != 1 || d.Targets[0].Side != sideAt(i*7919%million) {
			return fmt.Errorf("%s is decided wrongly: %+v", number, d)
		}
	}
	t.Lookup = time.Since(began) / million
	const flips = 1000
	began = time.Now()
	for i := range flips {
		next := routes[i*7919%million]
		next.Sides = []dualtone.Side{next.Sides[0].Other()}
		if table, err = table.With(routing.Snapshot{Revision: routing.Revision(i + 2), Routes: []routing.Route{next}}); err != nil {
			return err
		}
	}
	t.Flip = time.Since(began) / flips
	runtime.KeepAlive(routes)
	r.Table = t
	s.say("a table of %d numbers: loaded in %s, %.0f bytes a number, a decision in %s, a flip in %s", t.Numbers, t.Load.Round(time.Millisecond), t.Bytes, t.Lookup, t.Flip)
	return nil
}

func heapAlive() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
