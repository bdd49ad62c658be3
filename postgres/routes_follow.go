package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Each is one statement, so that table and revision are of one moment.
const (
	wholeTable = `
WITH loose AS ` + allLoose + `
SELECT h.revision, v.at, coalesce(t.number, ''), coalesce(t.person, ''), coalesce(t.rule, '')
FROM route_head h LEFT JOIN route_revisions v USING (revision) LEFT JOIN (
	SELECT number, person, rule FROM routes r
	WHERE rule <> '' AND NOT EXISTS (SELECT FROM loose l WHERE l.number = r.number AND l.revision > r.revision)
	UNION ALL SELECT number, person, rule FROM loose l
	WHERE rule <> '' AND NOT EXISTS (SELECT FROM routes r WHERE r.number = l.number AND r.revision > l.revision)
) t ON true`
	// leading are the routes of the ranges and the default, by the index route_leads.
	leading = `
WITH loose AS (SELECT * FROM ` + allLoose + ` l WHERE number = 'default' OR number LIKE '%..%')
SELECT number, person, rule FROM routes r
WHERE (number = 'default' OR number LIKE '%..%') AND rule <> ''
	AND NOT EXISTS (SELECT FROM loose l WHERE l.number = r.number AND l.revision > r.revision)
UNION ALL SELECT number, person, rule FROM loose l
WHERE rule <> '' AND NOT EXISTS (SELECT FROM routes r WHERE r.number = l.number AND r.revision > l.revision)`
	changedSince = `
SELECT h.revision, v.at, coalesce(c."to", ''), coalesce(c.numbers, '{}'), coalesce(c.people, '{}')
FROM route_head h LEFT JOIN route_revisions v USING (revision) LEFT JOIN route_changes c ON c.revision > $1
ORDER BY c.revision DESC, c.first`
)

// Since returns the routes that changed after a revision, as they are now. At
// is when the active revision was made. A revision that the table has not
// reached, as after a restored backup, is answered like revision 0.
func (s *Router) Since(ctx context.Context, after routing.Revision) (routing.Snapshot, error) {
	var found routing.Snapshot
	err := again(ctx, "routes", func() (err error) {
		if after > 0 {
			found, err = s.changed(ctx, after)
		}
		if after <= 0 || err == nil && after > found.Revision {
			found, err = s.whole(ctx)
		}
		return err
	})
	return found, err
}

func (s *Router) whole(ctx context.Context) (routing.Snapshot, error) {
	var found routing.Snapshot
	known := rules{}
	result, err := s.pool.Query(ctx, wholeTable)
	if err != nil {
		return found, err
	}
	var at *time.Time
	var number, person string
	var rule []byte
	if _, err := pgx.ForEachRow(result, []any{&found.Revision, &at, &number, &person, &rule}, func() error {
		if number == "" {
			return nil
		}
		r, err := known.route(dualtone.Number(number), dualtone.PersonID(person), string(rule))
		found.Routes = append(found.Routes, r)
		return err
	}); err != nil {
		return found, err
	}
	found.At = utc(at)
	sortRoutes(found.Routes)
	return found, nil
}

// changed reads the newest change first, so the first one of a number counts.
func (s *Router) changed(ctx context.Context, after routing.Revision) (routing.Snapshot, error) {
	var found routing.Snapshot
	result, err := s.pool.Query(ctx, changedSince, int64(after))
	if err != nil {
		return found, err
	}
	type chunk struct {
		like            routing.Route
		numbers, people []string
	}
	var chunks []chunk
	known, total := rules{}, 0
	var at *time.Time
	var rule string
	var packedNumbers, packedPeople pgtype.UndecodedBytes
	if _, err := pgx.ForEachRow(result, []any{&found.Revision, &at, &rule, &packedNumbers, &packedPeople}, func() error {
		numbers, people, err := unpackedChunk(packedNumbers, packedPeople)
		if err != nil || len(numbers) == 0 {
			return err
		}
		like, err := known.route("", "", rule)
		if err != nil {
			return err
		}
		chunks, total = append(chunks, chunk{like, numbers, people}), total+len(numbers)
		return nil
	}); err != nil {
		return found, err
	}
	found.At, found.Routes = utc(at), make([]routing.Route, 0, total)
	seen := map[string]bool{}
	for _, c := range chunks {
		for i, number := range c.numbers {
			// Within one revision no number changes twice.
			if found.Revision > after+1 {
				if seen[number] {
					continue
				}
				seen[number] = true
			}
			c.like.Number, c.like.Person = dualtone.Number(number), dualtone.PersonID(c.people[i])
			found.Routes = append(found.Routes, c.like)
		}
	}
	sortRoutes(found.Routes)
	return found, nil
}

// unpackedChunk reads the numbers of a row of changes and whose they are.
func unpackedChunk(packedNumbers, packedPeople []byte) (numbers, people []string, err error) {
	if numbers, err = unpacked(packedNumbers); err != nil {
		return nil, nil, err
	}
	if people, err = unpacked(packedPeople); err == nil && len(people) != len(numbers) {
		err = errArray
	}
	return numbers, people, err
}

func sortRoutes(routes []routing.Route) {
	byNumber := func(a, b routing.Route) int { return cmp.Compare(a.Number, b.Number) }
	if !slices.IsSortedFunc(routes, byNumber) {
		slices.SortFunc(routes, byNumber)
	}
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
