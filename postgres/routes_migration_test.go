package postgres

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/dualtone/dualtone/routing"
)

// A table that an earlier program has filled is the same after the migration, is
// compared as what this program writes, and comes back as it was.
func TestRoutesOfAnEarlierSchemaStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	pool := openPool(t, emptyURL(t))
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	schema, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("../migrations"))
	if err != nil {
		t.Fatal(err)
	}
	const before = 7
	if _, err := schema.UpTo(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE route_head SET revision = 2`,
		`INSERT INTO route_revisions VALUES (1, 'ada', 'first', '', '', now()), (2, 'ada', 'second', 'w', 'r', now())`,
		`INSERT INTO routes (number, sides, person, revision, terms) VALUES
			('+493010', '{new,old}', 'p1', 2, '{}'),
			('+493011', '{new,old}', '', 1, '{"share": 3000, "how": "split", "queue": "a & b"}'),
			('+493012', '{}', '', 2, '{}'),
			('default', '{old}', '', 1, '{"hours": "Mo-Fr 08:00-18:00 Europe/Berlin", "valid_from": "2026-01-01T00:00:00Z", "otherwise": "new"}')`,
		`INSERT INTO route_changes (revision, number, "from", "to", person, from_terms, to_terms) VALUES
			(1, '+493010', '{}', '{old}', 'p1', '{}', '{}'), (2, '+493010', '{old}', '{new,old}', '', '{}', '{}'),
			(1, '+493011', '{}', '{new,old}', '', '{}', '{"share": 3000, "how": "split", "queue": "a & b"}'),
			(1, '+493012', '{}', '{old}', '', '{}', '{}'), (2, '+493012', '{old}', '{}', '', '{}', '{}')`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := schema.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := NewRouter(pool)
	split := routePlan("+493011", "split:30", func(t *routing.Terms) { t.Queue = "a & b" })
	hours := routePlan("default", "old", func(t *routing.Terms) {
		t.Hours, t.Otherwise, t.From = "Mo-Fr 08:00-18:00 Europe/Berlin", "new", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	})
	first := routePlan("+493010", "new,old")
	first.Person = "p1"
	got, err := r.Since(t.Context(), 0)
	if diff := cmp.Diff([]routing.Route{first, split, hours}, got.Routes); err != nil || diff != "" || got.Revision != 2 {
		t.Fatalf("revision %d, %v: -want +got\n%s", got.Revision, err, diff)
	}
	// An edge that was at revision 1 learns what came after it.
	got, err = r.Since(t.Context(), 1)
	if diff := cmp.Diff([]routing.Route{first, routePlan("+493012", "")}, got.Routes); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	if revision, err := r.Apply(t.Context(), []routing.Change{{From: split, To: routePlan("+493011", "new")}, {From: hours, To: hours}}, byHand); err != nil || revision != 3 {
		t.Errorf("revision %d, %v", revision, err)
	}
	if _, err := schema.DownTo(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	var sides, terms string
	var changes int
	if err := pool.QueryRow(t.Context(), `SELECT r.sides::text, r.terms::text, (SELECT count(*) FROM route_changes) FROM routes r WHERE number = 'default'`).
		Scan(&sides, &terms, &changes); err != nil || sides != "{old}" || terms == "{}" || changes != 6 {
		t.Errorf("%s %s %d changes, %v", sides, terms, changes, err)
	}
}
