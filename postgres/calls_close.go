package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/report"
)

// close writes down what the write did: what it adds to the rollups, which days
// are to be stitched anew, the rows as received, and the counts.
func (w *write) close(ctx context.Context, tx pgx.Tx) error {
	if err := w.quarantine(ctx, tx); err != nil {
		return err
	}
	changed := w.changes != (changes{})
	if changed || w.written.Supplements > 0 {
		if err := w.keepRaw(ctx, tx); err != nil {
			return err
		}
	}
	if changed {
		if err := w.account(ctx, tx); err != nil {
			return err
		}
	} else if w.written.Supplements == 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM call_batches WHERE id = $1`, w.batch); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		UPDATE call_ingests SET rows = rows + $2, new = new + $3, changed = changed + $4, same = same + $5,
			supplements = supplements + $6, quarantined = quarantined + $7
		WHERE id = $1`, w.ingest, w.written.Rows, w.written.New, w.written.Changed, w.written.Same,
		w.written.Supplements, w.written.Quarantined)
	return err
}

// accounted is a write's effect on sums and days.
type accounted struct {
	ledger      *ledger
	days        map[time.Time]struct{}
	first, last time.Time
}

func newAccounted(legs int) accounted {
	return accounted{ledger: newLedger(legs), days: map[time.Time]struct{}{}}
}

func (a *accounted) touch(started time.Time) {
	for _, day := range calllog.StitchDays(started) {
		a.days[day] = struct{}{}
	}
	if a.first.IsZero() || started.Before(a.first) {
		a.first = started
	}
	if started.After(a.last) {
		a.last = started
	}
}

func (w *write) account(ctx context.Context, tx pgx.Tx) error {
	a := w.fresh // counted on their way, if all of them were new
	if a == nil || w.changes.others != 0 || w.changes.fresh != int64(len(w.legs)) {
		counted := newAccounted(len(w.legs))
		a = &counted
		if err := w.countBack(ctx, tx, a); err != nil {
			return err
		}
	}
	days := make([]time.Time, 0, len(a.days))
	for d := range a.days {
		days = append(days, d)
	}
	slices.SortFunc(days, time.Time.Compare)
	if _, err := tx.Exec(ctx, `INSERT INTO call_unstitched (day, batch) SELECT unnest($1::date[]), $2`, days, w.batch); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE call_batches SET first_start = $2, last_start = $3, new = $4, changed = $5, figures = $6 WHERE id = $1`,
		w.batch, stored(a.first), stored(a.last), w.written.New, w.written.Changed, a.ledger.pack())
	return err
}

// countBack reads what the write left and what it superseded.
func (w *write) countBack(ctx context.Context, tx pgx.Tx, a *accounted) error {
	var first, last *time.Time
	if err := tx.QueryRow(ctx, `SELECT min(started_at), max(started_at) FROM call_legs_history WHERE until_batch = $1`,
		w.batch).Scan(&first, &last); err != nil {
		return err
	}
	from, to := w.first, w.last // of the batch's own legs; others had a version before
	if first != nil {
		if from.IsZero() || first.Before(from) {
			from = *first
		}
		if last.After(to) {
			to = *last
		}
	}
	err := w.count(ctx, tx, a, a.ledger.add, `
		FROM call_legs WHERE batch_id = $1 AND started_at BETWEEN $2 AND $3`, w.batch, stored(from), stored(to))
	if err != nil {
		return err
	}
	return w.count(ctx, tx, a, a.ledger.sub, `FROM call_legs_history WHERE until_batch = $1 AND batch_id <> $1`, w.batch)
}

func (w *write) count(ctx context.Context, tx pgx.Tx, a *accounted, do func(legKeys, *report.Figures), from string, args ...any) error {
	found, err := tx.Query(ctx, `SELECT `+list("", keptColumns())+" "+from, args...)
	if err != nil {
		return err
	}
	rows, err := scanLegs(found)
	if err != nil {
		return err
	}
	ids := map[int32]struct{}{}
	for _, r := range rows {
		r.words(ids)
	}
	words, err := w.words.read(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		leg := r.leg(words)
		f := report.Of(&leg)
		do(legKeys{system: r.system, queue: of(r.queue), site: of(r.site), agent: of(r.agent), started: leg.Started}, &f)
		a.touch(leg.Started)
	}
	return nil
}
