package postgres

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// routesChannel is where every new revision is announced.
const routesChannel = "dualtone_routes"

// Router keeps the routing table by revision.
type Router struct {
	pool      *pgxpool.Pool
	countries []string
}

var _ routing.Router = (*Router)(nil)

// NewRouter returns the routing table of a database. It refuses changes that
// touch an emergency number of the countries; 112 and 911 always.
func NewRouter(pool *pgxpool.Pool, countries ...string) *Router {
	return &Router{pool: pool, countries: countries}
}

type routeRow struct {
	Number dualtone.Number
	Person dualtone.PersonID
	Sides  []dualtone.Side
	Terms  []byte
}

func (r routeRow) route() (routing.Route, error) {
	if len(r.Sides) == 0 {
		r.Sides = nil
	}
	terms, err := termsOf(r.Terms)
	return routing.Route{Number: r.Number, Person: r.Person, Sides: r.Sides, Terms: terms}, err
}

// termsOf reads stored terms. Terms of a newer program are an error: a rule is
// carried out whole or not at all.
func termsOf(text []byte) (*routing.Terms, error) {
	if len(text) == 0 || string(text) == "{}" {
		return nil, nil //nolint:nilnil // No terms are the usual case.
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var t routing.Terms
	if err := dec.Decode(&t); err != nil {
		return nil, fmt.Errorf("terms %s: %w: %w", text, err, dualtone.ErrInvalid)
	}
	return &t, nil
}

func termsText(t *routing.Terms) (string, error) {
	if t == nil || t.IsZero() {
		return "{}", nil
	}
	kept := *t
	kept.From, kept.Until = kept.From.UTC(), kept.Until.UTC()
	text, err := json.Marshal(kept)
	return string(text), err
}

// Routes returns the active routes of the numbers, in their order.
func (s *Router) Routes(ctx context.Context, numbers []dualtone.Number) ([]routing.Route, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	var found []routeRow
	err := again(ctx, "routes", func() (err error) {
		found, err = rows[routeRow](ctx, s.pool, `
			SELECT w.number, coalesce(r.person, '') AS person, coalesce(r.sides, '{}') AS sides, coalesce(r.terms, '{}') AS terms
			FROM unnest($1::text[]) WITH ORDINALITY AS w (number, n) LEFT JOIN routes r ON r.number = w.number
			ORDER BY w.n`, numbers)
		return err
	})
	if err != nil {
		return nil, err
	}
	routes := make([]routing.Route, len(found))
	for i, r := range found {
		if routes[i], err = r.route(); err != nil {
			return nil, fmt.Errorf("route of %s: %w", r.Number, err)
		}
	}
	return routes, nil
}

// lockHead lets one change at a time into the table until its transaction is
// over, so that revisions become visible in their order. applyChanges sees all
// that was committed before, since every statement looks anew.
const (
	lockHead     = `SELECT revision FROM route_head FOR UPDATE`
	applyChanges = `
WITH want AS (
	SELECT number, string_to_array(f, ',') AS "from", string_to_array(t, ',') AS "to", person, from_terms, to_terms
	FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $10::jsonb[], $11::jsonb[]) AS w (number, f, t, person, from_terms, to_terms)
), state AS (
	SELECT w.*, coalesce(r.sides, '{}') AS have, coalesce(r.terms, '{}') AS have_terms, r.number IS NOT NULL AS known
	FROM want w LEFT JOIN routes r ON r.number = w.number
), bad AS (
	SELECT * FROM state s WHERE (have, have_terms) <> ("to", to_terms) AND ((have, have_terms) <> ("from", from_terms) OR $8 <> '' AND EXISTS (
		SELECT FROM route_changes c JOIN route_revisions v ON v.revision = c.revision
		WHERE c.number = s.number AND c."from" = s."from" AND c."to" = s."to" AND c.from_terms = s.from_terms AND c.to_terms = s.to_terms
			AND v.workflow = $7 AND v.run = $8))
), todo AS (
	SELECT * FROM state WHERE (have, have_terms) <> ("to", to_terms) AND NOT EXISTS (SELECT FROM bad)
), head AS (
	UPDATE route_head SET revision = revision + 1 WHERE EXISTS (SELECT FROM todo) RETURNING revision
), revision AS (
	INSERT INTO route_revisions (revision, actor, reason, workflow, run, at)
	SELECT revision, $5, $6, $7, $8, clock_timestamp() FROM head
), changes AS (
	INSERT INTO route_changes (revision, number, "from", "to", person, from_terms, to_terms)
	SELECT (SELECT revision FROM head), number, have, "to", person, have_terms, to_terms FROM todo
), added AS (
	INSERT INTO routes (number, sides, person, revision, terms)
	SELECT number, "to", person, (SELECT revision FROM head), to_terms FROM todo WHERE NOT known
), put AS (
	UPDATE routes r SET sides = "to", terms = to_terms, person = coalesce(nullif(t.person, ''), r.person), revision = (SELECT revision FROM head)
	FROM todo t WHERE t.known AND r.number = t.number
), told AS (
	SELECT pg_notify($9, revision::text) FROM head
)
SELECT coalesce((SELECT revision FROM head), (SELECT revision FROM route_head)) AS revision,
	coalesce((SELECT array_agg(format(CASE WHEN (have, have_terms) = ("from", from_terms)
			THEN 'route of %s goes to {%s}%s again, taken back since this run changed it from {%s}%s to {%s}%s'
			ELSE 'route of %s goes to {%s}%s, neither to {%s}%s nor to {%s}%s' END, number,
		array_to_string(have, ','), nullif(have_terms, '{}'), array_to_string("from", ','), nullif(from_terms, '{}'),
		array_to_string("to", ','), nullif(to_terms, '{}')) ORDER BY number) FROM bad), '{}') AS bad,
	(SELECT count(*) FROM told) AS told`
)

// Apply makes all changes in one revision, or none.
func (s *Router) Apply(ctx context.Context, changes []routing.Change, why routing.Provenance) (routing.Revision, error) {
	c, err := columnsOf(changes, routing.NewChecker(s.countries...))
	if err != nil {
		return 0, err
	}
	type answer struct {
		Revision routing.Revision
		Bad      []string
		Told     int
	}
	var made answer
	err = again(ctx, "routes", func() error {
		// The two statements travel together and share one transaction.
		var batch pgx.Batch
		batch.Queue(lockHead)
		batch.Queue(applyChanges, c.numbers, c.from, c.to, c.people,
			why.Actor, printable(why.Reason), why.Workflow, why.Run, routesChannel, c.fromTerms, c.toTerms).Query(func(found pgx.Rows) (err error) {
			made, err = pgx.CollectExactlyOneRow(found, pgx.RowToStructByName[answer])
			return err
		})
		return s.pool.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return 0, err
	}
	if len(made.Bad) > 0 {
		return 0, fmt.Errorf("%s: %w", enumerate(made.Bad), dualtone.ErrConflict)
	}
	return made.Revision, nil
}

// changeColumns are changes as the statement takes them.
type changeColumns struct {
	numbers, from, to, people, fromTerms, toTerms []string
}

func columnsOf(changes []routing.Change, check *routing.Checker) (changeColumns, error) {
	var c changeColumns
	seen := make(map[dualtone.Number]bool, len(changes))
	for _, change := range changes {
		number := cmp.Or(change.To.Number, change.From.Number)
		if err := errors.Join(checkSide(change.From, number, nil), checkSide(change.To, number, check)); err != nil {
			return c, err
		}
		if seen[number] {
			return c, fmt.Errorf("route of %s is changed twice: %w", number, dualtone.ErrInvalid)
		}
		seen[number] = true
		c.numbers = append(c.numbers, string(number))
		c.from = append(c.from, joined(change.From.Sides))
		c.to = append(c.to, joined(change.To.Sides))
		from, err := termsText(change.From.Terms)
		if err != nil {
			return c, fmt.Errorf("route of %s: %w: %w", number, err, dualtone.ErrInvalid)
		}
		to, err := termsText(change.To.Terms)
		if err != nil {
			return c, fmt.Errorf("route of %s: %w: %w", number, err, dualtone.ErrInvalid)
		}
		c.fromTerms, c.toTerms = append(c.fromTerms, from), append(c.toTerms, to)
		c.people = append(c.people, string(cmp.Or(change.To.Person, change.From.Person)))
	}
	return c, nil
}

// checkSide refuses one side of a change of a number. Without sides it need
// not repeat the number. What stands already is not checked again, so that it
// can always be taken away.
func checkSide(r routing.Route, number dualtone.Number, check *routing.Checker) error {
	absent := len(r.Sides) == 0 && number != ""
	if absent && r.Terms == nil && (r.Number == "" || r.Number == number) {
		return nil
	}
	if r.Number != number || r.Plan().Validate() != nil {
		return fmt.Errorf("route of %q to %v in a change of %q: %w", r.Number, r.Sides, number, dualtone.ErrInvalid)
	}
	if check == nil {
		return nil
	}
	for _, p := range check.Check(r) {
		return fmt.Errorf("route of %s: %s %q: %s: %w", number, p.Column, p.Value, p.Problem, dualtone.ErrInvalid)
	}
	return nil
}

func joined(sides []dualtone.Side) string {
	all := make([]string, len(sides))
	for i, s := range sides {
		all[i] = string(s)
	}
	return strings.Join(all, ",")
}

type followed struct {
	Revision routing.Revision
	At       *time.Time
	routeRow
}

// Since returns the routes that changed after a revision, as they are now. At
// is when the active revision was made. A revision that the table has not
// reached, as after a restored backup, is answered like revision 0.
func (s *Router) Since(ctx context.Context, after routing.Revision) (routing.Snapshot, error) {
	// The upper bound holds for every row. With it the planner takes the span for
	// a short one and the index, whatever it knows of the table; with the lower
	// bound alone, a third of the table and all of its pages.
	changed, args := `r.revision > $1 AND r.revision < 9223372036854775807`, []any{int64(after)}
	if after <= 0 {
		changed, args = `r.sides <> '{}'`, nil
	}
	var found []followed
	err := again(ctx, "routes", func() (err error) {
		// One statement, so that table and revision are of one moment.
		found, err = rows[followed](ctx, s.pool, `
			SELECT h.revision, v.at, coalesce(r.number, '') AS number, coalesce(r.person, '') AS person, coalesce(r.sides, '{}') AS sides,
				coalesce(r.terms, '{}') AS terms
			FROM route_head h
			LEFT JOIN route_revisions v ON v.revision = h.revision
			LEFT JOIN routes r ON `+changed+`
			ORDER BY r.number COLLATE "C"`, args...)
		return err
	})
	if err != nil {
		return routing.Snapshot{}, err
	}
	if after > found[0].Revision {
		return s.Since(ctx, 0)
	}
	snapshot := routing.Snapshot{Revision: found[0].Revision, At: utc(found[0].At)}
	for _, f := range found {
		if f.Number == "" {
			continue
		}
		r, err := f.route()
		if err != nil {
			return routing.Snapshot{}, fmt.Errorf("route of %s: %w", f.Number, err)
		}
		snapshot.Routes = append(snapshot.Routes, r)
	}
	return snapshot, nil
}

// Watch calls told with every revision that is announced, until the context
// ends or the connection is lost. It first calls it with the active revision,
// so that none is missed between a read and the watch.
func (s *Router) Watch(ctx context.Context, told func(routing.Revision)) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return wrap("watch of routes", err)
	}
	// The connection listens for good, so it does not go back to the pool.
	conn := pooled.Hijack()
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+routesChannel); err != nil {
		return wrap("watch of routes", err)
	}
	var active routing.Revision
	if err := conn.QueryRow(ctx, "SELECT revision FROM route_head").Scan(&active); err != nil {
		return wrap("watch of routes", err)
	}
	for {
		told(active)
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return wrap("watch of routes", err)
		}
		if _, err := fmt.Sscan(notice.Payload, &active); err != nil {
			return fmt.Errorf("watch of routes: %q: %w", notice.Payload, err)
		}
	}
}
