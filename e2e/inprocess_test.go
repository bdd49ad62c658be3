package e2e_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/interceptor"
	sdk "go.temporal.io/sdk/worker"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/all"
	"github.com/dualtone/dualtone/workflows"
)

const taskQueue = "dualtone"

// workHere runs a worker inside the test, with the connectors and stores that
// the program has, and returns what steers it.
func (s *site) workHere(t *testing.T) *control.Control {
	t.Helper()
	cfg, err := config.Load(config.Sources{File: s.config, Kinds: all.Specs()})
	must(t, err)
	u := &activities.User{
		Router: s.router, Flips: s.router, People: s.stores, Switches: s.switches, Migration: cfg.Migration.Cutover(),
		Drain: activities.Drain{Wait: cfg.Migration.Drain.Wait, Poll: cfg.Migration.Drain.Poll},
		Now:   func() time.Time { return time.Now().UTC() },
	}
	for _, spec := range all.Specs() {
		for name, system := range cfg.Systems {
			if system.Kind != spec.Kind {
				continue
			}
			deps := systems.Deps{
				Log: slog.New(slog.DiscardHandler).With("system", name), Transport: &http.Transport{}, Now: time.Now,
				Pace: func(context.Context, string) error { return nil },
			}
			decode := system.Decode(s.secrets())
			switch {
			case spec.OpenCRM != nil:
				u.CRM, err = spec.OpenCRM(t.Context(), name, decode, deps)
			case name == cfg.Migration.Old:
				u.Old, err = spec.OpenPlatform(t.Context(), name, decode, deps)
			default:
				u.New, err = spec.OpenPlatform(t.Context(), name, decode, deps)
			}
			must(t, err)
		}
	}
	t.Cleanup(func() { _, _, _ = u.Old.Close(), u.New.Close(), u.CRM.Close() })
	w := sdk.New(s.temporal, taskQueue, sdk.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{}}})
	workflows.Register(w)
	activities.Register(w, u, &activities.Cohort{Cohorts: postgres.NewCohorts(s.pool), Client: s.temporal})
	must(t, w.Start())
	t.Cleanup(w.Stop)
	return &control.Control{Client: s.temporal, TaskQueue: taskQueue, Defaults: control.Defaults{
		DrainWait: cfg.Migration.Drain.Wait, Patience: cfg.Migration.Patience, Window: 8, RunLength: 100,
	}}
}

// secrets are those of the site's program.
func (s *site) secrets() *config.Secrets {
	return &config.Secrets{File: os.ReadFile, Env: func(name string) (string, bool) {
		for _, pair := range s.env {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}}
}
