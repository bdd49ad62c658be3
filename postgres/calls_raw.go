package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Rows as received are kept in chunks, which compress five times better than
// single rows and still open quickly.

// rawRows is how many rows a chunk holds.
const rawRows = 500

// rawChunk is a run of rows: each as its line, its length and its bytes.
type rawChunk struct {
	first, last int64
	rows        int
	data        []byte
}

func (w *write) addRaw(r *calllog.Row) {
	if n := len(w.raw); n == 0 || w.raw[n-1].rows == rawRows {
		w.raw = append(w.raw, rawChunk{first: r.Line})
	}
	c := &w.raw[len(w.raw)-1]
	c.last = max(c.last, r.Line)
	c.add(r.Line, r.Raw)
}

func (c *rawChunk) add(line int64, raw []byte) {
	c.rows++
	c.data = binary.AppendVarint(c.data, line)
	c.data = binary.AppendUvarint(c.data, uint64(len(raw)))
	c.data = append(c.data, raw...)
}

// each reads the rows of an opened chunk.
func (c *rawChunk) each(do func(line int64, raw []byte)) error {
	rest := c.data
	for len(rest) > 0 {
		line, n := binary.Varint(rest)
		if n <= 0 {
			return errBrokenChunk()
		}
		size, m := binary.Uvarint(rest[n:])
		if m <= 0 || size > uint64(len(rest)-n-m) { //nolint:gosec // not below zero
			return errBrokenChunk()
		}
		rest = rest[n+m:]
		do(line, rest[:size])
		rest = rest[size:]
	}
	return nil
}

func errBrokenChunk() error {
	return fmt.Errorf("rows as received: chunk not readable: %w", dualtone.ErrInvalid)
}

func newCompressor() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
}

func compress(data []byte) ([]byte, error) {
	z, err := newCompressor()
	if err != nil {
		return nil, err
	}
	defer func() { _ = z.Close() }() // it writes nowhere
	return z.EncodeAll(data, nil), nil
}

// largestChunk bounds what a chunk may open to.
const largestChunk = 256 << 20

func decompress(data []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(largestChunk))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.DecodeAll(data, nil)
}

// packRaw compresses the chunks of a write.
func (w *write) packRaw() ([][]byte, error) {
	z, err := newCompressor()
	if err != nil {
		return nil, err
	}
	defer func() { _ = z.Close() }() // it writes nowhere
	data := make([][]byte, len(w.raw))
	for i, c := range w.raw {
		data[i] = z.EncodeAll(c.data, nil)
	}
	return data, nil
}

// keepRaw writes the chunks of a write that changed something.
func (w *write) keepRaw(ctx context.Context, tx pgx.Tx) error {
	data, err := w.packed()
	if err != nil {
		return err
	}
	first, last, rows := make([]int64, len(w.raw)), make([]int64, len(w.raw)), make([]int32, len(w.raw))
	for i, c := range w.raw {
		first[i], last[i], rows[i] = c.first, c.last, int32(c.rows) //nolint:gosec // at most rawRows
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO call_raw (batch_id, first_line, last_line, rows, data)
		SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::integer[], $5::bytea[])`, w.batch, first, last, rows, data)
	return err
}

// Raw returns the row that a version was read from, as received.
func (c *Calls) Raw(ctx context.Context, k calllog.Kept) ([]byte, error) {
	noun := fmt.Sprintf("row %d of ingest %s", k.Line, k.Ingest)
	var raw []byte
	err := again(ctx, noun, func() error {
		found, err := c.pool.Query(ctx, `SELECT data FROM call_raw WHERE batch_id = $1 AND $2 BETWEEN first_line AND last_line`, k.Batch, k.Line)
		if err != nil {
			return err
		}
		chunks, err := pgx.CollectRows(found, pgx.RowTo[[]byte])
		if err != nil {
			return err
		}
		for _, packed := range chunks {
			data, err := decompress(packed)
			if err != nil {
				return err
			}
			chunk := rawChunk{data: data}
			if err := chunk.each(func(line int64, r []byte) {
				if line == k.Line {
					raw = slices.Clone(r)
				}
			}); err != nil {
				return err
			}
		}
		if len(raw) == 0 {
			return fmt.Errorf("its retention is over, or it was erased: %w", dualtone.ErrNotFound)
		}
		return nil
	})
	return raw, err
}

// faultRow is a row on its way into quarantine.
type faultRow struct {
	line  int64
	raw   []byte
	fault calllog.Fault
}

// quarantine keeps the rows that could not be read; the same row of a system is
// there once, whatever became of it.
func (w *write) quarantine(ctx context.Context, tx pgx.Tx) error {
	id, known := w.words.known(systemWord, w.system)
	if !known {
		if err := w.words.learn(ctx, map[word]struct{}{{systemWord, w.system}: {}}); err != nil {
			return err
		}
		id, _ = w.words.known(systemWord, w.system)
	}
	if err := w.readAtLast(ctx, tx, id); err != nil {
		return err
	}
	for _, f := range w.faults {
		sum := sha256.Sum256(f.raw)
		tag, err := tx.Exec(ctx, `
			INSERT INTO call_quarantine (system_id, ingest, line, raw, raw_hash, "column", value, reason, cut)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			id, w.ingest, f.line, f.raw, rowHash(sum[:16]), printable(f.fault.Column), printable(f.fault.Value),
			printable(f.fault.Reason), f.fault.Cut)
		if err != nil {
			return err
		}
		w.written.Quarantined += tag.RowsAffected()
	}
	return nil
}

// readAtLast closes rows that wait in quarantine and could be read now that their
// source is read again, as after a zone was set right.
func (w *write) readAtLast(ctx context.Context, tx pgx.Tx, system int32) error {
	if !w.again || len(w.raw) == 0 {
		return nil
	}
	var hashes []rowHash
	for i := range w.raw {
		err := w.raw[i].each(func(_ int64, raw []byte) {
			sum := sha256.Sum256(raw)
			hashes = append(hashes, rowHash(sum[:16]))
		})
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		UPDATE call_quarantine SET state = 'released', "when" = now(), why = 'its source was read again'
		WHERE system_id = $1 AND raw_hash = ANY($2) AND state = 'waiting'`, system, hashes)
	return err
}
