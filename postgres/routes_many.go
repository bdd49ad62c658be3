package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone/routing"
)

// chunk is how many numbers at most stand in one row of changes: small enough
// that a number is found in one quickly.
const chunk = 1000

// Of many changes only the exceptions come back from the database: what is not
// as the change expects, and whose a number is where the change does not say. What
// all changes expect alike travels once.
const (
	exceptions = `
SELECT w.n, coalesce(l.rule, r.rule, '') AS have, coalesce(l.person, r.person, '') AS person
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (number, "from", person, n)
LEFT JOIN routes r ON r.number = w.number AND r.number BETWEEN $5 AND $6 %s
WHERE coalesce(l.rule, r.rule, '') <> coalesce(w."from", $4) OR w.person = '' AND coalesce(l.person, r.person, '') <> ''`
	repeated = `
SELECT s.n, s."from" AS have, '' AS person
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS s (number, "from", "to", n)
WHERE (s.number, s."from", s."to") IN (
	SELECT n.number, c."from", c."to"
	FROM route_changes c JOIN route_revisions v USING (revision), unnest(c.numbers) n (number) WHERE (v.workflow, v.run) = ($4, $5))`
	numbersSince   = `SELECT numbers FROM route_changes WHERE revision > $1`
	insertRevision = `INSERT INTO route_revisions (revision, actor, reason, workflow, run, at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())`
	// Until they are folded, changes are in effect and not in the table.
	insertLoose = `INSERT INTO route_loose SELECT revision, first, last FROM route_changes WHERE revision = $1`
	setHead     = `UPDATE route_head SET revision = $1`
	announce    = `SELECT pg_notify($1, $2::bigint::text)`
)

// byHash has all numbers looked up with one pass over the table.
const byHash = `SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'`

// pass is from how many numbers on one pass over the table is cheaper than
// looking each up.
const pass = 10_000

func prepare(ctx context.Context, tx pgx.Tx, numbers int) error {
	if numbers < pass {
		return nil
	}
	_, err := tx.Exec(ctx, byHash)
	return err
}

// applyMany makes changes that take effect with the commit of a few rows. The
// table follows slice by slice.
func (s *Router) applyMany(ctx context.Context, want []wanted, why routing.Provenance) (routing.Revision, error) {
	if !slices.IsSortedFunc(want, byNumber) {
		slices.SortFunc(want, byNumber)
	}
	found, err := s.lookAhead(ctx, want, why)
	if err != nil {
		return 0, err
	}
	var made routing.Revision
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		err := prepare(ctx, tx, len(want))
		if err == nil {
			found, err = lockChecked(ctx, tx, want, why, found)
		}
		if made = found.at; err != nil || len(found.todo) == 0 {
			return err
		}
		made++
		return commitMany(ctx, tx, made, found.todo, why)
	})
	if err != nil {
		return 0, err
	}
	if len(found.todo) > 0 {
		// The changes stand and are in effect. Should this fail, those who change
		// the table later make up for it.
		_ = s.fold(ctx, len(want))
	}
	return made, nil
}

// lookAhead looks changes up before the table is locked, so that others are not kept
// waiting; very many in two halves at the same time. What it finds is not all of one
// moment.
func (s *Router) lookAhead(ctx context.Context, want []wanted, why routing.Provenance) (looked, error) {
	halves := [][]wanted{want}
	if len(want) >= s.halve {
		halves = [][]wanted{want[:len(want)/2], want[len(want)/2:]}
	}
	seen, err := s.Active(ctx)
	if err != nil {
		return looked{}, err
	}
	found := make([]looked, len(halves))
	all, ctx := errgroup.WithContext(ctx)
	for i, half := range halves {
		all.Go(func() error {
			return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
				if err = prepare(ctx, tx, len(want)); err == nil {
					found[i], err = look(ctx, tx, half, why)
				}
				return err
			})
		})
	}
	err = all.Wait()
	sum := looked{at: seen}
	for _, half := range found {
		sum.todo, sum.bad, sum.have = append(sum.todo, half.todo...), append(sum.bad, half.bad...), append(sum.have, half.have...)
	}
	return sum, err
}

// lockChecked locks the table and returns the changes that are to be made of it. They
// are looked up once more if somebody has changed one of their numbers since they
// were. A conflict counts only now.
func lockChecked(ctx context.Context, tx pgx.Tx, want []wanted, why routing.Provenance, found looked) (looked, error) {
	var at routing.Revision
	if err := tx.QueryRow(ctx, lockHead).Scan(&at); err != nil {
		return looked{}, err
	}
	since, err := rows[struct{ Numbers []string }](ctx, tx, numbersSince, int64(found.at))
	if err != nil {
		return looked{}, err
	}
	for _, c := range since {
		if slices.ContainsFunc(c.Numbers, func(n string) bool { return wants(want, n) }) {
			if found, err = look(ctx, tx, want, why); err != nil {
				return looked{}, err
			}
			break
		}
	}
	if len(found.bad) > 0 {
		return looked{}, refused(want, found.bad, found.have)
	}
	found.at = at
	return found, nil
}

// wants reports whether a number is among changes, which are in the order of
// their numbers.
func wants(want []wanted, number string) bool {
	_, found := slices.BinarySearchFunc(want, number, func(w wanted, n string) int { return cmp.Compare(w.number, n) })
	return found
}

// exception is a change that is not as simple as the others.
type exception struct {
	N            int
	Have, Person string
}

// looked is what the table says of changes, at a revision or later: those that are
// still to be made, with the people whose numbers they are, or the numbers of which
// they cannot be made and what stands there.
type looked struct {
	at        routing.Revision
	todo      []wanted
	bad, have []string
}

// look looks changes up.
func look(ctx context.Context, tx pgx.Tx, want []wanted, why routing.Provenance) (looked, error) {
	numbers, from, to, people := columns(want)
	expect, unowned := from, people
	if !slices.ContainsFunc(from, func(f string) bool { return f != from[0] }) {
		expect = nil
	}
	if !slices.Contains(people, "") {
		unowned = nil
	}
	found, err := rows[exception](ctx, tx, fmt.Sprintf(exceptions, loose(len(want))),
		numbers, expect, unowned, from[0], numbers[0], numbers[len(numbers)-1])
	if err != nil {
		return looked{}, err
	}
	todo := slices.Clone(want)
	var bad, have []string
	for _, e := range found {
		w := &todo[e.N-1]
		w.person = cmp.Or(w.person, e.Person)
		switch e.Have {
		case w.from:
		case w.to:
			w.number = "" // made already
		default:
			bad, have = append(bad, w.number), append(have, e.Have)
		}
	}
	if why.Run != "" && len(bad) == 0 {
		if found, err = rows[exception](ctx, tx, repeated, numbers, from, to, why.Workflow, why.Run); err != nil {
			return looked{}, err
		}
		for _, e := range found {
			if w := todo[e.N-1]; w.number != "" && w.from != w.to {
				bad, have = append(bad, w.number), append(have, e.Have)
			}
		}
	}
	todo = slices.DeleteFunc(todo, func(w wanted) bool { return w.number == "" || w.from == w.to })
	return looked{todo: todo, bad: bad, have: have}, nil
}

// changeChunk is a row of changes that are alike.
type changeChunk struct {
	from, to        string
	numbers, people []string
}

// chunksOf gathers changes, which are in the order of their numbers.
func chunksOf(todo []wanted) []*changeChunk {
	type alike struct{ from, to string }
	var all []*changeChunk
	open := map[alike]*changeChunk{}
	for _, w := range todo {
		c := open[alike{w.from, w.to}]
		if c == nil || len(c.numbers) == chunk {
			room := min(chunk, len(todo))
			c = &changeChunk{w.from, w.to, make([]string, 0, room), make([]string, 0, room)}
			open[alike{w.from, w.to}] = c
			all = append(all, c)
		}
		c.numbers, c.people = append(c.numbers, w.number), append(c.people, w.person)
	}
	return all
}

// commitMany stores changes as the next revision and announces it.
func commitMany(ctx context.Context, tx pgx.Tx, revision routing.Revision, todo []wanted, why routing.Provenance) error {
	chunks := chunksOf(todo)
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"route_changes"},
		[]string{"revision", "first", "last", "from", "to", "run", "numbers", "people"},
		pgx.CopyFromSlice(len(chunks), func(i int) ([]any, error) {
			c, run := chunks[i], ""
			if len(c.numbers) > 1 {
				run = why.Run
			}
			return []any{int64(revision), c.numbers[0], c.numbers[len(c.numbers)-1], c.from, c.to, run, c.numbers, c.people}, nil
		}))
	if err != nil {
		return err
	}
	var batch pgx.Batch
	batch.Queue(insertRevision, int64(revision), why.Actor, why.Reason, why.Workflow, why.Run)
	batch.Queue(insertLoose, int64(revision))
	batch.Queue(setHead, int64(revision))
	batch.Queue(announce, routesChannel, int64(revision))
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil || why.Workflow != "" {
		return err
	}
	e, err := changed("route.change", "routes", nil, map[string]any{"revision": revision, "numbers": len(todo)})
	if err != nil {
		return err
	}
	e.Actor, e.Reason = why.Actor, why.Reason
	return note(ctx, tx, e)
}
