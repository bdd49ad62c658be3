package postgres

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Write keeps a batch and moves its ingest on, in one transaction. A batch of
// 10,000 to 50,000 rows is cheapest.
func (c *Calls) Write(ctx context.Context, ingest calllog.IngestID, batch calllog.Batch) (calllog.Written, error) {
	var written calllog.Written
	err := again(ctx, "write to ingest "+string(ingest), func() error {
		err := c.writeOnce(ctx, ingest, &batch, &written)
		if violates(err, noPartition) { // somebody took one away since it was made
			c.partitions.forget()
			err = c.writeOnce(ctx, ingest, &batch, &written)
		}
		return err
	})
	return written, err
}

func (c *Calls) writeOnce(ctx context.Context, ingest calllog.IngestID, batch *calllog.Batch, written *calllog.Written) error {
	w := newWrite(c, ingest)
	w.again = batch.Again
	if err := w.prepare(ctx, batch.Rows); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error { return w.keep(ctx, tx, batch) })
	*written = w.written
	return err
}

// noPartition is what Postgres says of a row that fits none.
const noPartition = "23514"

// placed is a leg, the line it was read from, and its hash.
type placed struct {
	leg  *calllog.Leg
	line int64
	hash rowHash
}

// write is one batch on its way into the log.
type write struct {
	*Calls

	ingest calllog.IngestID
	batch  calllog.BatchID
	system string
	kind   calllog.SourceKind
	// again says that its rows were read before, perhaps in another zone.
	again bool
	// legsFrom is before which legs are gone, see Care, and rows say nothing new.
	legsFrom time.Time
	encoder  *encoder

	legs        []placed
	given       int64 // how many legs there were at first
	supplements []suppliedRow
	faults      []faultRow
	raw         []rawChunk

	// packed compresses the rows as received, once.
	packed func() ([][]byte, error)

	first, last time.Time
	// fresh is what legs add that are all new.
	fresh   *accounted
	changes changes
	written calllog.Written
}

func newWrite(c *Calls, ingest calllog.IngestID) *write {
	w := &write{Calls: c, ingest: ingest, encoder: newEncoder(c.words)}
	w.packed = sync.OnceValues(w.packRaw)
	return w
}

// prepare does what needs no transaction: it sorts the rows, and makes room for
// what they name.
func (w *write) prepare(ctx context.Context, rows []calllog.Row) error {
	w.written.Rows = int64(len(rows))
	months := map[month]struct{}{}
	for i := range rows {
		w.sort(&rows[i])
	}
	for _, p := range w.legs {
		if w.first.IsZero() || p.leg.Started.Before(w.first) {
			w.first = p.leg.Started
		}
		if p.leg.Started.After(w.last) {
			w.last = p.leg.Started
		}
		months[monthOf(p.leg.Started)] = struct{}{}
	}
	now := monthOf(time.Now())
	if _, live := months[now]; live { // the first call of the next month waits for nothing
		months[now+1] = struct{}{}
	}
	if err := w.partitions.ensure(ctx, "call_legs", months); err != nil {
		return err
	}
	if err := w.partitions.ensure(ctx, "call_raw", map[month]struct{}{now: {}, now + 1: {}}); err != nil {
		return err
	}
	for _, p := range w.legs {
		w.encoder.meet(p.leg)
	}
	return w.learn(ctx)
}

// learn gives numbers to the words that have none.
func (w *write) learn(ctx context.Context) error {
	if len(w.encoder.missing) == 0 {
		return nil
	}
	err := w.words.learn(ctx, w.encoder.missing)
	w.encoder.forget()
	return err
}

// sort takes a row apart. One that was read, but into a leg that cannot be kept,
// is as faulty as one that could not be read.
func (w *write) sort(r *calllog.Row) {
	fault := r.Fault
	for i := range r.Legs {
		if wrong := unfit(&r.Legs[i]); wrong != nil && fault == nil {
			fault = wrong
		}
	}
	if fault != nil {
		w.faults = append(w.faults, faultRow{line: r.Line, raw: r.Raw, fault: *fault})
		return
	}
	for i := range r.Legs {
		w.legs = append(w.legs, placed{leg: &r.Legs[i], line: r.Line})
	}
	for i := range r.Supplements {
		w.supplements = append(w.supplements, suppliedRow{&r.Supplements[i], r.Line})
	}
	if len(r.Raw) > 0 && len(r.Legs)+len(r.Supplements) > 0 {
		w.addRaw(r)
	}
}

func unfit(l *calllog.Leg) *calllog.Fault {
	disposition, known := code(dispositions(), l.Disposition)
	switch {
	case l.Record == "":
		return &calllog.Fault{Column: "record", Reason: "the record has no key of its own, so it could not be told from another"}
	case l.Started.IsZero():
		return &calllog.Fault{Column: "started", Reason: "the record does not say when the call started"}
	case l.Started.Year() < 1970 || l.Started.Year() > 2200:
		return &calllog.Fault{Column: "started", Value: l.Started.Format(time.RFC3339), Reason: "no call started then"}
	case outOfBounds(l):
		return &calllog.Fault{Reason: "a duration or a count is below zero or beyond what any call has"}
	case !known || disposition == 0:
		return &calllog.Fault{Column: "disposition", Value: string(l.Disposition), Reason: "not one of the log's dispositions"}
	}
	return nil
}

// longest is what a call may last, by far; it fits the columns.
const longest = 24 * 24 * time.Hour

func outOfBounds(l *calllog.Leg) bool {
	for _, d := range []time.Duration{l.Wait, l.Ring, l.Talk, l.Hold, l.WrapUp, l.Quality.Jitter * 1000} {
		if d < 0 || d > longest {
			return true
		}
	}
	for _, n := range []int{l.Transfers, l.Quality.MOS} {
		if n < 0 || n > math.MaxInt16 {
			return true
		}
	}
	for _, n := range []int{l.Quality.Lost, l.Quality.Packets} {
		if n < 0 || n > math.MaxInt32 {
			return true
		}
	}
	return false
}

func (w *write) encode(legs []placed) {
	w.encoder.begin()
	for i := range legs {
		p := &legs[i]
		p.hash = w.encoder.leg(p.leg, p.line)
	}
	w.encoder.end()
}

// keep is the transaction.
func (w *write) keep(ctx context.Context, tx pgx.Tx, b *calllog.Batch) error {
	if err := w.advance(ctx, tx, b); err != nil {
		return err
	}
	return w.keepAll(ctx, tx)
}

// keepAll writes what the rows hold and closes the write.
func (w *write) keepAll(ctx context.Context, tx pgx.Tx) error {
	for _, p := range w.legs {
		if p.leg.System != w.system {
			return fmt.Errorf("record %s is of system %q in an ingest of %q: %w", p.leg.Record, p.leg.System, w.system, dualtone.ErrInvalid)
		}
	}
	w.encoder.batch = w.batch
	if err := w.keepLegs(ctx, tx); err != nil {
		return err
	}
	w.written.Same = w.given - w.written.New - w.written.Changed // before supplements change legs that nobody gave
	if err := w.supply(ctx, tx); err != nil {
		return fmt.Errorf("supplements: %w", err)
	}
	return w.close(ctx, tx)
}

// keepLegs writes the legs run by run: in a run no leg is there twice, so each
// version of one that the batch holds more than once is kept.
func (w *write) keepLegs(ctx context.Context, tx pgx.Tx) error {
	mover, err := w.isMover(ctx, tx)
	if err != nil {
		return err
	}
	w.given = int64(len(w.legs))
	w.legs = slices.DeleteFunc(w.legs, func(p placed) bool { return p.leg.Started.Before(w.legsFrom) })
	for i, run := range runs(w.legs) {
		if err := w.keepRun(ctx, tx, i, run, mover); err != nil {
			return fmt.Errorf("legs: %w", err)
		}
	}
	return nil
}

// keepRun goes the shortest way that the run allows: legs that are all new are
// copied into their place at once, those that are there as they are need not be
// sent, and only what is left is compared by the database.
func (w *write) keepRun(ctx context.Context, tx pgx.Tx, n int, run []placed, mover bool) error {
	first := n == 0 && !mover
	if first && !w.again {
		met, err := w.someHeld(ctx, tx, run)
		if err != nil {
			return err
		}
		if !met {
			if done, err := w.copyFresh(ctx, tx, run); done || err != nil {
				return err
			}
		}
	}
	w.encode(run)
	if first {
		left, err := w.dropHeld(ctx, tx, run)
		if err != nil || len(left) == 0 {
			return err
		}
		if len(left) < len(run) {
			run = left
			w.encode(run)
		}
	}
	if err := w.copyStage(ctx, tx, n); err != nil {
		return err
	}
	return w.apply(ctx, tx, int64(len(run)), mover)
}

// runs puts the first version of each leg into the first run, the second into
// the second, and so on.
func runs(legs []placed) [][]placed {
	seen := make(map[string]int, len(legs))
	first := make([]placed, 0, len(legs))
	all := [][]placed{first}
	for _, p := range legs {
		n := seen[p.leg.Record]
		seen[p.leg.Record] = n + 1
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], p)
	}
	if len(legs) == 0 {
		return nil
	}
	return all
}

// copyStage fills the stage with a run.
func (w *write) copyStage(ctx context.Context, tx pgx.Tx, run int) error {
	if _, err := tx.Exec(ctx, `CREATE TEMP TABLE IF NOT EXISTS call_stage ON COMMIT DELETE ROWS AS SELECT `+
		list("", stagedColumns())+` FROM call_legs WITH NO DATA`); err != nil {
		return err
	}
	if run > 0 {
		if _, err := tx.Exec(ctx, `TRUNCATE call_stage`); err != nil {
			return err
		}
	}
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(w.encoder.buf),
		`COPY call_stage (`+list("", stagedColumns())+`) FROM STDIN (FORMAT binary)`)
	return err
}
