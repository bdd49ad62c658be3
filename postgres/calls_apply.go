package postgres

import (
	"context"

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

// probe looks for a few of the stage's legs: where some are there already, it
// pays to take out first what says nothing new.
const probe = `
SELECT count(*) FROM (SELECT started_at, system_id, record_id FROM call_stage LIMIT 64) s
JOIN call_legs l ON ` + sameLeg

const dropSame = `DELETE FROM call_stage s USING call_legs l WHERE ` + sameLeg + ` AND l.row_hash = s.row_hash`

// insertNew leaves alone what is there, be it since this very moment.
func insertNew() string {
	return `
		INSERT INTO call_legs (` + list("", stagedColumns()) + `, version, batch_id)
		SELECT ` + list("", stagedColumns()) + `, coalesce(version, 1), $1 FROM call_stage
		ON CONFLICT DO NOTHING`
}

// supersede puts newer versions in the place of older ones, which go to the
// history. One that the history holds already was superseded before: an old file
// that is read again takes nothing back.
func supersede() string {
	return `
WITH old AS MATERIALIZED (
	SELECT ` + list("l", keptColumns()) + ` FROM call_stage s JOIN call_legs l ON ` + sameLeg + `
	WHERE l.row_hash <> s.row_hash AND NOT EXISTS (
		SELECT FROM call_legs_history h
		WHERE h.system_id = s.system_id AND h.record_id = s.record_id AND h.row_hash = s.row_hash)
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

// changingColumns are the staged columns that are no part of a leg's key.
func changingColumns() []string {
	var all []string
	for _, c := range stagedColumns() {
		if c != "started_at" && c != "system_id" && c != "record_id" {
			all = append(all, c)
		}
	}
	return all
}

// apply brings the staged legs into the log.
func (w *write) apply(ctx context.Context, tx pgx.Tx, staged int64) error {
	mover, err := w.isMover(ctx, tx)
	if err != nil {
		return err
	}
	if mover {
		dropped, err := w.move(ctx, tx)
		if err != nil {
			return err
		}
		staged -= dropped
	}
	var held int64
	if err := tx.QueryRow(ctx, probe).Scan(&held); err != nil {
		return err
	}
	if held > 0 {
		tag, err := tx.Exec(ctx, dropSame)
		if err != nil {
			return err
		}
		staged -= tag.RowsAffected()
	}
	if staged > 0 {
		if staged, err = w.insert(ctx, tx, staged); err != nil {
			return err
		}
	}
	if staged > 0 {
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
	tag, err := tx.Exec(ctx, insertNew(), w.batch)
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

// dropPast takes out what was superseded before.
const dropPast = `
DELETE FROM call_stage s USING call_legs_history h
WHERE h.system_id = s.system_id AND h.record_id = s.record_id AND h.row_hash = s.row_hash`

// moveAway takes legs from where they started before.
func moveAway() string {
	return `
		WITH gone AS (
			DELETE FROM call_legs l USING call_stage s, call_places p
			WHERE p.system_id = s.system_id AND p.record_id = s.record_id AND p.started_at <> s.started_at
				AND l.started_at = p.started_at AND l.system_id = p.system_id AND l.record_id = p.record_id
			RETURNING ` + list("l", keptColumns()) + `
		), past AS (
			INSERT INTO call_legs_history (` + list("", keptColumns()) + `, until_batch)
			SELECT ` + list("", keptColumns()) + `, $1 FROM gone
		)
		UPDATE call_stage s SET version = gone.version + 1 FROM gone
		WHERE gone.system_id = s.system_id AND gone.record_id = s.record_id`
}

const keepPlaces = `
INSERT INTO call_places (system_id, record_id, started_at)
SELECT system_id, record_id, started_at FROM call_stage
ON CONFLICT (system_id, record_id) DO UPDATE SET started_at = excluded.started_at
WHERE call_places.started_at <> excluded.started_at`

// move takes legs whose start is another now from where they were, and returns
// how many of the staged ones were superseded before.
func (w *write) move(ctx context.Context, tx pgx.Tx) (int64, error) {
	dropped, err := tx.Exec(ctx, dropPast)
	if err != nil {
		return 0, err
	}
	moved, err := tx.Exec(ctx, moveAway(), w.batch)
	if err != nil {
		return 0, err
	}
	w.changes.others += moved.RowsAffected()
	w.written.New -= moved.RowsAffected() // they are put in, but are not new
	w.written.Changed += moved.RowsAffected()
	_, err = tx.Exec(ctx, keepPlaces)
	return dropped.RowsAffected(), err
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
