package postgres

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// KeepUsage stores what a worker asked so far.
func (s *Rollouts) KeepUsage(ctx context.Context, worker string, all []rollout.Usage) error {
	var plans, stages, systems []string
	var hours []time.Time
	var requests []int
	for _, u := range all {
		plans, stages, systems = append(plans, u.Plan), append(stages, u.Stage), append(systems, u.System)
		hours, requests = append(hours, u.Hour.UTC()), append(requests, u.Requests)
	}
	return again(ctx, "requests of worker "+worker, func() error {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO plan_requests AS r (worker, plan, stage, system, hour, requests)
			SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[])
			ON CONFLICT (plan, hour, stage, system, worker) DO UPDATE SET requests = excluded.requests
			WHERE r.requests < excluded.requests`, worker, plans, stages, systems, hours, requests)
		return err
	})
}

// Usage returns what all workers asked for a plan, or for all if its name is empty.
func (s *Rollouts) Usage(ctx context.Context, plan string, since time.Time) ([]rollout.Usage, error) {
	return listed(ctx, s.pool, "requests of plan "+plan, `
		SELECT plan, stage, system, hour, sum(requests)::bigint AS requests FROM plan_requests
		WHERE (plan = $1 OR $1 = '') AND hour > $2::timestamptz - interval '1 hour'
		GROUP BY plan, stage, system, hour ORDER BY hour, stage, system, plan`, []any{plan, since}, func(u rollout.Usage) rollout.Usage {
		u.Hour = u.Hour.UTC()
		return u
	})
}
