package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/dualtone/dualtone/activities"
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

// metered counts the requests of a pace.
func metered(wait pace, m *activities.Meter) pace {
	return func(ctx context.Context, system string) error {
		if err := wait(ctx, system); err != nil {
			return err
		}
		m.Asked(ctx, system)
		return nil
	}
}

const (
	// meterEvery is how often a worker stores what it asked of the systems, and
	// meterPatience how long it tries to as it ends.
	meterEvery    = 15 * time.Second
	meterPatience = 5 * time.Second
)

// newMeter counts what this process asks of the systems.
func newMeter(s *stores) *activities.Meter {
	return &activities.Meter{Worker: rand.Text(), Store: s.rollouts, Now: time.Now}
}

// meterMeanwhile stores what was asked now and then, and when it is stopped.
func meterMeanwhile(ctx context.Context, m *activities.Meter, log *slog.Logger) (stop func()) {
	keep := func(ctx context.Context) {
		if err := m.Keep(ctx); err != nil {
			log.WarnContext(ctx, "requests of plans are not stored yet", "error", err)
		}
	}
	running, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(meterEvery); ; {
			select {
			case <-running.Done():
				return
			case <-tick.C:
				keep(running)
			}
		}
	}()
	return func() {
		cancel()
		<-done
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), meterPatience)
		defer cancel()
		keep(last)
	}
}
