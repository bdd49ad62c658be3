package pages

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/routing"
)

// Desk serves the pages. Everything that they show is read through its ports, and
// everything that they order goes through control.
type Desk struct {
	Plans   *control.Plans
	Control *control.Control
	// Outcome holds the rehearsal of a plan against what came; rehearsal.ErrNone where
	// its version in force was not rehearsed, another ErrNotFound for an unknown plan.
	Outcome func(ctx context.Context, plan string) (*rehearsal.Outcome, error)
	Packs   Packs
	Stage   Stage
	People  cutover.People
	Match   Match
	// Astray are numbers whose calls a user list would lead astray, given those of its
	// people who are known.
	Astray   func(ctx context.Context, list *cutover.UserList, known []cutover.PersonState) ([]routing.Stray, error)
	Cohorts  cutover.Cohorts
	Switches cutover.Switches

	Calls      Calls
	Book       Book
	Quarantine calllog.Quarantine
	Replay     Replay
	Care       calllog.Care
	Routes     RouteBook
	Reports    Reports
	Finance    Finance
	Months     *control.Months
	Fleet      Fleet
	Office     *access.Office
	Audit      audit.Kept
	// Countries are those whose emergency numbers no table decides.
	Countries []string
	// Sides are the names of the two systems; empty where no migration is set up.
	Sides map[dualtone.Side]string
	// Names are what people call what the systems know by an id alone, such as a queue.
	Names map[string]string
	// URL is where browsers find the console; empty where they use whatever address
	// it listens on.
	URL string
	// Region is the country of numbers that a user list writes without one.
	Region string
	Now    func() time.Time
	Log    *slog.Logger

	router *console.Router
	named  *strings.Replacer // ids by Names
	// streaming counts a stream that is open until what it returns is called.
	streaming func() (end func())
	hub       hub
	drawn     drawings
}

// viewer is who asks.
func viewer(r *http.Request) Viewer {
	if v, ok := r.Context().Value(readerKey{}).(Viewer); ok {
		return v
	}
	who, known := access.From(r.Context())
	return Viewer{Actor: who, CanLeave: known && who.Kind == access.Person}
}

// Register adds the pages to a server.
func (d *Desk) Register(s *console.Server) {
	d.router, d.streaming, d.named = s.Router, s.Streaming, replacer(d.Names)
	s.Show(doors{d})
	d.registerPlans(s.Router)
	d.registerPeople(s.Router)
	d.registerCalls(s.Router)
	d.registerOwn(s.Router)
	d.registerLinks(s.Router)
	t := s.Router
	t.Open("/", d.show("Not found", "", nowhere))
	t.Read("GET /{$}", access.PlanRead, http.RedirectHandler("/plans", http.StatusSeeOther))
	t.Read("GET /routes", access.RouteRead, d.show("Routes", "/routes", d.routes))
	t.Read("GET /reports", access.ReportRead, d.show("Reports", "/reports", d.reports))
	t.Read("GET /reports/traffic", access.ReportRead, d.show("Traffic", "/reports", d.traffic))
	for _, format := range trafficFormats() {
		t.Read("GET /reports/traffic."+format, access.ReportRead, d.download("/reports", d.trafficFile(format)))
	}
	t.Read("GET /reports/cost/{report}", access.ReportFinance, d.show("Costs", "/reports", d.costs))
	t.Read("GET /reports/cost/{report}/{format}", access.ReportFinance, d.download("/reports", d.costsFile))
	t.Read("GET /reports/chart/{report}/{chart}", access.ReportFinance, d.download("/reports", d.costsChart))
	t.Read("GET /reports/months", access.ReportFinance, d.show("Months", "/reports", d.months))
	t.Read("GET /reports/months/preview", access.ReportFinance, d.show("Month", "/reports", d.previewMonth))
	t.Write("POST /reports/months", access.ReportClose, d.act("/reports", d.closeMonth))
	t.Read("GET /systems", access.SystemRead, d.show("Systems", "/systems", d.fleet))
	t.Read("GET /systems/health", access.SystemCheck, d.show("Health", "/systems", d.healths))
}

// replacer writes names instead of ids.
func replacer(names map[string]string) *strings.Replacer {
	var pairs []string
	for id, name := range names {
		pairs = append(pairs, id, name)
	}
	return strings.NewReplacer(pairs...)
}

// nowhere answers for every address that is no page.
func nowhere(r *http.Request, _ page) (templ.Component, error) {
	return nil, fmt.Errorf("page %s: %w", r.URL.Path, dualtone.ErrNotFound)
}

func (d *Desk) registerPlans(t *console.Router) {
	t.Read("GET /plans", access.PlanRead, d.show("Plans", "/plans", d.plans))
	t.Read("GET /plans/edit", access.PlanRead, d.show("Write a plan", "/plans", d.editPlan))
	t.Read("POST /plans/lint", access.PlanRead, d.show("Lint", "/plans", d.lintPlan))
	t.Read("POST /plans/diff", access.PlanRead, d.show("Diff", "/plans", d.diffPlan))
	t.Write("POST /plans/rehearse", access.PlanRehearse, d.act("/plans", d.rehearsePlan))
	t.Write("POST /plans/submit", access.PlanSubmit, d.act("/plans", d.submitPlan))
	t.Read("GET /plans/{plan}", access.PlanRead, d.show("Plan", "/plans", d.plan))
	t.Read("GET /plans/{plan}/live", access.PlanRead, d.follow("/plans", d.planLive))
	t.Read("GET /plans/{plan}/calls", access.SystemCheck, d.show("Calls", "/plans", d.onCalls))
	t.Read("GET /plans/{plan}/final", access.PlanRead, d.show("Before the point of no return", "/plans", d.beforeFinal))
	t.Read("GET /plans/{plan}/outcome", access.PlanRead, d.show("Outcome", "/plans", d.outcome))
	// Holding is what most may do; each verb is asked for by itself.
	t.Write("POST /plans/{plan}/orders", access.PlanHold, d.act("/plans", d.order))
	t.Write("POST /plans/{plan}/tasks", access.PlanProgress, d.act("/plans", d.moveTask))
	t.Read("POST /plans/{plan}/evidence/{stage}", access.PlanRead, d.download("/plans", d.packOf))
}

func (d *Desk) registerPeople(t *console.Router) {
	t.Read("GET /users", access.PeopleRead, d.show("Users", "/users", d.users))
	t.Read("GET /users/import", access.PeopleRead, d.show("Take in a user list", "/users", d.importForm))
	t.Write("POST /users/import", access.PeopleImport, d.act("/users", d.importList))
	t.Read("POST /users/import/faults", access.PeopleRead, d.download("/users", d.importFaults))
	t.Read("GET /users/import/template", access.PeopleRead, d.download("/users", d.importTemplate))
	t.Write("GET /users/match", access.PeopleMatch, d.show("Match accounts", "/users", d.matchForm))
	t.Write("POST /users/match", access.PeopleMatch, d.act("/users", d.match))
	t.Read("GET /users/{user}", access.JournalRead, d.show("User", "/users", d.user))
	t.Read("GET /users/{user}/calls", access.CallRead, d.show("Calls of a user", "/users", d.userCalls))
	t.Read("GET /users/{user}/preview", access.SwitchPreview, d.show("What a switch would change", "/users", d.preview))
	t.Write("POST /users/{user}/switch", access.SwitchMove, d.act("/users", d.switchUser))

	t.Read("GET /cohorts", access.CohortRead, d.show("Cohorts", "/cohorts", d.cohorts))
	t.Read("GET /cohorts/new", access.CohortRead, d.show("Make a cohort", "/cohorts", d.newCohort))
	t.Write("POST /cohorts/new", access.CohortEdit, d.act("/cohorts", d.makeCohort))
	t.Read("GET /cohorts/{cohort}", access.CohortRead, d.show("Cohort", "/cohorts", d.cohort))
	t.Read("GET /cohorts/{cohort}/live", access.CohortRead, d.follow("/cohorts", d.cohortLive))
	t.Write("POST /cohorts/{cohort}/orders", access.CohortOrder, d.act("/cohorts", d.cohortOrder))
}

func (d *Desk) registerCalls(t *console.Router) {
	t.Read("GET /calls", access.CallRead, d.show("Calls", "/calls", d.calls))
	t.Read("GET /calls/leg", access.CallRead, d.show("Call", "/calls", d.call))
	t.Read("GET /calls/of/{call}", access.CallRead, d.show("Call", "/calls", d.call))
	t.Read("GET /calls/ambiguous", access.CallRead, d.show("Ambiguous legs", "/calls", d.ambiguous))
	t.Write("POST /calls/ambiguous", access.CallDecide, d.act("/calls", d.ruleLeg))
	t.Read("GET /calls/rulings", access.CallRead, d.show("What people said of legs", "/calls", d.rulings))
	t.Write("POST /calls/rulings", access.CallDecide, d.act("/calls", d.withdrawRuling))
	t.Read("GET /calls/reconcile", access.CallRead, d.show("Against the CRM", "/calls", d.reconciled))
	t.Write("POST /calls/reconcile", access.CallDecide, d.act("/calls", d.sayOf))
	t.Read("GET /calls/unmatched", access.CallRead, d.show("Without a call", "/calls", d.unmatched))
	t.Read("GET /calls/quarantine", access.CallRead, d.show("Quarantine", "/calls", d.quarantine))
	t.Read("GET /calls/quarantine/{row}", access.CallRaw, d.show("Row in quarantine", "/calls", d.badRow))
	t.Write("POST /calls/quarantine", access.CallRepair, d.act("/calls", d.replayAll))
	t.Write("POST /calls/quarantine/{row}", access.CallRepair, d.act("/calls", d.fixRow))
}

// done303 is an answer to an order that was taken: back to a page, which tells.
func done303(to, told string) error { return redirect{to: to, told: told} }

// act serves an order. To htmx, which sent it from a dialog, it answers what went
// wrong as a piece of that dialog; to a browser without a script as a page.
func (d *Desk) act(section string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := page{section: section, viewer: viewer(r)}
		content, err := h(r, p)
		var elsewhere redirect
		switch {
		case errors.As(err, &elsewhere):
			tell(w, r, elsewhere.told)
			if byScript(r) {
				w.Header().Set("Hx-Redirect", p.viewer.link(elsewhere.to))
				return
			}
			http.Redirect(w, r, p.viewer.link(elsewhere.to), http.StatusSeeOther)
		case err != nil && byScript(r):
			t := problemOf(err)
			if t.status == http.StatusInternalServerError {
				d.Log.ErrorContext(r.Context(), "order", "request", console.RequestID(r.Context()), "route", r.Pattern, "error", err)
			}
			d.write(r.Context(), w, t.status, refusal(t))
		case err != nil:
			d.fail(w, r, p, err)
		default:
			d.write(r.Context(), w, http.StatusOK, content)
		}
	})
}

// toldCookie carries what an order came to, over the redirect that answers it.
const toldCookie = "dualtone_told"

func tell(w http.ResponseWriter, r *http.Request, told string) {
	if told != "" {
		note(w, r, url.QueryEscape(told), 30)
	}
}

func note(w http.ResponseWriter, r *http.Request, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // it is secure wherever the page itself is
		Name: toldCookie, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: console.Secure(r.Context()),
	})
}

func (d *Desk) told(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(toldCookie)
	if err != nil {
		return ""
	}
	note(w, r, "", -1)
	told, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return told
}
