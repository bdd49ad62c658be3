package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/report"
)

type closingRow struct {
	Name    string
	From    time.Time
	To      time.Time
	Zone    string
	KnownAt time.Time
	Actor   string
	Reason  string
	At      time.Time
}

func (r closingRow) closing() report.Closing {
	return report.Closing{
		Name: r.Name, From: report.DateOf(r.From), To: report.DateOf(r.To), Zone: r.Zone,
		KnownAt: r.KnownAt.UTC(), Actor: r.Actor, Reason: r.Reason, At: r.At.UTC(),
	}
}

const closingColumns = `name, "from", "to", zone, known_at, actor, reason, at`

// Close closes a period as it is known now. It ends an epoch, so that the
// figures of the closing are read as quickly as those of today.
func (r *Rollups) Close(ctx context.Context, c report.Closing) (report.Closing, error) {
	noun := "closing " + c.Name
	if c.Name == "" || c.To.Before(c.From) {
		return c, fmt.Errorf("%s: want a name, and a first day that is not after the last: %w", noun, dualtone.ErrInvalid)
	}
	if _, err := r.Settle(ctx); err != nil {
		return c, err
	}
	var held closingRow
	err := again(ctx, noun, func() error {
		return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) (err error) {
			held, err = closeIn(ctx, tx, &c)
			return err
		})
	})
	if err != nil {
		return c, err
	}
	found := held.closing()
	if found.From != c.From || found.To != c.To || found.Zone != c.Zone {
		return found, fmt.Errorf("%s is of %s to %s in %s already: %w", noun, found.From, found.To, found.Zone, dualtone.ErrConflict)
	}
	return found, nil
}

// closeIn keeps a closing in a transaction, unless one of its name is kept already.
func closeIn(ctx context.Context, tx pgx.Tx, c *report.Closing) (closingRow, error) {
	head, err := lockKnowledge(ctx, tx)
	if err != nil {
		return closingRow{}, err
	}
	held, err := row[closingRow](ctx, tx, `SELECT `+closingColumns+` FROM report_closings WHERE name = $1`, c.Name)
	if err == nil || !errors.Is(err, pgx.ErrNoRows) {
		return held, err
	}
	held, err = row[closingRow](ctx, tx, `
		INSERT INTO report_closings (name, "from", "to", zone, known_at, actor, reason)
		VALUES ($1, $2::date, $3::date, $4, $5, $6, $7) RETURNING `+closingColumns,
		c.Name, c.From.String(), c.To.String(), c.Zone, head.at, c.Actor, c.Reason)
	if err != nil {
		return held, err
	}
	if _, err := beginEpoch(ctx, tx, head); err != nil {
		return held, err
	}
	e, err := changed("report.close", "closing/"+c.Name, nil, held.closing())
	if err != nil {
		return held, err
	}
	e.Actor, e.Reason = c.Actor, c.Reason
	return held, note(ctx, tx, e)
}

// Closings returns closed periods in the order of their names.
func (r *Rollups) Closings(ctx context.Context) ([]report.Closing, error) {
	var found []closingRow
	err := again(ctx, "closings", func() (err error) {
		found, err = rows[closingRow](ctx, r.pool, `SELECT `+closingColumns+` FROM report_closings ORDER BY name`)
		return err
	})
	all := make([]report.Closing, len(found))
	for i, c := range found {
		all[i] = c.closing()
	}
	return all, err
}

// versionRow is a version of a leg that a correction is about.
type versionRow struct {
	System      int32
	Record      string
	Started     time.Time
	Version     int
	Disposition int16
	Known       *time.Time
	Until       *time.Time
	Ingest      calllog.IngestID
	Line        int64
}

// selectCorrected selects all versions of the legs that some writes touched.
const selectCorrected = `
WITH b AS MATERIALIZED (
	SELECT id FROM call_batches
	WHERE known_at > $3 AND known_at <= $4 AND first_start < $2 AND last_start >= $1
), touched AS (
	SELECT system_id, record_id FROM call_legs
	WHERE started_at >= $1 AND started_at < $2 AND batch_id = ANY(ARRAY(SELECT id FROM b))
	UNION
	SELECT system_id, record_id FROM call_legs_history
	WHERE started_at >= $1 AND started_at < $2
		AND (batch_id = ANY(ARRAY(SELECT id FROM b)) OR until_batch = ANY(ARRAY(SELECT id FROM b)))
), v AS (
	SELECT l.system_id, l.record_id, l.started_at, l.version, l.disposition, l.batch_id, NULL::bigint AS until_batch, l.source_line
	FROM call_legs l JOIN touched USING (system_id, record_id) WHERE l.started_at >= $1 AND l.started_at < $2
	UNION ALL
	SELECT l.system_id, l.record_id, l.started_at, l.version, l.disposition, l.batch_id, l.until_batch, l.source_line
	FROM call_legs_history l JOIN touched USING (system_id, record_id) WHERE l.started_at >= $1 AND l.started_at < $2
)
SELECT v.system_id AS system, v.record_id AS record, v.started_at AS started, v.version, v.disposition,
	k.known_at AS known, u.known_at AS until, coalesce(k.ingest, '') AS ingest, v.source_line AS line
FROM v LEFT JOIN call_batches k ON k.id = v.batch_id LEFT JOIN call_batches u ON u.id = v.until_batch
ORDER BY v.system_id, v.record_id, v.version`

// Corrected lists legs that became known, or otherwise known, between two times
// of knowledge.
func (r *Rollups) Corrected(ctx context.Context, q report.CorrectedQuery) ([]report.Correction, error) {
	until := q.Until
	if until.IsZero() {
		until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var versions []versionRow
	var words map[int32]string
	err := again(ctx, "corrections", func() (err error) {
		if versions, err = rows[versionRow](ctx, r.pool, selectCorrected, stored(q.From), stored(q.To), stored(q.Since), stored(until)); err != nil {
			return err
		}
		ids := map[int32]struct{}{}
		for _, v := range versions {
			ids[v.System] = struct{}{}
		}
		words, err = r.words.read(ctx, r.pool, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []report.Correction
	for len(versions) > 0 {
		first := versions[0]
		n := 1
		for n < len(versions) && versions[n].System == first.System && versions[n].Record == first.Record {
			n++
		}
		if c, changed := correction(versions[:n], stored(q.Since), stored(until)); changed {
			c.System = words[first.System]
			all = append(all, c)
		}
		versions = versions[n:]
	}
	slices.SortFunc(all, func(a, b report.Correction) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.System, b.System), cmp.Compare(a.Record, b.Record))
	})
	if q.Limit > 0 && len(all) > q.Limit {
		all = all[:q.Limit]
	}
	return all, nil
}

// Decided counts calls across systems that were decided between two times of
// knowledge.
func (r *Rollups) Decided(ctx context.Context, q report.CorrectedQuery) (int, error) {
	until := q.Until
	if until.IsZero() {
		until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var n int
	err := again(ctx, "calls across systems", func() error {
		return r.pool.QueryRow(ctx, `
			SELECT coalesce(sum(changed), 0) FROM call_batches
			WHERE ingest = $1 AND known_at > $2 AND known_at <= $3 AND first_start < $4 AND last_start >= $5`,
			onceIngest, stored(q.Since), stored(until), stored(q.To), stored(q.From)).Scan(&n)
	})
	return n, err
}

// correction compares what was known of a leg at two times.
func correction(versions []versionRow, since, until time.Time) (report.Correction, bool) {
	at := func(t time.Time) *versionRow {
		for i := range versions {
			v := &versions[i]
			if v.Known != nil && !v.Known.After(t) && (v.Until == nil || v.Until.After(t)) {
				return v
			}
		}
		return nil
	}
	was, now := at(since), at(until)
	if was == now {
		return report.Correction{}, false
	}
	newest := now
	if now == nil {
		newest = was
	}
	c := report.Correction{
		LegID: calllog.LegID{Record: newest.Record}, Started: newest.Started.UTC(), Version: newest.Version,
		Ingest: newest.Ingest, Line: newest.Line,
	}
	if was != nil {
		c.Was = decode(dispositions(), &was.Disposition)
	}
	if now != nil {
		c.Now, c.Known = decode(dispositions(), &now.Disposition), utc(now.Known)
	} else {
		c.Known = utc(was.Until)
	}
	return c, true
}

var _ report.Closings = (*Rollups)(nil)
