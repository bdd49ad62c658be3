package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Changes are loose until they are in the table. Of a number's changes and its
// row, the newest says where it goes.
const (
	// looseOne joins the loose change of each of a few numbers w to their rows r,
	// where it is newer. OFFSET keeps the planner from looking for the number in
	// all chunks that there ever were.
	looseOne = `
LEFT JOIN LATERAL (
	SELECT rule, people[place] AS person, revision
	FROM (
		SELECT c."to" AS rule, c.people, c.revision, array_position(c.numbers, w.number) AS place
		FROM route_loose o JOIN route_changes c USING (revision, first)
		WHERE o.first <= w.number AND o.last >= w.number
		OFFSET 0
	) c
	WHERE place IS NOT NULL
	ORDER BY revision DESC LIMIT 1
) l ON l.revision > coalesce(r.revision, 0)`
	// allLoose are the newest loose changes of all numbers.
	allLoose = `(
	SELECT DISTINCT ON (n.number) n.number, n.person, c."to" AS rule, c.revision
	FROM route_loose JOIN route_changes c USING (revision, first), unnest(c.numbers, c.people) n (number, person)
	ORDER BY n.number, c.revision DESC
)`
	looseMany = ` LEFT JOIN ` + allLoose + ` l ON l.number = w.number AND l.revision > coalesce(r.revision, 0)`
)

// loose joins loose changes as it is cheapest for so many numbers.
func loose(numbers int) string {
	if numbers < pass {
		return looseOne
	}
	return looseMany
}

// foldSlice adds one row of loose changes to the table.
const foldSlice = `
WITH slice AS (
	DELETE FROM route_loose WHERE (revision, first) = (SELECT revision, first FROM route_loose ORDER BY revision, first LIMIT 1)
	RETURNING revision, first
), put AS (
	INSERT INTO routes AS r (number, rule, person, revision)
	SELECT n.number, c."to", n.person, c.revision
	FROM slice JOIN route_changes c USING (revision, first), unnest(c.numbers, c.people) n (number, person)
	ON CONFLICT (number) DO UPDATE SET rule = excluded.rule, person = excluded.person, revision = excluded.revision
	WHERE r.revision < excluded.revision
)
SELECT count(*) FROM slice`

// headStart is how long very many changes are left loose, so that edges on the
// same machine take them up first.
const headStart = 300 * time.Millisecond

// fold adds what is loose to the table, after a change of so many numbers. Before
// each slice it rests for as long as the one before took: others change the table
// in between.
func (s *Router) fold(ctx context.Context, numbers int) error {
	took := time.Duration(0)
	if numbers >= pass {
		took = headStart
	}
	for {
		if err := s.rest(ctx, took); err != nil {
			return err
		}
		began := time.Now()
		more, err := s.foldOne(ctx)
		if err != nil || !more {
			return err
		}
		took = time.Since(began)
	}
}

// foldOne folds one slice; false when nothing is loose.
func (s *Router) foldOne(ctx context.Context) (more bool, err error) {
	var batch pgx.Batch
	batch.Queue(lockHead)
	batch.Queue(foldSlice).QueryRow(func(found pgx.Row) error {
		var folded int
		err := found.Scan(&folded)
		more = folded > 0
		return err
	})
	err = s.pool.SendBatch(ctx, &batch).Close()
	return more, err
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
