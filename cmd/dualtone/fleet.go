package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/internal/traces"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/all"
)

// fleet is the opened systems.
type fleet struct {
	platforms map[string]*systems.Platform
	crms      map[string]*systems.CRM
	// tables are those of the systems' own databases.
	tables *postgres.Tables
}

// Close lets go of all systems.
func (f *fleet) Close() error {
	var errs []error
	for _, p := range f.platforms {
		errs = append(errs, p.Close())
	}
	for _, c := range f.crms {
		errs = append(errs, c.Close())
	}
	f.tables.Close()
	return errors.Join(errs...)
}

// pace waits until a system may be asked again.
type pace func(ctx context.Context, system string) error

// openFleet opens the named systems, which asks none of them anything yet.
func openFleet(ctx context.Context, cfg *config.Config, wait pace, log *slog.Logger, names ...string) (*fleet, error) {
	f := &fleet{platforms: map[string]*systems.Platform{}, crms: map[string]*systems.CRM{}, tables: postgres.NewTables()}
	for _, name := range names {
		if err := f.open(ctx, cfg, name, systems.Deps{
			Log:       log.With("system", name),
			Transport: traced(cfg, name, transport(cfg.Limits[name])),
			Follow:    following(cfg, name),
			Pace:      wait,
			Now:       time.Now,
			Rows:      f.tables.Rows,
		}); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

func (f *fleet) open(ctx context.Context, cfg *config.Config, name string, deps systems.Deps) error {
	system, ok := cfg.Systems[name]
	if !ok {
		return hint(fmt.Errorf("system %q: %w", name, dualtone.ErrNotFound), "dualtone systems list shows the configured ones")
	}
	decode := system.Decode(config.MachineSecrets())
	for _, spec := range all.Specs() {
		switch {
		case spec.Kind != system.Kind:
		case spec.OpenCRM != nil:
			crm, err := spec.OpenCRM(ctx, name, decode, deps)
			if err != nil {
				return err
			}
			f.crms[name] = crm
		default:
			platform, err := spec.OpenPlatform(ctx, name, decode, deps)
			if err != nil {
				return err
			}
			f.platforms[name] = platform
			return platform.Validate()
		}
	}
	return nil
}

// traced follows requests to a system, if the settings say where traces go.
func traced(cfg *config.Config, system string, next http.RoundTripper) http.RoundTripper {
	if cfg.Telemetry.OTLP == "" {
		return next
	}
	return traces.Transport(system, next)
}

// following follows requests over other protocols, if the settings say where traces
// go.
func following(cfg *config.Config, system string) func(context.Context, string) (context.Context, func(error)) {
	if cfg.Telemetry.OTLP == "" {
		return nil
	}
	return traces.Request(system)
}

// transport carries HTTP to one system, with no more requests at a time than
// its limit allows.
func transport(limit config.Limit) http.RoundTripper {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
	}
	if limit.Concurrent == 0 {
		return t
	}
	return &narrow{next: t, slots: make(chan struct{}, limit.Concurrent)}
}

// narrow lets so many requests through at a time as it has slots.
type narrow struct {
	next  http.RoundTripper
	slots chan struct{}
}

// RoundTrip waits for a slot and sends the request.
func (n *narrow) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case n.slots <- struct{}{}:
		defer func() { <-n.slots }()
		return n.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}
