package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/notify"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/systems/all"
)

// apiDesk is what the HTTP API reads and steers: the same that the commands do.
func (a *app) apiDesk(cfg *config.Config, s *stores, c client.Client) api.Desk {
	now := func() time.Time { return a.now().UTC() }
	return api.Desk{
		Plans:  s.planControl(orders(cfg, c), a.now),
		People: s.people, Cohorts: s.cohorts, Switches: s.switches, Routes: s.router, Residents: s.people, Calls: s.calls, Stitches: s.stitches, Closings: s.rollups,
		Audit: s.audit, Office: a.office(s),
		Feed: feed{postgres.Feed{Audit: s.audit}}, Keys: keys{postgres.NewRequests(s.pool)},
		Region: cfg.Migration.Region, Deciding: decidingOptions(cfg), Now: now,
		Traffic: func(ctx context.Context, q report.Query, corrections int) (report.Traffic, error) {
			return traffic(ctx, cfg, s, q, corrections)
		},
		Accounting: func(ctx context.Context, from, to time.Time, cohort string, all bool) (api.Accounting, error) {
			sum, err := accounting(ctx, cfg, s, from, to, cohort)
			return api.Accounting(booked(accounted{from: from, to: to, all: all}, sum)), err
		},
		Unheard:   s.notices.Waiting,
		Outcome:   outcomes(a, cfg, s).Outcome,
		Rehearsed: func(ctx context.Context, d *plan.Document) error { return a.checkRehearsed(ctx, s, "plan.yaml", d) },
		History: func(ctx context.Context, number dualtone.Number, before routing.Revision, limit int) ([]api.Revision, error) {
			found, err := s.router.History(ctx, postgres.RouteHistory{Number: number, Before: before, Limit: limit})
			all := make([]api.Revision, len(found))
			for i, r := range found {
				all[i] = api.Revision(r)
			}
			return all, err
		},
		Edges: s.edges.Edges,
		Serves: func(ctx context.Context, r routing.Revision) api.Served {
			return serves(ctx, s, cfg.Routing.Confirm, r)
		},
		Finance: s.costs(a.now), Contracts: s.contracts, Months: s.months(a.now),
		Connected: slices.Sorted(maps.Keys(cfg.Systems)),
		Match: func(ctx context.Context, actor string, afresh, write bool) (api.Matching, error) {
			r, err := a.match(ctx, cfg, s, matchFlags{afresh: afresh, write: write, actor: actor})
			return r.Matching, err
		},
		Check: func(ctx context.Context) []api.Health { return a.healths(ctx, cfg) },
		Reading: func(system, format, zone, country string) (source.Reading, error) {
			f := readingFlags{system: system, format: format, zone: zone, country: country}
			return f.over(cfg)
		},
		Log: s.calls, Settler: s.rollups, Care: s.care,
		Systems: func(ctx context.Context) ([]api.System, error) { return connected(ctx, cfg, s) },
		Register: func(ctx context.Context, name, actor string, replace, dryRun bool) (api.System, error) {
			return a.registered(ctx, cfg, s, registering{name: name, actor: actor, replace: replace, dryRun: dryRun})
		},
		Kinds:    kinds,
		Rehearse: func(ctx context.Context, p api.Play) (rehearsal.Kept, error) { return a.played(ctx, cfg, s, p) },
		Packs:    &packDesk{app: a, cfg: cfg, stores: s},
		Canaries: s.rollouts, Notices: s.notices, Channels: func() ([]notify.Channel, error) { return channels(cfg) },
		Deliveries: s.deliveries, Ways: ways(cfg), Invoices: s.finance,
		Compare: func(ctx context.Context, day time.Time) error { return a.compare(ctx, cfg, s, day) },
		Decisions: func(ctx context.Context, q api.DecisionQuery) ([]api.Decision, error) {
			found, err := s.decisions.List(ctx, postgres.DecisionQuery(q))
			all := make([]api.Decision, len(found))
			for i, d := range found {
				all[i] = api.Decision(d)
			}
			return all, err
		},
		URL: cfg.Console.URL,
	}
}

// compare holds a day of the call log against the CRM's own.
func (a *app) compare(ctx context.Context, cfg *config.Config, s *stores, day time.Time) error {
	people, err := s.people.List(ctx, cutover.PeopleQuery{})
	if err != nil {
		return err
	}
	return a.compareDay(ctx, cfg, s, day, people)
}

// kinds are the kinds of systems, as the API tells of them.
func kinds() []api.SystemKind {
	var found []api.SystemKind
	for _, spec := range all.Specs() {
		k := capabilitiesOf(spec)
		kind := api.SystemKind{Kind: k.Kind, Summary: k.Summary, CRM: k.CRM, Capabilities: texts(k.Capabilities), Lacks: map[string]string{}}
		for lacked, why := range k.Lacks {
			kind.Lacks[string(lacked)] = why
		}
		found = append(found, kind)
	}
	return found
}

// registered registers a system as it says that it is.
func (a *app) registered(ctx context.Context, cfg *config.Config, s *stores, r registering) (api.System, error) {
	held, err := a.register(ctx, cfg, s, r)
	if err != nil {
		return api.System{}, err
	}
	return api.System{
		Name: held.Name, Kind: held.Kind, Role: role(cfg, held.Name), PerSecond: cfg.Limits[held.Name].PerSecond, Identity: held.Identity,
		Sandbox: held.Sandbox, Detail: held.Detail, Actor: held.Actor, Registered: held.Registered,
	}, nil
}

// connected are the configured systems, each as it was registered if it was.
func connected(ctx context.Context, cfg *config.Config, s *stores) ([]api.System, error) {
	registered, err := s.systems.List(ctx)
	known := map[string]postgres.Registration{}
	for _, r := range registered {
		known[r.Name] = r
	}
	var all []api.System
	for _, name := range slices.Sorted(maps.Keys(cfg.Systems)) {
		r := known[name]
		all = append(all, api.System{
			Name: name, Kind: cfg.Systems[name].Kind, Role: role(cfg, name), PerSecond: cfg.Limits[name].PerSecond,
			Identity: r.Identity, Sandbox: r.Sandbox, Detail: r.Detail, Actor: r.Actor, Registered: r.Registered,
		})
	}
	return all, err
}

// healths asks every connected system how it is.
func (a *app) healths(ctx context.Context, cfg *config.Config) []api.Health {
	names := slices.Sorted(maps.Keys(cfg.Systems))
	all := make([]api.Health, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			h := a.checkSystem(ctx, cfg, name)
			all[i] = api.Health{
				Name: name, Kind: h.Kind, OK: h.OK, Version: h.Version, Identity: h.Identity, Detail: h.Detail, Reason: h.Reason, Error: h.Error,
				CallCenters: h.CallCenters,
			}
		})
	}
	wg.Wait()
	return all
}

// keys are the answers that are kept, as the API asks for them.
type keys struct{ requests *postgres.Requests }

func (k keys) Claim(ctx context.Context, c api.Claim) (context.Context, *api.Answered, error) {
	ctx, found, err := k.requests.Claim(ctx, postgres.Claim(c))
	return ctx, (*api.Answered)(found), err
}

func (k keys) Hold(ctx context.Context) error { return k.requests.Hold(ctx) }

func (k keys) Keep(ctx context.Context, answer *api.Answered) error {
	return k.requests.Keep(ctx, (*postgres.Answer)(answer))
}

// feed is what changes, as the API tells it.
type feed struct{ postgres.Feed }

func (f feed) After(ctx context.Context, id int64, limit int) ([]api.Event, error) {
	found, err := f.Changes(ctx, id, limit)
	all := make([]api.Event, len(found))
	for i, e := range found {
		all[i] = api.Event{ID: e.Serial, Action: e.Action, Object: e.Object, Actor: e.Actor, At: e.At}
	}
	return all, err
}

func (f feed) Last(ctx context.Context) (int64, error) {
	serial, _, err := f.Head(ctx)
	return serial, err
}

func (f feed) Wait(ctx context.Context, told func(*api.Event)) error {
	return f.Feed.Wait(ctx, func(plan string) {
		if plan == "" {
			told(nil)
			return
		}
		told(&api.Event{Action: "plan.users", Object: "plan/" + plan, At: time.Now().UTC()})
	})
}
