package pages

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/console/chart"
	"github.com/dualtone/dualtone/report"
)

// Reports are the figures of both systems.
type Reports interface {
	Traffic(ctx context.Context, q report.Query) (report.Traffic, error)
	Closings(ctx context.Context) ([]report.Closing, error)
}

// reports leads to the reports.
func (d *Desk) reports(r *http.Request, p page) (templ.Component, error) {
	closed, err := d.Reports.Closings(r.Context())
	return reportsPage(p, closed), err
}

// trafficOf reads what a report of traffic is asked from its address.
func (d *Desk) trafficOf(q *query) (asked report.Query, err error) {
	zone := q.text("zone")
	if zone == "" {
		zone = "UTC"
	}
	if asked.Zone, err = time.LoadLocation(zone); err != nil {
		return asked, fmt.Errorf("zone %q: want a time zone such as Europe/Berlin: %w", zone, dualtone.ErrInvalid)
	}
	asked.Service, asked.Short, asked.Interval = 20*time.Second, 5*time.Second, report.Day
	asked.To = report.DateOf(d.Now().In(asked.Zone))
	if text := q.text("to"); text != "" {
		if asked.To, err = report.ParseDate(text); err != nil {
			return asked, err
		}
	}
	asked.From = asked.To.Next(-6)
	if text := q.text("from"); text != "" {
		if asked.From, err = report.ParseDate(text); err != nil {
			return asked, err
		}
	}
	if text := q.text("known_at"); text != "" {
		if asked.KnownAt, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return asked, fmt.Errorf("known_at %q: want a time such as 2026-11-03T09:00:00Z: %w", text, dualtone.ErrInvalid)
		}
	}
	switch q.text("by") {
	case "half_hour":
		asked.Interval = report.HalfHour
	case "queue":
		asked.Facet = report.ByQueue
	case "site":
		asked.Facet = report.BySite
	case "agent":
		asked.Facet = report.ByAgent
	}
	return asked, nil
}

// traffic is the report of both systems side by side.
func (d *Desk) traffic(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	asked, err := d.trafficOf(q)
	if err != nil {
		return nil, err
	}
	made, err := d.Reports.Traffic(r.Context(), asked)
	if err != nil {
		return nil, err
	}
	return trafficPage(p, q, &made, offeredBars(p, &made)), nil
}

// offeredBars draws how many calls each side was offered.
func offeredBars(p page, t *report.Traffic) chart.Bars {
	b := chart.Bars{
		ID: "offered", Title: "Calls offered", Text: "Calls offered to the old and the new system, one bar a row of the report.",
		Kinds: []chart.BarKind{{Name: "old", Class: "f-old"}, {Name: "new", Class: "f-new"}},
	}
	for _, r := range t.Rows {
		b.Bars = append(b.Bars, chart.Bar{Name: rowName(p, t, r), Values: []float64{float64(r.Old.Offered), float64(r.New.Offered)}})
	}
	return b
}

// rowName is what a row is about: its day, and its queue, site or agent. The day of a
// report of one day stands above.
func rowName(p page, t *report.Traffic, r report.Row) string {
	var parts []string
	oneDay := t.By != "" && t.Interval != report.HalfHour && t.From == t.To
	if !r.Start.IsZero() && !oneDay {
		zone, err := time.LoadLocation(t.Zone)
		if err != nil {
			zone = time.UTC
		}
		layout := "2 Jan"
		if t.Interval == report.HalfHour {
			layout = "2 Jan 15:04"
		}
		parts = append(parts, r.Start.In(zone).Format(layout))
	}
	if t.By != "" {
		parts = append(parts, orDash(p.named(r.Key)))
	}
	return strings.Join(parts, " ")
}

// heading is a column's name, with its unit where it has one.
func heading(c *report.Definition) string {
	switch {
	case strings.HasSuffix(c.Meaning, "milliseconds"):
		return c.Name + ", ms"
	case strings.HasSuffix(c.Meaning, "seconds"):
		return c.Name + ", s"
	default:
		return c.Name
	}
}
