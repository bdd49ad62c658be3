package main

import (
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/console/pages"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/all"
)

// consoleDesk gives the pages what they show and order.
func (a *app) consoleDesk(cfg *config.Config, s *stores, c client.Client, log *slog.Logger) *pages.Desk {
	given := orders(cfg, c)
	now := func() time.Time { return a.now().UTC() }
	return &pages.Desk{
		Plans:   s.planControl(given, a.now),
		Control: given,
		Outcome: outcomes(a, cfg, s).Outcome, People: s.people, Cohorts: s.cohorts, Switches: s.switches,
		Calls: s.calls, Book: s.stitches, Quarantine: s.calls, Care: s.care, Replay: rowDesk{cfg: cfg, stores: s}.replay,
		Routes:  &routeBook{router: s.router, edges: s.edges, table: routing.NewTable(decidingOptions(cfg))},
		Reports: &reportDesk{cfg: cfg, stores: s},
		Match: func(ctx context.Context, actor string, write bool) (people.Report, error) {
			r, err := a.match(ctx, cfg, s, matchFlags{write: write, actor: actor})
			return r.Report, err
		},
		Astray: func(ctx context.Context, list *cutover.UserList, known []cutover.PersonState) ([]routing.Stray, error) {
			return list.Astray(ctx, known, s.router, decidingOptions(cfg), a.now())
		},
		Packs:   &packDesk{app: a, cfg: cfg, stores: s},
		Stage:   &rehearsalStage{app: a, cfg: cfg, stores: s},
		Finance: s.costs(now), Months: s.months(now),
		Fleet:     &fleetDesk{app: a, cfg: cfg, stores: s},
		Countries: countries(cfg),
		Sides:     map[dualtone.Side]string{dualtone.Old: cfg.Migration.Old, dualtone.New: cfg.Migration.New},
		Names:     systemNames(&cfg.Migration),
		Office:    a.office(s), Audit: s.audit,
		URL: cfg.Console.URL, Region: cfg.Migration.Region, Now: now, Log: log,
	}
}

// systemNames are the names of what the new system and the CRM know by ids: queues and
// call centers.
func systemNames(m *config.Migration) map[string]string {
	names := map[string]string{}
	for id, all := range replacedQueues(m) {
		names[id] = strings.Join(all, ", ")
	}
	maps.Copy(names, map[string]string{m.CallCenters.Old: "of the old system", m.CallCenters.New: "of the new system"})
	delete(names, "")
	return names
}

// rowDesk reads rows in quarantine again for pages as the command line reads them.
type rowDesk struct {
	cfg    *config.Config
	stores *stores
}

func (d rowDesk) replay(ctx context.Context, r *calllog.Quarantined, by string) (pages.Reread, error) {
	done, err := replay(ctx, d.cfg, d.stores, readingFlags{}, r, keeping{by: by, dryRun: by == ""})
	if err != nil || by == "" {
		return pages.Reread{Legs: int64(done.Legs), Fault: done.Reason}, err
	}
	_, err = d.stores.rollups.Settle(ctx)
	return pages.Reread{Legs: int64(done.Legs), Fault: done.Reason}, err
}

// routeBook explains numbers by a table that it keeps and brings up to date each
// time that it is asked.
type routeBook struct {
	router *postgres.Router
	edges  *postgres.Edges

	mu    sync.Mutex
	table *routing.Table
}

// Explain decides a call as every edge would now.
func (b *routeBook) Explain(ctx context.Context, call routing.Call) (routing.Decision, routing.Route, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed, err := b.router.Since(ctx, b.table.Revision())
	if err != nil {
		return routing.Decision{}, routing.Route{}, err
	}
	if b.table, err = b.table.With(changed); err != nil {
		return routing.Decision{}, routing.Route{}, err
	}
	d := b.table.Decide(call)
	if d.Rule == "" || d.Emergency {
		return d, routing.Route{}, nil
	}
	return d, b.table.Route(dualtone.Number(d.Rule)), nil
}

// History lists revisions, newest first.
func (b *routeBook) History(ctx context.Context, number dualtone.Number, before routing.Revision, limit int) ([]pages.RouteChange, error) {
	found, err := b.router.History(ctx, postgres.RouteHistory{Number: number, Before: before, Limit: limit})
	all := make([]pages.RouteChange, len(found))
	for i, r := range found {
		all[i] = pages.RouteChange{Revision: r.Revision, At: r.At, Actor: r.Actor, Reason: r.Reason, Numbers: r.Changes}
		if r.Change != nil {
			all[i].From, all[i].To = r.Change.From.Sides, r.Change.To.Sides
		}
	}
	return all, err
}

// Edges lists the edges that announced themselves, and the active revision.
func (b *routeBook) Edges(ctx context.Context) ([]routing.Edge, routing.Revision, error) {
	edges, err := b.edges.Edges(ctx)
	if err != nil {
		return nil, 0, err
	}
	active, err := b.router.Active(ctx)
	return edges, active, err
}

// reportDesk makes reports for pages as the command line makes them.
type reportDesk struct {
	cfg    *config.Config
	stores *stores
}

// corrections is how many corrections of a closed period a page names.
const corrections = 20

// Traffic makes the report of both systems side by side.
func (r *reportDesk) Traffic(ctx context.Context, q report.Query) (report.Traffic, error) {
	return traffic(ctx, r.cfg, r.stores, q, corrections)
}

// Closings lists closed periods.
func (r *reportDesk) Closings(ctx context.Context) ([]report.Closing, error) {
	return r.stores.rollups.Closings(ctx)
}

// rehearsalStage plays plans for pages as the command line plays them.
type rehearsalStage struct {
	app    *app
	cfg    *config.Config
	stores *stores
}

// Rehearse plays a plan and keeps what was found.
func (r *rehearsalStage) Rehearse(ctx context.Context, d *plan.Document, actor string) (*rehearsal.Report, error) {
	kept, err := r.app.played(ctx, r.cfg, r.stores, api.Rehearsing{}.Play(d, actor))
	return &kept.Report, err
}

// Rehearsed refuses a plan that asks to be rehearsed and was not as it is now.
func (r *rehearsalStage) Rehearsed(ctx context.Context, d *plan.Document) error {
	return r.app.checkRehearsed(ctx, r.stores, "FILE", d)
}

// packDesk makes packs for pages as the command line makes them.
type packDesk struct {
	app    *app
	cfg    *config.Config
	stores *stores
}

// Packs returns the receipts of a version of a plan.
func (d *packDesk) Packs(ctx context.Context, name string, hash plan.Hash) ([]evidence.Receipt, error) {
	return d.stores.packs.Packs(ctx, name, hash)
}

// Refused is why no pack can be signed.
func (d *packDesk) Refused() string {
	if _, err := signingKey(d.cfg); err != nil {
		return "no pack can be signed: dualtone evidence keygen makes a key, which evidence.key names in the settings"
	}
	return ""
}

// Make makes the pack of a stage.
func (d *packDesk) Make(ctx context.Context, folder, name, stage, by string) (string, error) {
	key, err := signingKey(d.cfg)
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "stage.pack")
	to := madePack{File: file, Receipt: evidence.Receipt{Plan: name, Stage: plan.StageID(stage)}}
	_, err = d.app.makePack(ctx, d.cfg, d.stores, to, key, evidenceFlags{as: by})
	return file, err
}

// Verify reads a pack by the key that the settings name, or by a public one.
func (d *packDesk) Verify(in io.Reader, key string) (*evidence.Verdict, error) {
	if key != "" {
		public, err := evidence.ParsePublicKey([]byte(key))
		if err != nil {
			return nil, err
		}
		return evidence.Verify(in, public)
	}
	own, err := signingKey(d.cfg)
	if err != nil {
		return nil, err
	}
	public, _ := own.Public().(ed25519.PublicKey)
	return evidence.Verify(in, public)
}

// fleetDesk shows the connected systems.
type fleetDesk struct {
	app    *app
	cfg    *config.Config
	stores *stores
}

// Systems lists the configured systems, and how much they were asked of late.
func (f *fleetDesk) Systems(ctx context.Context) ([]pages.System, error) {
	waits, err := postgres.NewPacer(f.stores.pool).Queues(ctx)
	if err != nil {
		return nil, err
	}
	usage, err := f.stores.rollouts.Usage(ctx, "", f.app.now().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	hours := map[string]map[time.Time]int{}
	for _, u := range usage {
		if hours[u.System] == nil {
			hours[u.System] = map[time.Time]int{}
		}
		hours[u.System][u.Hour] += u.Requests
	}
	var found []pages.System
	for _, name := range slices.Sorted(maps.Keys(f.cfg.Systems)) {
		configured := f.cfg.Systems[name]
		s := pages.System{
			Name: name, Kind: configured.Kind, Simulated: configured.Simulator, Role: role(f.cfg, name),
			PerSecond: f.cfg.Limits[name].PerSecond, Wait: waits[name],
		}
		for _, n := range hours[name] {
			s.Day, s.Hour = s.Day+n, max(s.Hour, n)
		}
		described(&s)
		found = append(found, s)
	}
	return found, nil
}

// described says what a system of a kind can and cannot do.
func described(s *pages.System) {
	specs := all.Specs()
	i := slices.IndexFunc(specs, func(spec systems.Spec) bool { return spec.Kind == s.Kind })
	if i < 0 {
		return
	}
	s.Summary, s.Lacks = specs[i].Summary, map[string]string{}
	for _, c := range capabilitiesOf(specs[i]).Capabilities {
		s.Capabilities = append(s.Capabilities, string(c))
	}
	for lacked, why := range specs[i].Lacks {
		s.Capabilities, s.Lacks[string(lacked)] = append(s.Capabilities, string(lacked)), why
	}
	slices.Sort(s.Capabilities)
}

// OnCalls asks the new system about each user, some at a time.
func (f *fleetDesk) OnCalls(ctx context.Context, users []dualtone.UserID) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	name := f.cfg.Migration.New
	opened, err := openFleet(ctx, f.cfg, ownPace(f.cfg), f.app.logger(f.cfg), name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = opened.Close() }()
	platform := opened.platforms[name]
	if err := platform.Need(systems.CanPresence); err != nil {
		return 0, err
	}
	var busy atomic.Int64
	asking, ctx := errgroup.WithContext(ctx)
	const together = 4
	asking.SetLimit(together)
	for _, user := range users {
		asking.Go(func() error {
			p, err := platform.Presence.Presence(ctx, user)
			if err == nil && p.Busy() {
				busy.Add(1)
			}
			return err
		})
	}
	err = asking.Wait()
	return int(busy.Load()), err
}

// Check signs in to every system and asks whether it works.
func (f *fleetDesk) Check(ctx context.Context) []pages.Health {
	names := slices.Sorted(maps.Keys(f.cfg.Systems))
	all := make([]pages.Health, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			h := f.app.checkSystem(ctx, f.cfg, name)
			all[i] = pages.Health{Name: name, Version: h.Version, Identity: h.Identity, Detail: h.Detail, Trouble: h.Error}
		})
	}
	wg.Wait()
	return all
}
