package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// Supplements come before their leg, after it, or after a leg that fits them
// less well. So whenever one of either comes, the supplement is given to the leg
// that fits it best of all that are there, and every leg that won or lost one is
// put together anew: its own record, and what it has been given, in the order of
// their keys.

// suppliedRow is a supplement of a batch and its line.
type suppliedRow struct {
	supplement *calllog.Supplement
	line       int64
}

// supplied is a supplement as the log holds it, and the leg that has it.
type supplied struct {
	calllog.Supplement

	owner legPlace
}

// legPlace is where a leg is stored.
type legPlace struct {
	started time.Time
	record  string
}

// A handle is what a supplement names its leg by.
func handleOf(m *calllog.Match) string {
	switch {
	case m.Record != "":
		return "r" + m.Record
	case m.Channel != "":
		return "c" + m.Channel
	default:
		return "k" + m.Call
	}
}

func handlesOf(l *calllog.Leg, to map[string]struct{}) {
	to["r"+l.Record] = struct{}{}
	for _, c := range l.Channels {
		to["c"+c] = struct{}{}
	}
	if l.Call != "" {
		to["k"+l.Call] = struct{}{}
	}
}

// supplying is the work of one write on supplements.
type supplying struct {
	*write

	tx     pgx.Tx
	system int32
	all    map[string]*supplied // by record
	// touched are those whose leg has to be looked for.
	touched map[string]struct{}
	legs    map[legPlace]*supplyLeg
	// named are the legs by their handles.
	named map[string][]legPlace
}

// supplyLeg is a leg that may have supplements: as it is stored, and as its own
// record has it.
type supplyLeg struct {
	row  *legRow
	now  calllog.Leg
	base calllog.Leg
}

func (w *write) supply(ctx context.Context, tx pgx.Tx) error {
	id, _ := w.words.known(systemWord, w.system)
	if len(w.supplements) == 0 {
		if id == 0 || w.changes == (changes{}) {
			return nil
		}
		var some bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM call_supplements WHERE system_id = $1)`, id).Scan(&some)
		if err != nil || !some {
			return err
		}
	}
	if id == 0 { // supplements alone, of a system without a leg yet
		if err := w.words.learn(ctx, map[word]struct{}{{systemWord, w.system}: {}}); err != nil {
			return err
		}
		id, _ = w.words.known(systemWord, w.system)
	}
	// Two writers could each miss what the other is about to keep.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('dualtone supplements'), $1)`, id); err != nil {
		return err
	}
	s := &supplying{write: w, tx: tx, system: id, all: map[string]*supplied{}, touched: map[string]struct{}{}, legs: map[legPlace]*supplyLeg{}, named: map[string][]legPlace{}}
	for _, step := range []func(context.Context) error{s.keepSupplements, s.findTouched, s.findLegs, s.give} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// keepSupplements writes the batch's own; those that say nothing new touch
// nothing.
func (s *supplying) keepSupplements(ctx context.Context) error {
	latest := map[string]suppliedRow{}
	for _, row := range s.supplements {
		latest[row.supplement.ID.Record] = row
	}
	var records, handles, texts []string
	var times []*time.Time
	var lines []int64
	for record, row := range latest {
		text, err := json.Marshal(row.supplement)
		if err != nil {
			return err
		}
		records, handles = append(records, record), append(handles, printable(handleOf(&row.supplement.Leg)))
		times, texts, lines = append(times, nullable(whenOf(row.supplement))), append(texts, printable(string(text))), append(lines, row.line)
	}
	if len(records) == 0 {
		return nil
	}
	found, err := s.tx.Query(ctx, `
		INSERT INTO call_supplements AS held (system_id, record_id, handle, at, supplement, batch_id, source_line)
		SELECT $1, g.record, g.handle, g.at, g.text, $2, g.line
		FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::jsonb[], $7::bigint[]) AS g (record, handle, at, text, line)
		ON CONFLICT (system_id, record_id) DO UPDATE
		SET handle = excluded.handle, at = excluded.at, supplement = excluded.supplement,
			batch_id = excluded.batch_id, source_line = excluded.source_line
		WHERE held.supplement <> excluded.supplement AND held.erased IS DISTINCT FROM md5(excluded.supplement::text)::uuid
		RETURNING record_id`, s.system, s.batch, records, handles, times, texts, lines)
	if err != nil {
		return err
	}
	changed, err := pgx.CollectRows(found, pgx.RowTo[string])
	for _, record := range changed {
		s.touched[record] = struct{}{}
	}
	s.written.Supplements += int64(len(changed))
	return err
}

// whenOf is a time at which the supplement's leg was there, or not long before.
func whenOf(p *calllog.Supplement) time.Time {
	for _, t := range []time.Time{p.Leg.At, p.Adds.Started, p.Adds.Answered, p.Adds.Ended} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// findTouched reads the touched supplements, and those that the batch's legs may
// be meant by.
func (s *supplying) findTouched(ctx context.Context) error {
	handles := map[string]struct{}{}
	if s.changes != (changes{}) {
		for _, p := range s.write.legs {
			handlesOf(p.leg, handles)
		}
	}
	if err := s.read(ctx, `record_id = ANY($2)`, keys(s.touched)); err != nil {
		return err
	}
	if err := s.read(ctx, `handle = ANY($2)`, keys(handles)); err != nil {
		return err
	}
	for record := range s.all {
		s.touched[record] = struct{}{}
	}
	return nil
}

func keys(set map[string]struct{}) []string {
	all := make([]string, 0, len(set))
	for k := range set {
		all = append(all, k)
	}
	return all
}

// read adds the supplements that a condition selects.
func (s *supplying) read(ctx context.Context, condition string, values []string) error {
	if len(values) == 0 {
		return nil
	}
	found, err := s.tx.Query(ctx, `
		SELECT record_id, supplement, owner_start, coalesce(owner_record, '') FROM call_supplements
		WHERE system_id = $1 AND `+condition, s.system, values)
	if err != nil {
		return err
	}
	var record, text, owner string
	var started *time.Time
	_, err = pgx.ForEachRow(found, []any{&record, &text, &started, &owner}, func() error {
		if s.all[record] != nil {
			return nil
		}
		p := &supplied{owner: legPlace{utc(started), owner}}
		s.all[record] = p
		return json.Unmarshal([]byte(text), &p.Supplement)
	})
	return err
}

// findLegs reads the legs that the touched supplements may belong to, and all
// else that those have been given.
func (s *supplying) findLegs(ctx context.Context) error {
	for kind, value := range map[byte]string{'r': `l.record_id`, 'k': `l.call_key`, 'c': `unnest(l.channels)`} {
		if err := s.findBy(ctx, kind, value); err != nil {
			return err
		}
	}
	handles := map[string]struct{}{}
	for _, l := range s.legs {
		handlesOf(&l.now, handles)
	}
	return s.read(ctx, `handle = ANY($2)`, keys(handles))
}

// lookedThrough is the time in which a supplement's leg started.
func lookedThrough(p *calllog.Supplement) (from, to time.Time) {
	at := whenOf(p)
	if at.IsZero() {
		return time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return at.Add(-calllog.SupplyBefore), at.Add(calllog.SupplyAfter)
}

func (s *supplying) findBy(ctx context.Context, kind byte, value string) error {
	var values []string
	var from, to []time.Time
	for record := range s.touched {
		p := s.all[record]
		handle := handleOf(&p.Leg)
		if handle[0] != kind {
			continue
		}
		lo, hi := lookedThrough(&p.Supplement)
		values, from, to = append(values, handle[1:]), append(from, lo), append(to, hi)
		if p.owner.record != "" && (p.owner.started.Before(lo) || p.owner.started.After(hi)) {
			values, from, to = append(values, handle[1:]), append(from, p.owner.started), append(to, p.owner.started)
		}
	}
	if len(values) == 0 {
		return nil
	}
	// One look at the legs of the whole time serves all supplements; left alone,
	// the planner may have each look for itself.
	if _, err := s.tx.Exec(ctx, `SET LOCAL enable_nestloop = off`); err != nil {
		return err
	}
	found, err := s.tx.Query(ctx, `
		SELECT DISTINCT ON (l.started_at, l.record_id) `+list("l", keptColumns())+`
		FROM (
			SELECT l.*, `+value+` AS handle FROM call_legs l WHERE l.system_id = $1 AND l.started_at BETWEEN $5 AND $6
		) l
		JOIN unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS g (value, lo, hi)
			ON g.value = l.handle AND l.started_at BETWEEN g.lo AND g.hi`,
		s.system, values, from, to, slices.MinFunc(from, time.Time.Compare), slices.MaxFunc(to, time.Time.Compare))
	if err != nil {
		return err
	}
	rows, err := scanLegs(found)
	if err != nil {
		return err
	}
	if err := s.add(ctx, rows); err != nil {
		return err
	}
	_, err = s.tx.Exec(ctx, `SET LOCAL enable_nestloop = on`)
	return err
}

func (s *supplying) add(ctx context.Context, rows []*legRow) error {
	ids := map[int32]struct{}{}
	for _, r := range rows {
		r.words(ids)
	}
	words, err := s.words.read(ctx, s.tx, ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		l := &supplyLeg{row: r, now: r.leg(words)}
		l.base = l.now
		if r.base != nil {
			l.base = calllog.Leg{}
			if err := json.Unmarshal([]byte(*r.base), &l.base); err != nil {
				return err
			}
		}
		at := legPlace{l.now.Started, r.record}
		if s.legs[at] != nil {
			continue
		}
		s.legs[at] = l
		handles := map[string]struct{}{}
		handlesOf(&l.now, handles)
		for h := range handles {
			s.named[h] = append(s.named[h], at)
		}
	}
	return nil
}

// give decides whose each touched supplement is, and puts the legs together
// that won or lost one, or were written anew.
func (s *supplying) give(ctx context.Context) error {
	affected := map[legPlace]struct{}{}
	var records []string
	var owners []legPlace
	for record := range s.touched {
		p := s.all[record]
		owner := s.choose(p)
		if owner != p.owner {
			affected[p.owner] = struct{}{}
			p.owner = owner
			records, owners = append(records, record), append(owners, owner)
		}
		affected[owner] = struct{}{}
	}
	if err := s.writeOwners(ctx, records, owners); err != nil {
		return err
	}
	given := map[legPlace][]*supplied{}
	for _, p := range s.all {
		if _, ok := affected[p.owner]; ok {
			given[p.owner] = append(given[p.owner], p)
		}
	}
	var anew []*supplyLeg
	for at := range affected {
		l := s.legs[at]
		if l == nil { // no leg yet, or one that moved away since
			continue
		}
		merged := l.base
		slices.SortFunc(given[at], func(a, b *supplied) int { return cmp.Compare(a.ID.Record, b.ID.Record) })
		for _, p := range given[at] {
			merged.Supply(&p.Supplement)
		}
		s.encoder.begin()
		if s.encoder.leg(&merged, 0) != s.encoder.leg(&l.now, 0) {
			l.now = merged
			anew = append(anew, l)
		}
	}
	return s.rewrite(ctx, anew)
}

// choose returns the place of the leg that fits best: one in the supplement's
// queue rather than in none, and of those one that was alive at the supplement's
// time, else the last that started before it, else the first.
func (s *supplying) choose(p *supplied) legPlace {
	var best legPlace
	var bestLeg *calllog.Leg
	at := whenOf(&p.Supplement)
	from, to := lookedThrough(&p.Supplement)
	inQueue := func(l *calllog.Leg) int {
		if p.Leg.Queue != "" && string(l.Queue) == p.Leg.Queue {
			return 1
		}
		return 0
	}
	rank := func(l *calllog.Leg) int {
		switch {
		case at.IsZero():
			return 0
		case !l.Started.After(at.Add(time.Second)) && (l.Ended.IsZero() || !l.Ended.Before(at.Add(-time.Second))):
			return 2
		case !l.Started.After(at):
			return 1
		default:
			return 0
		}
	}
	for _, where := range s.named[handleOf(&p.Leg)] {
		l := s.legs[where]
		if !p.Leg.Fits(&l.base) || where.started.Before(from) || where.started.After(to) { // others of the write look elsewhere
			continue
		}
		if bestLeg == nil || cmp.Or(cmp.Compare(inQueue(&l.base), inQueue(bestLeg)), cmp.Compare(rank(&l.base), rank(bestLeg)), l.base.Started.Compare(bestLeg.Started),
			cmp.Compare(where.record, best.record)) > 0 {
			best, bestLeg = where, &l.base
		}
	}
	return best
}

func (s *supplying) writeOwners(ctx context.Context, records []string, owners []legPlace) error {
	if len(records) == 0 {
		return nil
	}
	starts, legs := make([]*time.Time, len(owners)), make([]*string, len(owners))
	for i, o := range owners {
		if o.record != "" {
			starts[i], legs[i] = &o.started, &o.record
		}
	}
	_, err := s.tx.Exec(ctx, `
		UPDATE call_supplements p SET owner_start = g.started, owner_record = g.leg
		FROM unnest($2::text[], $3::timestamptz[], $4::text[]) AS g (record, started, leg)
		WHERE p.system_id = $1 AND p.record_id = g.record`, s.system, records, starts, legs)
	return err
}

// supplyStaged makes versions of the staged legs. One that this same write
// brought is nobody's past.
func supplyStaged() string {
	own := slices.DeleteFunc(changingColumns(), func(c string) bool { return c == "row_hash" || c == "source_line" })
	return `
		WITH old AS MATERIALIZED (
			SELECT ` + list("l", keptColumns()) + ` FROM call_stage s JOIN call_legs l ON ` + sameLeg + ` FOR UPDATE OF l
		), past AS (
			INSERT INTO call_legs_history (` + list("", keptColumns()) + `, until_batch)
			SELECT ` + list("", keptColumns()) + `, $1 FROM old WHERE batch_id <> $1
		)
		UPDATE call_legs l
		SET ` + assign("s", own) + `, batch_id = $1, version = old.version + (old.batch_id <> $1)::integer, base = g.base
		FROM call_stage s, old, unnest($2::timestamptz[], $3::text[], $4::jsonb[]) AS g (started, record, base)
		WHERE ` + sameLeg + ` AND old.started_at = s.started_at AND old.system_id = s.system_id AND old.record_id = s.record_id
			AND g.started = s.started_at AND g.record = s.record_id
		RETURNING old.batch_id`
}

func (s *supplying) rewrite(ctx context.Context, legs []*supplyLeg) error {
	if len(legs) == 0 {
		return nil
	}
	starts, records, bases := make([]time.Time, len(legs)), make([]string, len(legs)), make([]string, len(legs))
	encode := func() {
		s.encoder.begin()
		for _, l := range legs {
			s.encoder.leg(&l.now, l.row.line)
		}
		s.encoder.end()
	}
	s.encoder.forget()
	if encode(); len(s.encoder.missing) > 0 {
		if err := s.words.learn(ctx, s.encoder.missing); err != nil {
			return err
		}
		s.encoder.forget()
		encode()
	}
	for i, l := range legs {
		text, err := json.Marshal(l.base)
		if err != nil {
			return err
		}
		starts[i], records[i], bases[i] = l.base.Started, l.base.Record, string(text)
	}
	if err := s.copyStage(ctx, s.tx, 1); err != nil {
		return err
	}
	found, err := s.tx.Query(ctx, supplyStaged(), s.batch, starts, records, bases)
	if err != nil {
		return err
	}
	batches, err := pgx.CollectRows(found, pgx.RowTo[calllog.BatchID])
	for _, b := range batches {
		if b != s.batch {
			s.written.Changed++
		}
	}
	s.changes.others += int64(len(batches))
	return err
}
