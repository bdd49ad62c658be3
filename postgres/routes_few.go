package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/routing"
)

// lockHead lets one change at a time into the table until its transaction is
// over, so that revisions become visible in their order. putFew sees all that
// was committed before, since every statement looks anew.
const (
	lockHead = `SELECT revision FROM route_head FOR UPDATE`
	putFew   = `
WITH want AS (
	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w (number, "from", "to", person)
), state AS (
	SELECT w.number, w."from", w."to", coalesce(nullif(w.person, ''), l.person, r.person, '') AS person,
		coalesce(l.rule, r.rule, '') AS have, r.number IS NOT NULL AS known
	FROM want w LEFT JOIN routes r ON r.number = w.number ` + looseOne + `
), bad AS (
	SELECT * FROM state s WHERE have <> "to" AND (have <> "from" OR $8 <> '' AND ` + madeBefore + `)
), todo AS (
	SELECT * FROM state WHERE have <> "to" AND NOT EXISTS (SELECT FROM bad)
), head AS (
	UPDATE route_head SET revision = revision + 1 WHERE EXISTS (SELECT FROM todo) RETURNING revision
), revision AS (
	INSERT INTO route_revisions (revision, actor, reason, workflow, run, at)
	SELECT revision, $5, $6, $7, $8, clock_timestamp() FROM head
), changes AS (
	INSERT INTO route_changes (revision, first, last, "from", "to", numbers, people)
	SELECT h.revision, number, number, "from", "to", ARRAY[number], ARRAY[person] FROM todo, head h
), added AS (
	INSERT INTO routes (number, rule, person, revision)
	SELECT number, "to", person, h.revision FROM todo, head h WHERE NOT known
), put AS (
	UPDATE routes r SET rule = "to", person = t.person, revision = h.revision
	FROM todo t, head h WHERE t.known AND r.number = t.number
), told AS (
	SELECT pg_notify($9, revision::text) FROM head
), noted AS (
	SELECT audit_append($5, $11, $12, 'route.change', 'routes', 'changed', $6,
		(SELECT json_object_agg(number, "from") FROM todo), (SELECT json_object_agg(number, "to") FROM todo), $13)
	FROM head WHERE $7 = ''
)
SELECT coalesce((SELECT revision FROM head), h.revision) AS revision, (SELECT count(*) FROM told) + (SELECT count(*) FROM noted) AS told,
	EXISTS (SELECT FROM route_loose JOIN route_revisions v USING (revision) WHERE v.at < clock_timestamp() - $10::interval) AS abandoned,
	coalesce((SELECT array_agg(number ORDER BY number) FROM bad), '{}') AS bad,
	coalesce((SELECT array_agg(have ORDER BY number) FROM bad), '{}') AS have
FROM route_head h`
	// madeBefore counts the changes s among those that the run $8 of the workflow
	// $7 has made. Counted one by one: made into a join, they would be looked for
	// among all that the run has changed.
	madeBefore = `0 < (
		SELECT count(*) FROM route_changes c
		WHERE c.first = c.last AND c.first = s.number AND c."from" = s."from" AND c."to" = s."to"
			AND (SELECT (v.workflow, v.run) = ($7, $8) FROM route_revisions v WHERE v.revision = c.revision)
	) + (
		SELECT count(*) FROM route_changes c
		WHERE c.run = $8 AND c.run <> '' AND c."from" = s."from" AND c."to" = s."to" AND s.number = ANY (c.numbers))`
)

type fewMade struct {
	Revision  routing.Revision
	Abandoned bool
	Told      int
	Bad, Have []string
}

// abandoned is how old loose changes are that nobody folds any more: whoever made
// them has ended before.
const abandoned = time.Minute

// applyFew makes changes with one statement. Lines of the journal, if there are
// any, are appended before it.
func (s *Router) applyFew(ctx context.Context, want []wanted, why routing.Provenance, lines string) (routing.Revision, error) {
	numbers, from, to, people := columns(want)
	// What a workflow changes is part of an order that stands in the audit, and of
	// the journal; what a person changes is an order of its own.
	by, _ := audit.CauseOf(ctx)
	var made fewMade
	// The statements travel together and share one transaction.
	var batch pgx.Batch
	if lines != "" {
		batch.Queue(appendEntries, lines)
	}
	batch.Queue(lockHead)
	batch.Queue(putFew, numbers, from, to, people, why.Actor, why.Reason, why.Workflow, why.Run, routesChannel, abandoned,
		by.Role, by.Via, by.Request).Query(func(found pgx.Rows) (err error) {
		made, err = pgx.CollectExactlyOneRow(found, pgx.RowToStructByName[fewMade])
		return err
	})
	send := func(to sender) error { return to.SendBatch(ctx, &batch).Close() }
	var err error
	if _, keyed := heldIn(ctx); !keyed {
		err = send(s.pool)
	} else {
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if err := send(tx); err != nil || made.Told == 0 {
				return err
			}
			return mark(ctx, tx)
		})
	}
	if err != nil {
		return 0, err
	}
	if len(made.Bad) > 0 {
		return 0, refused(want, made.Bad, made.Have)
	}
	if made.Abandoned {
		_, _ = s.foldOne(ctx) // the next change goes on with it
	}
	return made.Revision, nil
}

// sender is a pool or a transaction.
type sender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func columns(want []wanted) (numbers, from, to, people []string) {
	numbers, from, to, people = make([]string, len(want)), make([]string, len(want)), make([]string, len(want)), make([]string, len(want))
	for i, w := range want {
		numbers[i], from[i], to[i], people[i] = w.number, w.from, w.to, w.person
	}
	return numbers, from, to, people
}

// refused tells of the changes that cannot be made, and what stands in their way.
func refused(want []wanted, numbers, have []string) error {
	by := make(map[string]wanted, len(want))
	for _, w := range want {
		by[w.number] = w
	}
	texts := make([]string, len(numbers))
	for i, number := range numbers {
		texts[i] = by[number].conflict(have[i])
	}
	return fmt.Errorf("%s: %w", enumerate(texts), dualtone.ErrConflict)
}
