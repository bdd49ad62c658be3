package main

import (
	"context"

	"golang.org/x/time/rate"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/postgres"
)

// sharedPace keeps the configured limits over all processes that use the
// database. A system without a limit is never waited for.
func sharedPace(cfg *config.Config, pacer *postgres.Pacer) pace {
	return func(ctx context.Context, system string) error {
		limit := cfg.Limits[system]
		if limit.PerSecond == 0 {
			return nil
		}
		return pacer.Pace(ctx, system, postgres.Limit{PerSecond: limit.PerSecond, Burst: limit.Burst})
	}
}

// ownPace keeps the configured limits in this process alone, for commands that
// work without a database.
func ownPace(cfg *config.Config) pace {
	limits := map[string]*rate.Limiter{}
	for name, limit := range cfg.Limits {
		if limit.PerSecond > 0 {
			limits[name] = rate.NewLimiter(rate.Limit(limit.PerSecond), max(limit.Burst, 1))
		}
	}
	return func(ctx context.Context, system string) error {
		if l := limits[system]; l != nil {
			return l.Wait(ctx)
		}
		return nil
	}
}
