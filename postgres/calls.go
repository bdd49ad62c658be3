package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Calls keeps the call log. It may be used by many at once, and by many
// processes.
type Calls struct {
	pool       *pgxpool.Pool
	words      *words
	partitions *partitions
}

// NewCalls returns the call log of a database.
func NewCalls(pool *pgxpool.Pool) *Calls {
	return &Calls{pool: pool, words: newWords(pool), partitions: newPartitions(pool)}
}

// ingestID is made from the source, so that whoever opens it finds the same.
func ingestID(s calllog.Source) calllog.IngestID {
	sum := sha256.Sum256([]byte(s.System + "\x00" + string(s.Kind) + "\x00" + s.Key))
	return calllog.IngestID(hex.EncodeToString(sum[:8]))
}

type ingestRow struct {
	ID          calllog.IngestID
	System      string
	Kind        calllog.SourceKind
	Key         string
	Name        string
	Format      string
	Position    calllog.Position
	Finished    bool
	Rows        int64
	New         int64
	Changed     int64
	Same        int64
	Supplements int64
	Quarantined int64
	Began       time.Time
	Touched     time.Time
}

const ingestColumns = `id, system, kind, key, name, format, position, finished,
	rows, new, changed, same, supplements, quarantined, began, touched`

func (r ingestRow) ingest() calllog.Ingest {
	return calllog.Ingest{
		ID:     r.ID,
		Source: calllog.Source{System: r.System, Kind: r.Kind, Key: r.Key, Name: r.Name, Format: r.Format},
		At:     r.Position,
		Total: calllog.Written{
			Rows: r.Rows, New: r.New, Changed: r.Changed, Same: r.Same, Supplements: r.Supplements, Quarantined: r.Quarantined,
		},
		Finished: r.Finished,
	}
}

// Begin opens the ingest of a source. What it is called now replaces what it
// was called before.
func (c *Calls) Begin(ctx context.Context, source calllog.Source) (calllog.Ingest, error) {
	noun := "ingest of " + source.Name
	if source.System == "" || source.Key == "" {
		return calllog.Ingest{}, fmt.Errorf("%s: a source needs a system and a key: %w", noun, dualtone.ErrInvalid)
	}
	if source.Moves {
		if err := again(ctx, noun, func() error { return c.becomeMover(ctx, source) }); err != nil {
			return calllog.Ingest{}, err
		}
	}
	var held ingestRow
	err := again(ctx, noun, func() (err error) {
		held, err = row[ingestRow](ctx, c.pool, `
			INSERT INTO call_ingests (id, system, kind, key, name, format, position)
			VALUES ($1, $2, $3, $4, $5, $6, '{}')
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, touched = now()
			RETURNING `+ingestColumns,
			ingestID(source), source.System, source.Kind, source.Key, source.Name, source.Format)
		return err
	})
	return held.ingest(), err
}

// Finish says that the source holds nothing more.
func (c *Calls) Finish(ctx context.Context, id calllog.IngestID) error {
	noun := "ingest " + string(id)
	return again(ctx, noun, func() error {
		tag, err := c.pool.Exec(ctx, `UPDATE call_ingests SET finished = true, touched = now() WHERE id = $1`, id)
		if err == nil && tag.RowsAffected() == 0 {
			return dualtone.ErrNotFound
		}
		return err
	})
}

// advance moves the ingest from one position to another and opens the write
// that does.
const advance = `
WITH moved AS (
	UPDATE call_ingests SET position = $3, finished = false, touched = now()
	WHERE id = $1 AND position = $2
	RETURNING id, system, kind
), batch AS (
	INSERT INTO call_batches (ingest) SELECT id FROM moved RETURNING id
)
SELECT batch.id, moved.system, moved.kind, (SELECT legs_from FROM call_knowledge) FROM batch, moved`

func (w *write) advance(ctx context.Context, tx pgx.Tx, b *calllog.Batch) error {
	from, err := json.Marshal(b.From)
	if err != nil {
		return err
	}
	to, err := json.Marshal(b.To)
	if err != nil {
		return err
	}
	err = tx.QueryRow(ctx, advance, w.ingest, string(from), string(to)).Scan(&w.batch, &w.system, &w.kind, &w.legsFrom)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("not at %s any more, or never begun: %w", from, dualtone.ErrConflict)
	}
	return err
}
