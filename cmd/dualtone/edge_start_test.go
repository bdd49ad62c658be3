package main

import (
	"context"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/follow"
)

// lateTable is a database that takes its time.
type lateTable struct{ asked, answer chan struct{} }

func (l lateTable) Since(context.Context, routing.Revision) (routing.Snapshot, error) {
	l.asked <- struct{}{}
	<-l.answer
	return routing.Snapshot{Revision: 7, At: time.Now(), Routes: []routing.Route{
		{Number: "+15551230001", Sides: []dualtone.Side{dualtone.Old}},
	}}, nil
}

// An edge that takes over shares its ports with the one before it, so it must not listen until it
// has a table; one that cannot have a table must not wait for ever to say so.
func TestAnEdgeListensOnceItHasATable(t *testing.T) {
	t.Parallel()
	source := lateTable{make(chan struct{}, 10), make(chan struct{})}
	table, err := follow.New(follow.Config{Source: source})
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = table.Run(ctx) }()
	p := &plane{table: table}
	<-source.asked
	p.awaitTable(ctx, time.Millisecond)
	if r := table.Revision(); r != 0 {
		t.Fatalf("revision %d before there was any", r)
	}
	go close(source.answer)
	p.awaitTable(ctx, time.Minute)
	if r := table.Revision(); r != 7 {
		t.Errorf("it listens with revision %d", r)
	}
}
