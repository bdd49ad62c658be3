package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/routingtest"
)

var reason = routing.Provenance{Actor: "ada", Reason: "wave 1", Workflow: "w", Run: "r"}

func route(number int, sides ...dualtone.Side) routing.Route {
	return routing.Route{Number: dualtone.Number(fmt.Sprintf("+4930%d", number)), Person: dualtone.PersonID(fmt.Sprint("p", number)), Sides: sides}
}

func TestAWatcherIsToldOfEveryRevision(t *testing.T) {
	t.Parallel()
	r := NewRouter(newPool(t))
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan routing.Revision, 10), make(chan error, 1)
	go func() { ended <- r.Watch(ctx, func(v routing.Revision) { told <- v }) }()
	for want := range routing.Revision(3) {
		if got := <-told; got != want {
			t.Errorf("told %d, want %d", got, want)
		}
		if _, err := r.Apply(ctx, []routing.Change{{To: route(int(want), dualtone.Old)}}, reason); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTheRoutingTableKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	routingtest.RunRouter(t, func(t *testing.T) routing.Router {
		t.Helper()
		return NewRouter(newPool(t))
	})
}

func TestTheRoutingTableKeepsEveryPromiseOfManyChangesAtOnce(t *testing.T) {
	t.Parallel()
	routingtest.RunRouter(t, func(t *testing.T) routing.Router {
		t.Helper()
		r := NewRouter(newPool(t))
		r.few, r.rest = 0, atOnce
		return r
	})
}

func TestTheHistoryOfRoutesHoldsEveryRevision(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	r := NewRouter(pool)
	for i := range 3 {
		if _, err := r.Apply(t.Context(), []routing.Change{{To: route(i, dualtone.Old)}}, reason); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Apply(t.Context(), []routing.Change{{From: route(1, dualtone.New), To: route(1, dualtone.New, dualtone.Old)}}, reason)
	if !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "+49301 goes to {old}, neither to {new}") {
		t.Error(err)
	}
	var history int
	const count = "SELECT count(DISTINCT revision) FROM route_changes JOIN route_revisions USING (revision) WHERE route_revisions.run = 'r'"
	if err := pool.QueryRow(t.Context(), count).Scan(&history); err != nil || history != 3 {
		t.Errorf("%d revisions in the history, want 3: %v", history, err)
	}
}
