package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/follow"
	"github.com/dualtone/dualtone/routing/rollcall"
)

// tableFile is where an edge keeps the last good table, in its data folder.
const tableFile = "routes.table"

// spoolFile is where it keeps decisions that the database has not taken.
const spoolFile = "decisions.spool"

// followed is a table and the database that it comes from.
type followed struct {
	table    *follow.Follower
	source   *laterStores
	announce *rollcall.Announcer
}

// newFollower follows the table of the configured database. Without one it begins
// with the table that it kept on disk.
func (a *app) newFollower(ctx context.Context, cfg *config.Config) *followed {
	e := &cfg.Edge
	log := a.logger(cfg)
	options := tableOptions(e)
	made := &followed{source: &laterStores{open: func(ctx context.Context) (*stores, error) { return a.openStores(ctx, cfg) }}}
	made.announce = rollcall.NewAnnouncer(made.source, announced(e), func() routing.Revision { return made.table.Revision() }, log)
	set := follow.Config{Source: made.source, Watcher: made.source, Options: options, Log: log, Changed: made.announce.Changed}
	if cfg.DataDir != "" {
		set.File = filepath.Join(cfg.DataDir, tableFile)
	}
	var err error
	if made.table, err = follow.New(set); err != nil {
		log.WarnContext(ctx, "the table on disk cannot be used", "error", err)
	}
	return made
}

// tableOptions are what an edge decides by beside the table.
func tableOptions(e *config.Edge) routing.Options {
	options := routing.Options{Countries: e.Countries, Locations: map[string]routing.Location{}, Unplaced: locationOf(e.Unplaced)}
	for name, at := range e.Locations {
		options.Locations[name] = locationOf(at)
	}
	return options
}

// decidingOptions are what a command decides by as the edges do.
func decidingOptions(cfg *config.Config) routing.Options {
	options := tableOptions(&cfg.Edge)
	options.Countries = countries(cfg)
	return options
}

// edgeName is the edge's, or the machine's.
func edgeName(e *config.Edge) string {
	if e.Name != "" {
		return e.Name
	}
	name, _ := os.Hostname()
	return name
}

// announced is how the edge is listed.
func announced(e *config.Edge) routing.Edge {
	var listens []string
	for _, l := range []struct{ what, where string }{
		{"sip/udp", e.SIP.UDP},
		{"sip/tcp", e.SIP.TCP},
		{"sip/tls", e.SIP.TLS},
		{"http", e.HTTP.Listen},
		{"enum", e.ENUM.Listen},
		{"curri", e.CURRI.Listen},
	} {
		if l.where != "" {
			listens = append(listens, l.what+" "+l.where)
		}
	}
	return routing.Edge{Name: edgeName(e), Version: version, Listens: strings.Join(listens, ", ")}
}

func locationOf(at config.EdgeLocation) routing.Location {
	return routing.Location{Country: at.Country, Side: dualtone.Side(at.Side), Trunk: at.Trunk}
}

// laterStores are the stores of a database that may not be there yet.
type laterStores struct {
	open func(context.Context) (*stores, error)

	mu     sync.Mutex
	stores *stores
}

func (r *laterStores) opened(ctx context.Context) (*stores, error) {
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
func (r *laterStores) Since(ctx context.Context, after routing.Revision) (routing.Snapshot, error) {
	s, err := r.opened(ctx)
	if err != nil {
		return routing.Snapshot{}, err
	}
	return s.router.Since(ctx, after)
}

// Watch waits for announcements.
func (r *laterStores) Watch(ctx context.Context, told func(routing.Revision)) error {
	s, err := r.opened(ctx)
	if err != nil {
		return err
	}
	return s.router.Watch(ctx, told)
}

// Announce says that the edge is there.
func (r *laterStores) Announce(ctx context.Context, e routing.Edge) error {
	s, err := r.opened(ctx)
	if err != nil {
		return err
	}
	return s.edges.Announce(ctx, e)
}

// Leave says that it has stopped.
func (r *laterStores) Leave(ctx context.Context, e routing.Edge) error {
	s, err := r.opened(ctx)
	if err != nil {
		return err
	}
	return s.edges.Leave(ctx, e)
}

// Store adds decisions to the call log.
func (r *laterStores) Store(ctx context.Context, records []*routing.Record) error {
	s, err := r.opened(ctx)
	if err != nil {
		return err
	}
	return s.decisions.Store(ctx, records)
}

// prune forgets old decisions, once an hour.
func (r *laterStores) prune(ctx context.Context, days int, log *slog.Logger) {
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	for {
		s, err := r.opened(ctx)
		if err == nil {
			_, err = s.decisions.Prune(ctx, time.Now().AddDate(0, 0, -days))
		}
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "old decisions are not forgotten yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-hour.C:
		}
	}
}

func (r *laterStores) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stores != nil {
		r.stores.Close()
	}
}
