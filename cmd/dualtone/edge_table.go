package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

// followed is the active table in memory. It is a routing.Decider whose table is
// replaced as a whole when it has changed.
type followed struct {
	table     atomic.Pointer[routing.Table]
	confirmed atomic.Int64
	guard     *routing.Guard
	callbacks routing.Callbacks
}

var _ routing.Decider = (*followed)(nil)

func newFollowed(e *config.Edge) *followed {
	f := &followed{guard: routing.NewGuard()}
	options := routing.Options{Countries: e.Countries, Locations: map[string]routing.Location{}, Unplaced: locationOf(e.Unplaced)}
	for name, at := range e.Locations {
		options.Locations[name] = locationOf(at)
	}
	f.table.Store(routing.NewTable(options))
	return f
}

func locationOf(at config.EdgeLocation) routing.Location {
	return routing.Location{Country: at.Country, Side: dualtone.Side(at.Side), Trunk: at.Trunk}
}

// Decide decides by the newest table and remembers calls for help.
func (f *followed) Decide(call routing.Call) routing.Decision {
	t := f.table.Load()
	if f.callbacks.Any() {
		call.Callback = f.callbacks.Side(t.Called(call), call.At)
	}
	d := t.Decide(call)
	if d.Emergency {
		f.callbacks.Note(call, d)
	}
	return d
}

// watch tells a call that goes round.
func (f *followed) watch(call *routing.Call) {
	call.Repeated = f.guard.Seen(call.Caller, call.Called, call.At)
}

// Revision is the newest table's.
func (f *followed) Revision() routing.Revision { return f.table.Load().Revision() }

// Age is how long ago the database said that the table is the active one.
func (f *followed) Age(now time.Time) time.Duration {
	if at := f.confirmed.Load(); at != 0 {
		return now.Sub(time.Unix(0, at))
	}
	return f.table.Load().Age(now)
}

// advance takes over what has changed.
func (f *followed) advance(s routing.Snapshot, now time.Time) error {
	t := f.table.Load()
	if s.Revision > t.Revision() {
		next, err := t.With(s)
		if err != nil {
			return err
		}
		f.table.Store(next)
	}
	f.confirmed.Store(now.UnixNano())
	return nil
}

// looking is how often the database is asked whether the table has changed.
const looking = 50 * time.Millisecond

// followTable keeps the table what the database says until the context ends. While the
// database is away the last table stands.
func (a *app) followTable(ctx context.Context, cfg *config.Config, f *followed) error {
	log := a.logger(cfg)
	ticker := time.NewTicker(looking)
	defer ticker.Stop()
	var router *postgres.Router
	away := false
	for {
		err := func() error {
			if router == nil {
				stores, err := a.openStores(ctx, cfg)
				if err != nil {
					return err
				}
				router = stores.router
				context.AfterFunc(ctx, stores.Close)
			}
			s, err := router.Since(ctx, f.Revision())
			if err != nil {
				return err
			}
			return f.advance(s, time.Now())
		}()
		away = tellAway(ctx, log, err, away)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// tellAway logs the first of several failures and that they are over.
func tellAway(ctx context.Context, log *slog.Logger, err error, before bool) bool {
	switch {
	case err != nil && !before && ctx.Err() == nil:
		log.WarnContext(ctx, "the table cannot be followed; the last one stands", "error", err)
	case err == nil && before:
		log.InfoContext(ctx, "the table is followed again")
	}
	return err != nil
}
