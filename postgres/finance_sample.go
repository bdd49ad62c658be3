package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/finance/sample"
)

// selectSampled selects what is recorded of everybody who has an account on either
// system, with their place in a plan. It reads each table once.
const selectSampled = `
WITH accounts AS (
	SELECT person, min(at) FILTER (WHERE after ? 'old') AS old, min(at) FILTER (WHERE after ? 'new') AS new
	FROM people_changes GROUP BY person
), reached AS (
	SELECT person, jsonb_agg(jsonb_build_object('at', at, 'side', CASE state WHEN 'on_new' THEN 'new' ELSE 'old' END)) AS all
	FROM journal WHERE kind = 'state' AND state IN ('on_new', 'restored') GROUP BY person
), found AS (
	SELECT s.person, jsonb_agg(jsonb_build_object('at', s.started, 'side', f.side, 'found', true,
		'enabled', s.before #> ARRAY[f.side || '.seat', 'seat', 'enabled'], 'licenses', s.before #> ARRAY[f.side || '.seat', 'seat', 'licenses'])) AS all
	FROM switches s, (VALUES ('old'), ('new')) AS f (side)
	WHERE s.before ? (f.side || '.seat') GROUP BY s.person
), wrote AS (
	SELECT person, jsonb_agg(jsonb_build_object('at', at, 'side', split_part(facet, '.', 1),
		'enabled', "to" #> '{seat,enabled}', 'licenses', "to" #> '{seat,licenses}')) AS all
	FROM journal WHERE kind = 'wrote' AND facet IN ('old.seat', 'new.seat') AND "to" IS NOT NULL GROUP BY person
)
SELECT p.id, coalesce(u.stage, ''), coalesce(p.attributes #>> '{cost_center,0}', ''), coalesce(p.attributes #>> '{country,0}', ''), p.site,
	coalesce(u.state IN ('planned', 'captured', 'drained', 'verifying', 'deferring', 'deferred', 'failed_clean', 'unknown'), false),
	CASE WHEN p.old_id IS NOT NULL THEN a.old END, CASE WHEN p.new_id IS NOT NULL THEN a.new END,
	reached.all, found.all, wrote.all
FROM people p
LEFT JOIN plan_users u ON u.person = p.id AND u.plan = $1
LEFT JOIN accounts a ON a.person = p.id
LEFT JOIN reached ON reached.person = p.id
LEFT JOIN found ON found.person = p.id
LEFT JOIN wrote ON wrote.person = p.id
WHERE p.old_id IS NOT NULL OR p.new_id IS NOT NULL
ORDER BY p.id`

// Sampled reads what is recorded of people, with their place in a plan.
func (s *Finance) Sampled(ctx context.Context, plan string) ([]sample.Person, error) {
	var all []sample.Person
	err := again(ctx, "people of plan "+plan, func() error {
		all = nil
		found, err := s.pool.Query(ctx, selectSampled, plan)
		if err != nil {
			return err
		}
		_, err = pgx.CollectRows(found, func(r pgx.CollectableRow) (struct{}, error) {
			p, err := sampledPerson(r)
			if err != nil {
				return struct{}{}, err
			}
			all = append(all, p)
			return struct{}{}, nil
		})
		return err
	})
	return all, err
}

// sampledPerson reads a row of selectSampled.
func sampledPerson(r pgx.CollectableRow) (p sample.Person, err error) {
	var old, next *time.Time
	var reached, seen, wrote []byte
	if err := r.Scan(&p.ID, &p.Stage, &p.CostCenter, &p.Country, &p.Site, &p.Waiting, &old, &next, &reached, &seen, &wrote); err != nil {
		return p, err
	}
	p.Old, p.New = utc(old), utc(next)
	if err := documents(reached, &p.Reached); err != nil {
		return p, err
	}
	for _, text := range [][]byte{seen, wrote} {
		var seats []sample.Seen
		if err := documents(text, &seats); err != nil {
			return p, err
		}
		p.Seats = append(p.Seats, seats...)
	}
	for i := range p.Reached {
		p.Reached[i].At = p.Reached[i].At.UTC()
	}
	for i := range p.Seats {
		p.Seats[i].At = p.Seats[i].At.UTC()
	}
	return p, nil
}

func documents[T any](text []byte, into *[]T) error {
	if text == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// selectHairpins selects, of calls that crossed from one system to the other, how
// long the legs took that one system sent on to the other, by the cost center of
// who took them there. A leg that nobody took has none.
const selectHairpins = `
WITH crossed AS (
	SELECT m.to_system, m.system_id, l.agent_id, (l.started_at AT TIME ZONE $3)::date AS day,
		sum(extract(epoch FROM l.ended_at - coalesce(l.answered_at, l.started_at))) AS seconds
	FROM call_members m
	JOIN call_legs l USING (started_at, system_id, record_id)
	WHERE m.started_at >= $1 AND m.started_at < $2 AND m.to_system IS NOT NULL AND m.to_system <> m.system_id AND l.ended_at IS NOT NULL
	GROUP BY 1, 2, 3, 4
)
SELECT sender.word AS system, c.day, coalesce(o.attributes #>> '{cost_center,0}', n.attributes #>> '{cost_center,0}', '') AS cost_center,
	sum(c.seconds)::bigint AS seconds
FROM crossed c
JOIN call_words sender ON sender.id = c.to_system
JOIN call_words taker ON taker.id = c.system_id
LEFT JOIN call_words agent ON agent.id = c.agent_id
LEFT JOIN people o ON taker.word = $4 AND o.old_id = agent.word
LEFT JOIN people n ON taker.word = $5 AND n.new_id = agent.word
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

// Hairpins reads the minutes of calls that a system sent on to another one.
func (s *Finance) Hairpins(ctx context.Context, span finance.Span, between sample.Between) ([]cost.Minutes, error) {
	location, err := time.LoadLocation(between.Zone)
	if err != nil {
		return nil, wrap("zone "+between.Zone, dualtone.ErrInvalid)
	}
	start := func(d finance.Day) time.Time {
		t := d.Time()
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, location)
	}
	var all []cost.Minutes
	err = again(ctx, "hairpin minutes", func() error {
		found, err := rows[struct {
			System     string
			Day        time.Time
			CostCenter string
			Seconds    int64
		}](ctx, s.pool, selectHairpins, start(span.From), start(span.To+1), between.Zone, between.Old, between.New)
		all = nil
		for _, r := range found {
			all = append(all, cost.Minutes{System: r.System, Day: finance.DayOf(r.Day), CostCenter: r.CostCenter, Seconds: r.Seconds})
		}
		return err
	})
	return all, err
}
