package pages

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/console/static"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

// Desk serves the pages. Everything that they show is read through its ports, and
// everything that they order goes through control.
type Desk struct {
	Plans      *control.Plans
	Control    *control.Control
	Rehearsals rehearsal.Store
	People     cutover.People
	Cohorts    cutover.Cohorts
	Switches   cutover.Switches

	Calls      calllog.Log
	Book       Book
	Quarantine calllog.Quarantine
	Routes     RouteBook
	Reports    Reports
	Fleet      Fleet
	// Region is the country of numbers that a user list writes without one.
	Region string
	Gate   *access.Gate
	// Viewer says who asks.
	Viewer func(*http.Request) Viewer
	Now    func() time.Time
	Log    *slog.Logger

	hub hub
}

// Register adds the pages to a server.
func (d *Desk) Register(mux *http.ServeMux) {
	mux.Handle("GET "+static.Prefix, static.Handler())
	mux.Handle("GET /plans", d.show("Plans", "/plans", access.PlanRead, d.plans))
	mux.Handle("GET /plans/{plan}", d.show("Plan", "/plans", access.PlanRead, d.plan))
	mux.Handle("GET /plans/{plan}/live", d.follow("/plans", access.PlanRead, d.planLive))
	mux.Handle("POST /plans/{plan}/orders", d.act("/plans", d.order))

	mux.Handle("GET /users/import", d.show("Take in a user list", "/users", access.PeopleImport, d.importForm))
	mux.Handle("POST /users/import", d.act("/users", d.importList))
	mux.Handle("POST /users/import/faults", d.download("/users", access.PeopleRead, d.importFaults))
	mux.Handle("GET /users/import/template", d.download("/users", access.PeopleRead, d.importTemplate))
	mux.Handle("GET /users", d.show("Users", "/users", access.PeopleRead, d.users))
	mux.Handle("GET /users/{user}", d.show("User", "/users", access.JournalRead, d.user))
	mux.Handle("GET /users/{user}/preview", d.show("What a switch would change", "/users", access.SwitchPreview, d.preview))
	mux.Handle("POST /users/{user}/switch", d.act("/users", d.switchUser))

	mux.Handle("GET /cohorts", d.show("Cohorts", "/cohorts", access.CohortRead, d.cohorts))
	mux.Handle("GET /cohorts/new", d.show("Make a cohort", "/cohorts", access.CohortEdit, d.newCohort))
	mux.Handle("POST /cohorts/new", d.act("/cohorts", d.makeCohort))
	mux.Handle("GET /cohorts/{cohort}", d.show("Cohort", "/cohorts", access.CohortRead, d.cohort))
	mux.Handle("GET /cohorts/{cohort}/live", d.follow("/cohorts", access.CohortRead, d.cohortLive))
	mux.Handle("POST /cohorts/{cohort}/orders", d.act("/cohorts", d.cohortOrder))

	mux.Handle("GET /calls", d.show("Calls", "/calls", access.CallRead, d.calls))
	mux.Handle("GET /calls/leg", d.show("Call", "/calls", access.CallRead, d.call))
	mux.Handle("GET /calls/of/{call}", d.show("Call", "/calls", access.CallRead, d.call))
	mux.Handle("GET /calls/ambiguous", d.show("Ambiguous legs", "/calls", access.CallRead, d.ambiguous))
	mux.Handle("GET /calls/reconcile", d.show("Against the CRM", "/calls", access.CallRead, d.reconciled))
	mux.Handle("GET /calls/quarantine", d.show("Quarantine", "/calls", access.CallRead, d.quarantine))
	mux.Handle("GET /calls/quarantine/{row}", d.show("Row in quarantine", "/calls", access.CallRaw, d.badRow))
	mux.Handle("POST /calls/quarantine/{row}", d.act("/calls", d.fixRow))

	mux.Handle("GET /routes", d.show("Routes", "/routes", access.RouteRead, d.routes))
	mux.Handle("GET /reports", d.show("Reports", "/reports", access.ReportRead, d.reports))
	mux.Handle("GET /reports/traffic", d.show("Traffic", "/reports", access.ReportRead, d.traffic))
	mux.Handle("GET /reports/traffic.csv", d.download("/reports", access.ReportRead, d.trafficCSV))
	mux.Handle("GET /systems", d.show("Systems", "/systems", access.SystemRead, d.fleet))
	mux.Handle("GET /systems/health", d.show("Health", "/systems", access.SystemCheck, d.healths))
	mux.Handle("GET /{$}", http.RedirectHandler("/plans", http.StatusSeeOther))
}

// done303 is an answer to an order that was taken: back to a page, which tells.
func done303(to, told string) error { return redirect{to: to, told: told} }

// act serves an order. To htmx, which sent it from a dialog, it answers what went
// wrong as a piece of that dialog; to a browser without a script as a page.
func (d *Desk) act(section string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := page{section: section, viewer: d.Viewer(r)}
		byScript := r.Header.Get("Hx-Request") == "true"
		content, err := h(r, p)
		var elsewhere redirect
		switch {
		case errors.As(err, &elsewhere):
			tell(w, elsewhere.told)
			if byScript {
				w.Header().Set("Hx-Redirect", p.viewer.link(elsewhere.to))
				return
			}
			http.Redirect(w, r, p.viewer.link(elsewhere.to), http.StatusSeeOther)
		case err != nil && byScript:
			t := problemOf(err)
			if t.status == http.StatusInternalServerError {
				d.Log.ErrorContext(r.Context(), "order", "path", r.URL.Path, "error", err)
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

func tell(w http.ResponseWriter, told string) {
	if told != "" {
		http.SetCookie(w, &http.Cookie{
			Name: toldCookie, Value: url.QueryEscape(told), Path: "/", MaxAge: 30, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
	}
}

func (d *Desk) told(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(toldCookie)
	if err != nil {
		return ""
	}
	http.SetCookie(w, &http.Cookie{Name: toldCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	told, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return told
}
