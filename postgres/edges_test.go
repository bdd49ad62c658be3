package postgres

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone/routing"
)

func TestEdgesAreListedByWhatTheyServeAndSinceWhen(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	edges := NewEdges(pool)
	announce := func(name string, revision routing.Revision) {
		t.Helper()
		if err := edges.Announce(t.Context(), routing.Edge{Name: name, Instance: name + "-1", Version: "1.2", Listens: "sip/udp :5060", Revision: revision}); err != nil {
			t.Fatal(err)
		}
	}
	list := func() []routing.Edge {
		t.Helper()
		all, err := edges.Edges(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	announce("sbc-2", 3)
	announce("sbc-1", 3)
	first := list()
	announce("sbc-1", 3)
	announce("sbc-2", 4)
	second := list()
	if len(second) != 2 || second[0].Name != "sbc-1" || second[0].Listens != "sip/udp :5060" || !second[0].Live() {
		t.Fatalf("%+v", second)
	}
	if !second[0].Since.Equal(first[0].Since) || !second[0].Heard.After(first[0].Heard) || !second[1].Since.After(first[1].Since) || second[1].Revision != 4 {
		t.Errorf("then %+v, now %+v", first, second)
	}
	for _, sql := range []string{
		"UPDATE route_edges SET heard = now() - interval '1 minute' WHERE name = 'sbc-1'",
		"INSERT INTO route_edges VALUES ('sbc-0', 'x', '', '', 1, now(), now(), now() - interval '2 days')",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if all := list(); len(all) != 2 || all[0].Live() || all[0].Silent < 59*time.Second {
		t.Errorf("%+v", all)
	}
	if err := edges.Leave(t.Context(), second[1]); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM route_edges").Scan(&left); err != nil || left != 1 {
		t.Errorf("%d rows left, %v", left, err)
	}
}
