package main

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/follow"
)

// tableFile is where an edge keeps the last good table, in its data folder.
const tableFile = "routes.table"

// newFollower follows the table of the configured database. Without one it begins
// with the table that it kept on disk.
func (a *app) newFollower(ctx context.Context, cfg *config.Config) *follow.Follower {
	e := &cfg.Edge
	log := a.logger(cfg)
	options := routing.Options{Countries: e.Countries, Locations: map[string]routing.Location{}, Unplaced: locationOf(e.Unplaced)}
	for name, at := range e.Locations {
		options.Locations[name] = locationOf(at)
	}
	source := &laterRouter{open: func(ctx context.Context) (*stores, error) { return a.openStores(ctx, cfg) }}
	context.AfterFunc(ctx, source.close)
	set := follow.Config{Source: source, Watcher: source, Options: options, Log: log}
	if cfg.DataDir != "" {
		set.File = filepath.Join(cfg.DataDir, tableFile)
	}
	f, err := follow.New(set)
	if err != nil {
		log.WarnContext(ctx, "the table on disk cannot be used", "error", err)
	}
	return f
}

func locationOf(at config.EdgeLocation) routing.Location {
	return routing.Location{Country: at.Country, Side: dualtone.Side(at.Side), Trunk: at.Trunk}
}

// laterRouter is the routing table of a database that may not be there yet.
type laterRouter struct {
	open func(context.Context) (*stores, error)

	mu     sync.Mutex
	stores *stores
}

func (r *laterRouter) opened(ctx context.Context) (*stores, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stores == nil {
		s, err := r.open(ctx)
		if err != nil {
			return nil, err
		}
		r.stores = s
	}
	return r.stores, nil
}

// Since reads what has changed.
func (r *laterRouter) Since(ctx context.Context, after routing.Revision) (routing.Snapshot, error) {
	s, err := r.opened(ctx)
	if err != nil {
		return routing.Snapshot{}, err
	}
	return s.router.Since(ctx, after)
}

// Watch waits for announcements.
func (r *laterRouter) Watch(ctx context.Context, told func(routing.Revision)) error {
	s, err := r.opened(ctx)
	if err != nil {
		return err
	}
	return s.router.Watch(ctx, told)
}

func (r *laterRouter) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stores != nil {
		r.stores.Close()
	}
}
