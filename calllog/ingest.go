package calllog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/dualtone/dualtone"
)

// Placed reads rows and knows where in their source it is.
type Placed interface {
	Reader
	// At returns the place after the row that was given last.
	At() Position
}

// Ingester brings rows from their source into the store, a batch at a time: the
// next batch is read while one is written.
type Ingester struct {
	Store   Store
	Settler Settler // may be nil
	// Again reads from the beginning what was read before: the settings by which it
	// was read were wrong.
	Again bool
	// BatchRows is how many rows are written at once; 20,000 when it is 0.
	BatchRows int
	// Told hears after each batch how far it has come, and what the batch added; it
	// may be nil.
	Told func(in Ingest, added Written)
}

const (
	usualBatch = 20_000
	// settleEvery is how often reports are told of what is written meanwhile.
	settleEvery = 5 * time.Second
)

// Ingest reads on to the end of the rows. It returns where it stopped, whatever
// the error: what was written until then is kept, and reading goes on from
// there. An error of the rows comes after everything before it was written.
func (i *Ingester) Ingest(ctx context.Context, from Ingest, rows Placed) (Ingest, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full, empty := make(chan *batch), make(chan *batch, 2)
	empty <- newBatch()
	empty <- newBatch()
	reading := make(chan error, 1)
	go func() {
		defer close(full)
		reading <- i.read(ctx, rows, full, empty)
	}()
	settled := time.Now()
	for b := range full {
		batch := b.batch(from.At)
		batch.Again = i.Again
		written, err := i.Store.Write(ctx, from.ID, batch)
		if err != nil {
			cancel()
			return from, errors.Join(err, drained(full, reading))
		}
		from.At, from.Finished = b.to, false
		from.Total.Add(written)
		if i.Told != nil {
			i.Told(from, written)
		}
		empty <- b
		if time.Since(settled) > settleEvery {
			if err := i.Settle(ctx); err != nil {
				cancel()
				return from, errors.Join(err, drained(full, reading))
			}
			settled = time.Now()
		}
	}
	return from, <-reading
}

// drained waits for a reader that was told to stop. That it was told is no error.
func drained(full <-chan *batch, reading <-chan error) error {
	for range full {
		continue // it is read again
	}
	if err := <-reading; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Settle makes what was written part of reports.
func (i *Ingester) Settle(ctx context.Context) error {
	if i.Settler == nil {
		return nil
	}
	_, err := i.Settler.Settle(ctx)
	return err
}

// Rewind makes an ingest begin at its source's beginning again.
func (i *Ingester) Rewind(ctx context.Context, in Ingest) (Ingest, error) {
	if in.At == (Position{}) {
		return in, nil
	}
	if _, err := i.Store.Write(ctx, in.ID, Batch{From: in.At}); err != nil {
		return in, fmt.Errorf("rewind: %w", err)
	}
	in.At = Position{}
	return in, nil
}

// read fills batches until the rows end.
func (i *Ingester) read(ctx context.Context, rows Placed, full chan<- *batch, empty <-chan *batch) error {
	most := i.BatchRows
	if most == 0 {
		most = usualBatch
	}
	b, err := next(ctx, empty)
	if err != nil {
		return err
	}
	hand := func() error {
		b.to = rows.At()
		select {
		case full <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		b, err = next(ctx, empty)
		return err
	}
	for row, err := range rows.Rows() {
		if err != nil {
			if len(b.rows) > 0 {
				return errors.Join(err, hand())
			}
			return err
		}
		if b.add(row); len(b.rows) == most || len(b.raw) > mostRaw {
			if err := hand(); err != nil {
				return err
			}
		}
	}
	if len(b.rows) > 0 {
		return hand()
	}
	return nil
}

func next(ctx context.Context, empty <-chan *batch) (*batch, error) {
	select {
	case b := <-empty:
		b.reset()
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mostRaw bounds a batch of long rows.
const mostRaw = 32 << 20

// batch keeps rows whose reader uses their memory again. Its own is used again
// too, so that an import of any length needs no more than two of them.
type batch struct {
	rows        []Row
	ends        []ends
	raw         []byte
	legs        []Leg
	supplements []Supplement
	to          Position
}

// ends are where a row's parts end in the batch's memory.
type ends struct{ raw, legs, supplements int }

func newBatch() *batch { return &batch{} }

func (b *batch) reset() {
	b.rows, b.ends, b.raw = b.rows[:0], b.ends[:0], b.raw[:0]
	clear(b.legs)
	clear(b.supplements)
	b.legs, b.supplements = b.legs[:0], b.supplements[:0]
}

func (b *batch) add(row Row) {
	b.raw = append(b.raw, row.Raw...)
	b.legs = append(b.legs, row.Legs...)
	b.supplements = append(b.supplements, row.Supplements...)
	b.ends = append(b.ends, ends{len(b.raw), len(b.legs), len(b.supplements)})
	b.rows = append(b.rows, row)
}

// batch gives the rows their parts, once the memory does not move any more.
func (b *batch) batch(from Position) Batch {
	var at ends
	for n, end := range b.ends {
		row := &b.rows[n]
		row.Raw = b.raw[at.raw:end.raw:end.raw]
		row.Legs = b.legs[at.legs:end.legs:end.legs]
		row.Supplements = b.supplements[at.supplements:end.supplements:end.supplements]
		at = end
	}
	return Batch{From: from, To: b.to, Rows: b.rows}
}

// RecordsOf makes rows of a connector's records: read parses one, and its place
// is the record's cursor.
func RecordsOf(records iter.Seq2[dualtone.Record, error], from dualtone.Cursor, read func([]byte) (Row, error)) Placed {
	return &recordRows{records: records, at: from, read: read}
}

type recordRows struct {
	records iter.Seq2[dualtone.Record, error]
	read    func([]byte) (Row, error)
	at      dualtone.Cursor
	n       int64
}

// At is the cursor after the record that was given last.
func (r *recordRows) At() Position { return Position{Cursor: r.at} }

// Rows reads the records to their end.
func (r *recordRows) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for record, err := range r.records {
			if err != nil {
				yield(Row{}, err)
				return
			}
			row, err := r.read(record.Raw)
			r.at = record.Next
			r.n++
			row.Line = r.n
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}
