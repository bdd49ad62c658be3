package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// changes says what a write did to the log.
type changes struct {
	// fresh counts legs that were put in as they were encoded.
	fresh int64
	// others counts legs that were changed, moved or supplied.
	others int64
}

const sameLeg = `l.started_at = s.started_at AND l.system_id = s.system_id AND l.record_id = s.record_id`

// samples is how many legs of a run are looked for before it is decided which
// way it goes.
const samples = 32

// someHeld reports whether any of a run's legs may be in the log.
func (w *write) someHeld(ctx context.Context, tx pgx.Tx, run []placed) (bool, error) {
	system, _ := w.words.known(systemWord, w.system)
	var starts []time.Time
	var records []string
	for i := 0; i < len(run); i += max(1, len(run)/samples) {
		starts, records = append(starts, stored(run[i].leg.Started)), append(records, run[i].leg.Record)
	}
	var some bool
	// One look through the key for each: left to choose, the planner may read the
	// whole of a table that it has no statistics of yet.
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM unnest($2::timestamptz[], $3::text[]) AS s (started_at, record_id), LATERAL (
			SELECT FROM call_legs l WHERE l.started_at = s.started_at AND l.system_id = $1 AND l.record_id = s.record_id LIMIT 1) l)`,
		system, starts, records).Scan(&some)
	return some, err
}

// dropHeld leaves out the legs that the log holds just so.
func (w *write) dropHeld(ctx context.Context, tx pgx.Tx, run []placed) ([]placed, error) {
	system, _ := w.words.known(systemWord, w.system)
	// In a file in order, what lies between the first and the last start is little
	// more than the file's own.
	found, err := tx.Query(ctx, `
		SELECT record_id, row_hash FROM call_legs WHERE system_id = $1 AND started_at BETWEEN $2 AND $3 LIMIT $4`,
		system, stored(w.first), stored(w.last), 4*len(run))
	if err != nil {
		return run, err
	}
	held := make(map[string]rowHash, len(run))
	var record string
	var hash rowHash
	if _, err := pgx.ForEachRow(found, []any{&record, (*[16]byte)(&hash)}, func() error {
		held[record] = hash
		return nil
	}); err != nil {
		return run, err
	}
	left := make([]placed, 0, len(run)) // the run itself stays whole, in case the write is tried again
	for _, p := range run {
		if h, there := held[p.leg.Record]; !there || h != p.hash {
			left = append(left, p)
		}
	}
	return left, nil
}

// copyFresh puts a run into its place. It takes itself back, and reports that
// nothing was done, when one of the legs is there already.
func (w *write) copyFresh(ctx context.Context, tx pgx.Tx, run []placed) (bool, error) {
	go func() { _, _ = w.packed() }() // meanwhile: the rows as received wait for nobody
	legs := w.stream(run)
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Conn().PgConn().CopyFrom(ctx, legs, `COPY call_legs (`+list("", stagedColumns())+`) FROM STDIN (FORMAT binary)`)
		return err
	})
	switch {
	case violates(err, uniqueViolation):
		return false, nil
	case err != nil:
		return false, err
	}
	w.fresh = &legs.accounted
	w.written.New += int64(len(run))
	w.changes.fresh += int64(len(run))
	return true, nil
}

const dropSame = `DELETE FROM call_stage s USING call_legs l WHERE ` + sameLeg + ` AND l.row_hash = s.row_hash`

// insertNew leaves alone what is there, be it since this very moment.
func insertNew() string {
	return `
		INSERT INTO call_legs (` + list("", stagedColumns()) + `)
		SELECT ` + list("", stagedColumns()) + ` FROM call_stage
		ON CONFLICT DO NOTHING`
}

// dropOld leaves out what was superseded before: an old file that is read again takes
// nothing back. What stands in the source of what is in force, after it, is no old
// copy but a correction back; and so is the same line as settings read it again. held
// says where what is in force is.
func dropOld(held string) string {
	return `
WITH old AS MATERIALIZED (
	SELECT s.started_at, s.system_id, s.record_id, l.row_hash, l.batch_id, l.source_line
	FROM call_stage s JOIN ` + held + `
	WHERE l.row_hash <> s.row_hash AND EXISTS (
		SELECT FROM call_legs_history h
		WHERE h.system_id = s.system_id AND h.record_id = s.record_id AND h.row_hash = s.row_hash)
)
DELETE FROM call_stage s USING old
WHERE s.started_at = old.started_at AND s.system_id = old.system_id AND s.record_id = old.record_id
	AND s.source_line < coalesce((
		SELECT max(v.source_line) FROM (
			SELECT old.batch_id, old.source_line
			UNION ALL
			SELECT h.batch_id, h.source_line FROM call_legs_history h
			WHERE h.system_id = old.system_id AND h.record_id = old.record_id AND h.row_hash = old.row_hash
		) v JOIN call_batches b ON b.id = v.batch_id WHERE b.ingest = $1) + $2, s.source_line + 1)`
}

const (
	heldInPlace   = `call_legs l ON ` + sameLeg
	heldElsewhere = `call_places p ON p.system_id = s.system_id AND p.record_id = s.record_id
	JOIN call_legs l ON l.started_at = p.started_at AND l.system_id = p.system_id AND l.record_id = p.record_id`
)

// dropOld takes old ones out of the stage. A connector's records are counted anew in
// each reading, so their lines tell no order.
func (w *write) dropOld(ctx context.Context, tx pgx.Tx, held string) (dropped int64, err error) {
	ingest, after := w.ingest, 1
	if w.kind == calllog.Records {
		ingest = ""
	}
	if w.again {
		after = 0
	}
	tag, err := tx.Exec(ctx, dropOld(held), ingest, after)
	return tag.RowsAffected(), err
}

// supersede puts newer versions in the place of older ones, which go to the history.
func supersede() string {
	return `
WITH old AS MATERIALIZED (
	SELECT ` + list("l", keptColumns()) + ` FROM call_stage s JOIN call_legs l ON ` + sameLeg + `
	WHERE l.row_hash <> s.row_hash
	FOR UPDATE OF l
), past AS (
	INSERT INTO call_legs_history (` + list("", keptColumns()) + `, until_batch)
	SELECT ` + list("", keptColumns()) + `, $1 FROM old
)
UPDATE call_legs l
SET ` + assign("s", changingColumns()) + `, batch_id = $1, version = old.version + 1, base = NULL
FROM call_stage s, old
WHERE ` + sameLeg + ` AND old.started_at = s.started_at AND old.system_id = s.system_id AND old.record_id = s.record_id`
}

// changingColumns are the staged columns that a newer version brings.
func changingColumns() []string {
	var all []string
	for _, c := range stagedColumns() {
		switch c {
		case "started_at", "system_id", "record_id", "batch_id", "version":
		default:
			all = append(all, c)
		}
	}
	return all
}

// apply brings the staged legs into the log.
func (w *write) apply(ctx context.Context, tx pgx.Tx, staged int64, mover bool) error {
	if mover {
		dropped, err := w.move(ctx, tx)
		if err != nil {
			return err
		}
		staged -= dropped
	} else if w.again {
		if err := w.moveNear(ctx, tx); err != nil {
			return err
		}
	}
	tag, err := tx.Exec(ctx, dropSame)
	if err != nil {
		return err
	}
	staged -= tag.RowsAffected()
	if staged > 0 {
		if staged, err = w.insert(ctx, tx, staged); err != nil {
			return err
		}
	}
	if staged > 0 {
		if !mover { // whose old ones are out already
			if _, err := w.dropOld(ctx, tx, heldInPlace); err != nil {
				return err
			}
		}
		tag, err := tx.Exec(ctx, supersede(), w.batch)
		if err != nil {
			return err
		}
		w.written.Changed += tag.RowsAffected()
		w.changes.others += tag.RowsAffected()
	}
	return nil
}

// insert returns how many of the staged legs are there already.
func (w *write) insert(ctx context.Context, tx pgx.Tx, staged int64) (int64, error) {
	tag, err := tx.Exec(ctx, insertNew())
	if err != nil {
		return 0, err
	}
	n := tag.RowsAffected()
	w.written.New += n
	w.changes.fresh += n
	return staged - n, nil
}

// isMover reports whether corrections of the system may change when a leg
// started. Writers of such a system take turns.
func (w *write) isMover(ctx context.Context, tx pgx.Tx) (bool, error) {
	id, known := w.words.known(systemWord, w.system)
	if !known || id == 0 {
		return false, nil
	}
	var mover bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM call_movers WHERE system_id = $1)`, id).Scan(&mover)
	if err != nil || !mover {
		return false, err
	}
	_, err = tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('dualtone mover'), $1)`, id)
	return true, err
}

// moveAway takes legs from where they started before; found says where that is.
func moveAway(found string) string {
	return `
		WITH gone AS (
			DELETE FROM call_legs l USING call_stage s` + found + `
			RETURNING ` + list("l", keptColumns()) + `
		), past AS (
			INSERT INTO call_legs_history (` + list("", keptColumns()) + `, until_batch)
			SELECT ` + list("", keptColumns()) + `, $1 FROM gone
		)
		UPDATE call_stage s SET version = gone.version + 1 FROM gone
		WHERE gone.system_id = s.system_id AND gone.record_id = s.record_id`
}

const (
	moveFromPlace = `, call_places p
			WHERE p.system_id = s.system_id AND p.record_id = s.record_id AND p.started_at <> s.started_at
				AND l.started_at = p.started_at AND l.system_id = p.system_id AND l.record_id = p.record_id`
	moveFromNear = `
			WHERE l.system_id = $2 AND l.started_at BETWEEN $3 AND $4 AND l.record_id = s.record_id AND l.started_at <> s.started_at`
)

const keepPlaces = `
INSERT INTO call_places (system_id, record_id, started_at)
SELECT system_id, record_id, started_at FROM call_stage
ON CONFLICT (system_id, record_id) DO UPDATE SET started_at = excluded.started_at
WHERE call_places.started_at <> excluded.started_at`

// move takes legs whose start is another now from where they were, and returns
// how many of the staged ones were superseded before.
func (w *write) move(ctx context.Context, tx pgx.Tx) (int64, error) {
	dropped, err := w.dropOld(ctx, tx, heldElsewhere)
	if err != nil {
		return 0, err
	}
	moved, err := tx.Exec(ctx, moveAway(moveFromPlace), w.batch)
	if err != nil {
		return 0, err
	}
	w.moved(moved.RowsAffected())
	_, err = tx.Exec(ctx, keepPlaces)
	return dropped, err
}

// zonesApart is how far apart two zones are at most.
const zonesApart = 26 * time.Hour

// moveNear takes legs that were read in another zone from where they were put then.
func (w *write) moveNear(ctx context.Context, tx pgx.Tx) error {
	system, _ := w.words.known(systemWord, w.system)
	moved, err := tx.Exec(ctx, moveAway(moveFromNear), w.batch, system, stored(w.first.Add(-zonesApart)), stored(w.last.Add(zonesApart)))
	w.moved(moved.RowsAffected())
	return err
}

// moved counts legs that are put in elsewhere, and are not new.
func (w *write) moved(legs int64) {
	w.changes.others += legs
	w.written.New -= legs
	w.written.Changed += legs
}

// becomeMover notes that a system's records may move, and where its legs are
// now.
func (c *Calls) becomeMover(ctx context.Context, source calllog.Source) error {
	if err := c.words.learn(ctx, map[word]struct{}{{systemWord, source.System}: {}}); err != nil {
		return err
	}
	id, _ := c.words.known(systemWord, source.System)
	return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('dualtone mover'), $1)`, id); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO call_movers (system_id) VALUES ($1) ON CONFLICT DO NOTHING`, id)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO call_places (system_id, record_id, started_at)
			SELECT system_id, record_id, max(started_at) FROM call_legs WHERE system_id = $1 GROUP BY 1, 2`, id)
		return err
	})
}
