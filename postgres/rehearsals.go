package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

// Rehearsals keeps what rehearsals of plans found. It is a rehearsal.Store.
type Rehearsals struct {
	pool *pgxpool.Pool
}

// NewRehearsals returns the rehearsals of a database.
func NewRehearsals(pool *pgxpool.Pool) *Rehearsals { return &Rehearsals{pool: pool} }

// Keep stores a rehearsal for ever.
func (s *Rehearsals) Keep(ctx context.Context, k rehearsal.Kept) error {
	return again(ctx, "rehearsal of plan "+k.Report.PlanHash.Short(), func() error {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO plan_rehearsals (plan_hash, made, actor, model, report) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING`, k.Report.PlanHash, k.Made, k.Actor, k.Model, k.Report)
		return err
	})
}

// Latest returns the newest rehearsal of a plan; ErrNotFound when it has none.
func (s *Rehearsals) Latest(ctx context.Context, hash plan.Hash) (rehearsal.Kept, error) {
	var k rehearsal.Kept
	err := again(ctx, "rehearsal of plan "+hash.Short(), func() (err error) {
		k, err = row[rehearsal.Kept](ctx, s.pool, `
			SELECT made, actor, model, report FROM plan_rehearsals WHERE plan_hash = $1 ORDER BY made DESC LIMIT 1`, hash)
		return err
	})
	k.Made = k.Made.UTC()
	return k, err
}

// measure reads the steps of switches to the new side from the journal. A step
// is told by 51 values in microseconds, from the shortest to the longest. The
// longer half of the waits for a user to come free is left out: it is their
// calls, which a rehearsal plays by itself.
const measure = `
WITH switched AS (
	SELECT s.id, s.state,
		min(j.at) FILTER (WHERE j.kind = 'state' AND j.state = 'captured') AS captured,
		min(j.at) FILTER (WHERE j.kind = 'state' AND j.state = 'drained') AS drained,
		min(j.at) FILTER (WHERE j.kind = 'state' AND j.state = 'verifying') AS verifying,
		min(j.at) FILTER (WHERE j.kind = 'state' AND j.state = 'on_new') AS on_new,
		min(j.at) FILTER (WHERE j.kind = 'state' AND j.state = 'compensating') AS compensating,
		min(j.at) FILTER (WHERE j.kind = 'state' AND j.state = 'restored') AS restored,
		max(j.at) FILTER (WHERE j.kind = 'wrote' AND j.facet = 'crm.softphone') AS crm,
		max(j.at) FILTER (WHERE j.kind = 'wrote' AND j.facet = 'routes') AS route
	FROM switches s JOIN journal j ON j.switch = s.id
	WHERE s."to" = 'new' AND s.ended IS NOT NULL AND s.started >= $1
	GROUP BY s.id, s.state
), parts AS (SELECT array_agg(i / 50.0::float8) AS p FROM generate_series(0, 50) AS i
), took AS (
	SELECT t.name, percentile_cont(p.p) WITHIN GROUP (ORDER BY extract(epoch FROM t.took) * 1e6) AS micro
	FROM switched, LATERAL (VALUES
		('ready', drained - captured), ('move', verifying - drained), ('verify', on_new - verifying),
		('split', route - crm), ('take_back', restored - compensating)
	) AS t (name, took), parts p
	WHERE t.took >= '0' AND (t.name = 'take_back' OR state = 'on_new')
	GROUP BY t.name, p.p
)
SELECT count(*) FILTER (WHERE state = 'on_new'), count(*) FILTER (WHERE state <> 'deferred' AND state <> 'skipped'),
	count(*) FILTER (WHERE state IN ('failed_clean', 'restored', 'restore_drift', 'unknown')),
	count(restored - compensating),
	(SELECT coalesce(jsonb_object_agg(name, micro), '{}') FROM took)
FROM switched`

// Measured looks at the switches to the new side that began since a time.
func (s *Rehearsals) Measured(ctx context.Context, since time.Time) (rehearsal.Measured, error) {
	var m rehearsal.Measured
	var took map[string][]float64
	err := again(ctx, "steps of past switches", func() error {
		return s.pool.QueryRow(ctx, measure, since).Scan(&m.Switches, &m.Tried, &m.Failed, &m.Back, &took)
	})
	if err != nil {
		return m, fmt.Errorf("steps of past switches: %w", err)
	}
	m.Steps = rehearsal.Steps{
		// The journal begins when a capture has ended; it reads what a verify reads.
		Capture: spread(took["verify"]), Ready: spread(shorter(took["ready"])), Move: spread(took["move"]),
		Verify: spread(took["verify"]), TakeBack: spread(took["take_back"]), Split: spread(took["split"]),
	}
	return m, nil
}

// shorter is the lower half of a spread.
func shorter(micro []float64) []float64 { return micro[:(len(micro)+1)/2] }

func spread(micro []float64) rehearsal.Spread {
	durations := make([]time.Duration, len(micro))
	for i, m := range micro {
		durations[i] = time.Duration(m) * time.Microsecond
	}
	return rehearsal.SpreadOf(durations)
}

// Tried returns the attempts to switch a plan's users to the new side that began
// since a time, in no order.
func (s *Rehearsals) Tried(ctx context.Context, name string, since time.Time) ([]rehearsal.Tried, error) {
	var all []rehearsal.Tried
	err := again(ctx, "switches of plan "+name, func() error {
		found, err := s.pool.Query(ctx, `
			SELECT substr(s.cohort, length($1) + 2), s.person, s.state, s.started,
				max(j.at) FILTER (WHERE j.facet = 'crm.softphone'), max(j.at) FILTER (WHERE j.facet = 'routes')
			FROM switches s LEFT JOIN journal j ON j.switch = s.id AND j.kind = 'wrote' AND j.action > 0
			WHERE s.started >= $2 AND s."to" = 'new' AND starts_with(s.cohort, $1 || '/')
			GROUP BY s.id, s.person`, name, since)
		if err != nil {
			return err
		}
		all = nil
		var t rehearsal.Tried
		var crm, route *time.Time
		_, err = pgx.ForEachRow(found, []any{&t.Stage, &t.Person, &t.State, &t.Began, &crm, &route}, func() error {
			t.Began, t.CRM, t.Route = t.Began.UTC(), utc(crm), utc(route)
			all = append(all, t)
			return nil
		})
		return err
	})
	return all, err
}
