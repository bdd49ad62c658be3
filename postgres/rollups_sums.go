package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report"
)

// Sums reads sums: days that begin at one of the cuts from rows of their own, those
// on which clocks change with the quarter hours that they have more or less, and
// everything else from quarter hours alone.
func (r *Rollups) Sums(ctx context.Context, ask report.Ask) (report.Answer, error) {
	var answer report.Answer
	err := again(ctx, "rollups", func() error {
		return pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
			answer, err = r.sums(ctx, tx, ask)
			return err
		})
	})
	return answer, err
}

// sumKey is some sums of an answer that follow each other: there are many, and few of
// these.
type sumKey struct{ system, key, stretch int32 }

// stretch is the sums of so many intervals.
type stretch [64]*report.Figures

// summing is the reading of one answer.
type summing struct {
	tx  pgx.Tx
	ask report.Ask
	// keys are those that are asked for; none for all.
	keys []int32
	// first is the first quarter hour, and intervals says for each from there on to
	// which interval it goes: nowhere where that is read as a whole, and less of an
	// interval whose 24 hours end after it.
	first     int32
	intervals []int32
	sums      map[sumKey]*stretch
	count     int
	// slab holds sums, many at a time.
	slab []report.Figures
}

const nowhere = -1

// less is what stands for an interval from which a quarter hour is taken away, and of
// what it stands for.
func less(interval int32) int32 { return nowhere - 1 - interval }

// at returns the sums of an interval, to add to.
func (s *summing) at(interval, system, key int32) *report.Figures {
	const long = int32(len(stretch{}))
	k := sumKey{system, key, interval / long}
	in := s.sums[k]
	if in == nil {
		in = new(stretch)
		s.sums[k] = in
	}
	f := in[interval%long]
	if f == nil {
		if len(s.slab) == 0 {
			s.slab = make([]report.Figures, 512)
		}
		f, s.slab = &s.slab[0], s.slab[1:]
		in[interval%long] = f
		s.count++
	}
	return f
}

func (r *Rollups) sums(ctx context.Context, tx pgx.Tx, ask report.Ask) (report.Answer, error) {
	s := &summing{tx: tx, ask: ask, sums: map[sumKey]*stretch{}}
	view, err := r.view(ctx, tx, ask.KnownAt)
	if err != nil {
		return report.Answer{}, err
	}
	if s.keys, err = r.keys(ctx, ask); err != nil {
		return report.Answer{}, err
	}
	if err := s.read(ctx, view); err != nil {
		return report.Answer{}, err
	}
	answer := report.Answer{KnownAt: view.at, Sums: make([]report.Sum, 0, s.count)}
	ids := map[int32]struct{}{}
	for k := range s.sums {
		ids[max(k.system, -k.system)], ids[k.key] = struct{}{}, struct{}{}
	}
	words, err := r.words.read(ctx, tx, ids)
	for k, in := range s.sums {
		sum := report.Sum{System: words[max(k.system, -k.system)], Key: words[k.key], Once: k.system < 0}
		for i, f := range in {
			if f != nil {
				sum.Interval, sum.Figures = int(k.stretch)*len(in)+i, f
				answer.Sums = append(answer.Sums, sum)
			}
		}
	}
	return answer, err
}

// keys finds what is asked for. ErrNotFound where the log met none of it.
func (r *Rollups) keys(ctx context.Context, ask report.Ask) ([]int32, error) {
	var found []int32
	for _, key := range ask.Keys {
		id, known, err := r.words.find(ctx, kindOfFacet(ask.Facet), key)
		if err != nil {
			return nil, err
		}
		if known {
			found = append(found, id)
		}
	}
	if len(ask.Keys) > 0 && len(found) == 0 {
		return nil, fmt.Errorf("%s %q: the log never met it: %w", ask.Facet, ask.Keys[0], dualtone.ErrNotFound)
	}
	return found, nil
}

// wants reports whether a key is asked for.
func (s *summing) wants(key int32) bool { return len(s.keys) == 0 || slices.Contains(s.keys, key) }

func kindOfFacet(f report.Facet) wordKind {
	switch f {
	case report.BySite:
		return siteWord
	case report.ByAgent:
		return agentWord
	default:
		return queueWord
	}
}

// view is the knowledge of a time: all of the epochs up to one, and of the next
// the writes up to a time.
type view struct {
	at     time.Time
	whole  int32
	partly int32 // an epoch, 0 for none
	cuts   []int32
}

func (r *Rollups) view(ctx context.Context, tx pgx.Tx, known time.Time) (view, error) {
	var head knowledge
	var kept int
	if err := tx.QueryRow(ctx, `SELECT known_at, epoch, cuts FROM call_knowledge`).Scan(&head.at, &head.epoch, &kept); err != nil {
		return view{}, err
	}
	v := view{cuts: cuts()[:min(kept, len(cuts()))]}
	if known.IsZero() || !known.Before(head.at) {
		v.at, v.whole = head.at.UTC(), head.epoch
		return v, nil
	}
	var closed *time.Time
	var opened time.Time
	err := tx.QueryRow(ctx, `
		SELECT id, opened, closed FROM call_epochs WHERE opened < $1 ORDER BY id DESC LIMIT 1`, stored(known)).Scan(&v.partly, &opened, &closed)
	if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it bare
		v.at = known.UTC()
		return v, nil
	}
	if err != nil {
		return view{}, err
	}
	if closed != nil && closed.Equal(stored(known)) {
		v.at, v.whole, v.partly = closed.UTC(), v.partly, 0
		return v, nil
	}
	v.whole, v.at = v.partly-1, opened.UTC()
	var last *time.Time
	var lost bool
	if err := tx.QueryRow(ctx, `
		SELECT max(known_at), coalesce(bool_or(figures IS NULL AND new + changed > 0), false)
		FROM call_batches WHERE known_at > $1 AND known_at <= $2`, opened, stored(known)).Scan(&last, &lost); err != nil {
		return view{}, err
	}
	if lost {
		return view{}, fmt.Errorf("what was known at %s: only known by the day any more, ask for %s: %w",
			known.UTC().Format(time.RFC3339Nano), opened.UTC().Format(time.RFC3339Nano), dualtone.ErrNotFound)
	}
	if last != nil {
		v.at = last.UTC()
	}
	return v, nil
}

func (s *summing) read(ctx context.Context, v view) error {
	s.first = quarterOf(s.ask.Times[0])
	s.intervals = make([]int32, quarterOf(s.ask.Times[len(s.ask.Times)-1])-s.first)
	whole := map[int32]map[int32]int32{}         // by cut, then by day: the interval
	for i := range int32(len(s.ask.Times) - 1) { //nolint:gosec // of a report
		from, to := s.span(i)
		day := dayOf(from)
		cut, n := from-day*perDay, i
		if s.whole(v, i) {
			if whole[cut] == nil {
				whole[cut] = map[int32]int32{}
			}
			whole[cut][day], n = i, nowhere
		}
		s.mark(from, to, n)
	}
	for _, days := range whole {
		for _, i := range days {
			from, to := s.span(i)
			s.mark(from+perDay, to, i)       // the night has an hour more
			s.mark(to, from+perDay, less(i)) // or less
		}
	}
	for cut, days := range whole {
		if err := s.readCut(ctx, v, cut, days); err != nil {
			return err
		}
	}
	if err := s.readDays(ctx, v); err != nil {
		return err
	}
	for i := range int32(len(s.ask.Times) - 1) { //nolint:gosec // of a report
		from, to := s.span(i)
		s.mark(from, to, i) // from here on by the quarter hour, for a part of an epoch
	}
	return s.readPart(ctx, v)
}

// span is the quarter hours of an interval.
func (s *summing) span(i int32) (from, to int32) {
	return quarterOf(s.ask.Times[i]), quarterOf(s.ask.Times[i+1])
}

// mark says to which interval quarter hours go.
func (s *summing) mark(from, to, interval int32) {
	for q := from; q < to; q++ {
		s.intervals[q-s.first] = interval
	}
}

// whole reports whether an interval is a day that is read from a row of its own. Where
// clocks go forward, that row holds some of the day after as well, which must be read
// from another for them to be taken away.
func (s *summing) whole(v view, i int32) bool {
	const shift = 8 // the most by which clocks change, in quarter hours
	from, to := s.span(i)
	long := to - from
	switch {
	case s.ask.Facet != report.ByQueue || long < perDay-shift || long > perDay+shift:
		return false
	case !slices.Contains(v.cuts, from-dayOf(from)*perDay):
		return false
	case long >= perDay:
		return true
	}
	return int(i) < len(s.ask.Times)-2 && s.whole(v, i+1)
}

func (s *summing) readCut(ctx context.Context, v view, cut int32, days map[int32]int32) error {
	first, last := int32(1<<31-1), int32(-1<<31)
	for day := range days {
		first, last = min(first, day), max(last, day)
	}
	only, args := "", []any{cut, first, last, v.whole}
	if len(s.keys) > 0 {
		pages := make([]int32, len(s.keys))
		for i, key := range s.keys {
			pages[i] = pageOf(key)
		}
		only, args = " AND page = ANY($5)", append(args, pages)
	}
	found, err := s.tx.Query(ctx, `
		SELECT day - date 'epoch', system_id, sums FROM rollup_cuts
		WHERE cut = $1 AND day BETWEEN date 'epoch' + $2::integer AND date 'epoch' + $3::integer AND epoch <= $4`+only, args...)
	if err != nil {
		return err
	}
	var day, system int32
	var sums pgtype.DriverBytes
	_, err = pgx.ForEachRow(found, []any{&day, &system, &sums}, func() error {
		i, wanted := days[day]
		if !wanted {
			return nil
		}
		return eachKey(sums, func(key int32, packed []byte) ([]byte, error) {
			if !s.wants(key) {
				return report.SkipPacked(packed)
			}
			return s.at(i, system, key).AddPacked(packed)
		})
	})
	return err
}

func (s *summing) readDays(ctx context.Context, v view) error {
	wanted := map[int32]int32{} // of each day the last quarter hour
	for n, i := range s.intervals {
		if i != nowhere {
			q := s.first + int32(n)
			wanted[dayOf(q)] = q
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	days := make([]time.Time, 0, len(wanted))
	for d := range wanted {
		days = append(days, time.Unix(int64(d)*86_400, 0).UTC())
	}
	only, args := "", []any{int16(s.ask.Facet), days, v.whole} //nolint:gosec // three facets
	if len(s.keys) > 0 {
		only, args = " AND key = ANY($4)", append(args, s.keys)
	}
	found, err := s.tx.Query(ctx, `
		SELECT day - date 'epoch', system_id, key, cells FROM rollup_days
		WHERE facet = $1 AND day = ANY($2::date[]) AND epoch <= $3`+only, args...)
	if err != nil {
		return err
	}
	var day, system, key int32
	var cells pgtype.DriverBytes
	_, err = pgx.ForEachRow(found, []any{&day, &system, &key, &cells}, func() error {
		last := wanted[day]
		return report.EachQuarter(cells, func(i int, packed []byte) ([]byte, error) {
			q := day*perDay + int32(i) //nolint:gosec // of a day
			if q > last {
				return nil, nil // and so are those that follow
			}
			return s.addQuarter(q, system, key, packed)
		})
	})
	return err
}

// addQuarter adds packed figures to the interval of a quarter hour, or takes them away,
// if they are asked for.
func (s *summing) addQuarter(quarter, system, key int32, packed []byte) ([]byte, error) {
	interval := int32(nowhere)
	if i := quarter - s.first; i >= 0 && int(i) < len(s.intervals) {
		interval = s.intervals[i]
	}
	switch {
	case interval == nowhere:
		return report.SkipPacked(packed)
	case interval > nowhere:
		return s.at(interval, system, key).AddPacked(packed)
	}
	var f report.Figures
	rest, err := f.AddPacked(packed)
	s.at(less(interval), system, key).Sub(&f)
	return rest, err
}

// readPart adds the writes of the epoch that is known in part.
func (s *summing) readPart(ctx context.Context, v view) error {
	if v.partly == 0 {
		return nil
	}
	end := s.ask.Times[len(s.ask.Times)-1]
	found, err := s.tx.Query(ctx, `
		SELECT figures FROM call_batches
		WHERE epoch = $1 AND known_at <= $2 AND first_start < $3 AND last_start >= $4 AND figures IS NOT NULL`,
		v.partly, v.at, end, s.ask.Times[0])
	if err != nil {
		return err
	}
	var ledger pgtype.DriverBytes
	_, err = pgx.ForEachRow(found, []any{&ledger}, func() error {
		return readLedger(ledger, func(k ledgerKey, packed []byte) ([]byte, error) {
			if k.facet != s.ask.Facet || !s.wants(k.key) {
				return report.SkipPacked(packed)
			}
			return s.addQuarter(k.quarter, k.system, k.key, packed)
		})
	})
	return err
}
