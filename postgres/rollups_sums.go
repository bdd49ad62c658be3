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

// Sums reads sums: days that begin at one of the cuts from rows of their own,
// and everything else, such as the days on which clocks change, from the quarter
// hours.
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

// sumKey is a sum of an answer.
type sumKey struct {
	interval    int
	system, key int32
}

// summing is the reading of one answer.
type summing struct {
	tx  pgx.Tx
	ask report.Ask
	key int32 // of ask.Key
	// first is the first quarter hour, and intervals says for each from there on to
	// which interval it goes, or -1 where that is read as a whole.
	first     int32
	intervals []int32
	sums      map[sumKey]*report.Figures
	// slab holds sums, many at a time.
	slab []report.Figures
}

func (s *summing) at(k sumKey) *report.Figures {
	f := s.sums[k]
	if f == nil {
		if len(s.slab) == 0 {
			s.slab = make([]report.Figures, 512)
		}
		f, s.slab = &s.slab[0], s.slab[1:]
		s.sums[k] = f
	}
	return f
}

func (r *Rollups) sums(ctx context.Context, tx pgx.Tx, ask report.Ask) (report.Answer, error) {
	s := &summing{tx: tx, ask: ask, sums: make(map[sumKey]*report.Figures, 8192)}
	view, err := r.view(ctx, tx, ask.KnownAt)
	if err != nil {
		return report.Answer{}, err
	}
	if ask.Key != "" {
		id, known, err := r.words.find(ctx, kindOfFacet(ask.Facet), ask.Key)
		if err != nil {
			return report.Answer{}, err
		}
		if !known {
			return report.Answer{}, fmt.Errorf("%s %q: the log never met it: %w", ask.Facet, ask.Key, dualtone.ErrNotFound)
		}
		s.key = id
	}
	if err := s.read(ctx, view); err != nil {
		return report.Answer{}, err
	}
	answer := report.Answer{KnownAt: view.at, Sums: make([]report.Sum, 0, len(s.sums))}
	ids := map[int32]struct{}{}
	for k := range s.sums {
		ids[max(k.system, -k.system)], ids[k.key] = struct{}{}, struct{}{}
	}
	words, err := r.words.read(ctx, tx, ids)
	for k, f := range s.sums {
		answer.Sums = append(answer.Sums, report.Sum{
			Interval: k.interval, System: words[max(k.system, -k.system)], Key: words[k.key], Figures: f, Once: k.system < 0,
		})
	}
	return answer, err
}

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
	last := quarterOf(s.ask.Times[len(s.ask.Times)-1])
	s.intervals = make([]int32, last-s.first)
	whole := map[int32]map[int32]int{} // by cut, then by day: the interval
	for i := range len(s.ask.Times) - 1 {
		from, to := quarterOf(s.ask.Times[i]), quarterOf(s.ask.Times[i+1])
		day := dayOf(from)
		cut, n := from-day*perDay, int32(i)
		if s.ask.Facet == report.ByQueue && to-from == perDay && slices.Contains(v.cuts, cut) {
			if whole[cut] == nil {
				whole[cut] = map[int32]int{}
			}
			whole[cut][day], n = i, -1
		}
		for q := from; q < to; q++ {
			s.intervals[q-s.first] = n
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
	for cut, days := range whole { // from here on by the quarter hour, for a part of an epoch
		for day, i := range days {
			for q := range int32(perDay) {
				s.intervals[day*perDay+cut+q-s.first] = int32(i) //nolint:gosec // of a report
			}
		}
	}
	return s.readPart(ctx, v)
}

// onlyKey is the condition that selects ask.Key, and its arguments.
func (s *summing) onlyKey(args ...any) (string, []any) {
	if s.ask.Key == "" {
		return "", args
	}
	return fmt.Sprintf(" AND key = $%d", len(args)+1), append(args, s.key)
}

func (s *summing) readCut(ctx context.Context, v view, cut int32, days map[int32]int) error {
	first, last := int32(1<<31-1), int32(-1<<31)
	for day := range days {
		first, last = min(first, day), max(last, day)
	}
	only, args := "", []any{cut, first, last, v.whole}
	if s.ask.Key != "" {
		only, args = " AND page = $5", append(args, pageOf(s.key))
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
			if s.ask.Key != "" && key != s.key {
				return report.SkipPacked(packed)
			}
			return s.at(sumKey{i, system, key}).AddPacked(packed)
		})
	})
	return err
}

func (s *summing) readDays(ctx context.Context, v view) error {
	wanted := map[int32]struct{}{}
	for q, i := range s.intervals {
		if i >= 0 {
			wanted[dayOf(s.first+int32(q))] = struct{}{}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	days := make([]time.Time, 0, len(wanted))
	for d := range wanted {
		days = append(days, time.Unix(int64(d)*86_400, 0).UTC())
	}
	only, args := s.onlyKey(int16(s.ask.Facet), days, v.whole) //nolint:gosec // three facets
	found, err := s.tx.Query(ctx, `
		SELECT day - date 'epoch', system_id, key, cells FROM rollup_days
		WHERE facet = $1 AND day = ANY($2::date[]) AND epoch <= $3`+only, args...)
	if err != nil {
		return err
	}
	var day, system, key int32
	var cells pgtype.DriverBytes
	_, err = pgx.ForEachRow(found, []any{&day, &system, &key, &cells}, func() error {
		return report.EachQuarter(cells, func(i int, packed []byte) ([]byte, error) {
			return s.addQuarter(day*perDay+int32(i), system, key, packed) //nolint:gosec // of a day
		})
	})
	return err
}

// addQuarter adds packed figures to the interval of a quarter hour, if one is
// asked for.
func (s *summing) addQuarter(quarter, system, key int32, packed []byte) ([]byte, error) {
	interval := int32(-1)
	if i := quarter - s.first; i >= 0 && int(i) < len(s.intervals) {
		interval = s.intervals[i]
	}
	if interval < 0 {
		return report.SkipPacked(packed)
	}
	return s.at(sumKey{int(interval), system, key}).AddPacked(packed)
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
			if k.facet != s.ask.Facet || s.ask.Key != "" && k.key != s.key {
				return report.SkipPacked(packed)
			}
			return s.addQuarter(k.quarter, k.system, k.key, packed)
		})
	})
	return err
}
