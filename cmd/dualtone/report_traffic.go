package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/report"
)

const reportTrafficLong = `Sets the figures of both phone systems side by side: offered, answered,
abandoned, service level, average speed of answer, handle time with its parts,
transfers, screen pops, what the CRM holds, and quality. dualtone report
definitions says what each means, dualtone calls translations how each system's
words translate into them. Each side counts its own legs; both together count a
call that crossed them once, as its customer experienced it.

Days and half hours are those of --zone. The report says when what it holds was
known; with that time as --known-at the same figures come again, to the byte,
whatever was corrected since. A report of a period that was closed names what
came later.`

// trafficFlags are what a report of traffic is asked.
type trafficFlags struct {
	from, to, zone, known string
	by                    []string
	queue, site, agent    string
	service, short        time.Duration
	csv                   bool
	corrections           int
}

func reportTraffic(a *app) *cobra.Command {
	var f trafficFlags
	cmd := &cobra.Command{
		Use: "traffic", Short: "The figures of the old and the new system side by side", Long: reportTrafficLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := f.query(cmd, a.now())
			if err != nil {
				return err
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				made, err := r.Traffic(cmd.Context(), q, f.corrections)
				if err != nil {
					return err
				}
				if f.csv {
					return made.WriteCSV(a.out)
				}
				return a.show(made, func(t *table) { trafficTable(t, &made) })
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "first day (default: six days before --to)")
	flags.StringVar(&f.to, "to", "", "last day (default: today)")
	flags.StringVar(&f.zone, "zone", "UTC", "the time zone of days and half hours, such as Europe/Berlin")
	flags.StringSliceVar(&f.by, "by", []string{"day"}, "rows: day or half_hour or none, and queue, site or agent, such as day,queue")
	flags.StringVar(&f.queue, "queue", "", "only this queue, by its name on either system")
	flags.StringVar(&f.site, "site", "", "only this site")
	flags.StringVar(&f.agent, "agent", "", "only this agent's account")
	flags.DurationVar(&f.service, "service", 20*time.Second, "the wait of the service level")
	flags.DurationVar(&f.short, "short", 5*time.Second, "the wait up to which an abandoned call is a short one; 0 for none")
	flags.StringVar(&f.known, "known-at", "", "as it was known at this time, such as a report's own known_at (default: now)")
	flags.BoolVar(&f.csv, "csv", false, "write CSV for spreadsheets")
	flags.IntVar(&f.corrections, "corrections", 20, "how many corrections of a closed period to name")
	return cmd
}

func (f *trafficFlags) query(cmd *cobra.Command, now time.Time) (q report.Query, err error) {
	q.Service, q.Short = f.service, f.short
	if q.Zone, err = time.LoadLocation(f.zone); err != nil || f.zone == "" {
		return q, usage(cmd, fmt.Sprintf("--zone %q: want a time zone such as Europe/Berlin", f.zone))
	}
	q.To = report.DateOf(now.In(q.Zone))
	if f.to != "" {
		if q.To, err = report.ParseDate(f.to); err != nil {
			return q, err
		}
	}
	q.From = q.To.Next(-6)
	if f.from != "" {
		if q.From, err = report.ParseDate(f.from); err != nil {
			return q, err
		}
	}
	if f.known != "" {
		if q.KnownAt, err = time.Parse(time.RFC3339Nano, f.known); err != nil {
			return q, usage(cmd, fmt.Sprintf("--known-at %q: want a time such as 2026-11-03T09:00:00Z", f.known))
		}
	}
	return q, f.grouping(cmd, &q)
}

// grouping reads --by and what is selected, which is grouped by as well.
func (f *trafficFlags) grouping(cmd *cobra.Command, q *report.Query) error {
	facets := map[string]report.Facet{"queue": report.ByQueue, "site": report.BySite, "agent": report.ByAgent}
	group := func(facet report.Facet) error {
		if q.Facet != 0 && q.Facet != facet {
			return usage(cmd, fmt.Sprintf("rows by %s and by %s at once: want one of them", q.Facet, facet))
		}
		q.Facet = facet
		return nil
	}
	for _, by := range f.by {
		switch facet := facets[by]; {
		case facet != 0:
			if err := group(facet); err != nil {
				return err
			}
		case by == "day":
			q.Interval = report.Day
		case by == "half_hour" || by == "half-hour":
			q.Interval = report.HalfHour
		case by != "none":
			return usage(cmd, fmt.Sprintf("--by %q: want day, half_hour, none, queue, site or agent", by))
		}
	}
	for _, only := range []struct {
		facet report.Facet
		key   string
	}{{report.ByQueue, f.queue}, {report.BySite, f.site}, {report.ByAgent, f.agent}} {
		if only.key == "" {
			continue
		}
		if err := group(only.facet); err != nil {
			return err
		}
		q.Only = only.key
	}
	return nil
}

// traffic makes the report of what is known by now, or was.
func traffic(ctx context.Context, cfg *config.Config, s *stores, q report.Query, corrections int) (report.Traffic, error) {
	if q.KnownAt.IsZero() {
		if _, err := s.rollups.Settle(ctx); err != nil {
			return report.Traffic{}, err
		}
	}
	q.Sides = sidesOf(cfg)
	var notes []string
	if q.Facet == report.ByQueue {
		notes = sameQueue(&q, &cfg.Migration)
	}
	if q.Facet == report.ByAgent && q.Only == "" {
		people, err := accounts(ctx, s)
		if err != nil {
			return report.Traffic{}, err
		}
		q.Rename = func(system, account string) string {
			return cmp.Or(people[q.Sides[system]][dualtone.UserID(account)], account)
		}
	}
	made, err := report.Make(ctx, s.rollups, q)
	if err != nil {
		return made, err
	}
	made.Notes = append(made.Notes, notes...)
	return made, report.AddCorrections(ctx, s.rollups, &made, q.Zone, corrections)
}

// accounts are the people behind accounts, so that one who moved is one row.
func accounts(ctx context.Context, s *stores) (map[dualtone.Side]map[dualtone.UserID]string, error) {
	all, err := s.people.List(ctx, cutover.PeopleQuery{})
	people := map[dualtone.Side]map[dualtone.UserID]string{dualtone.Old: {}, dualtone.New: {}}
	for _, p := range all {
		for side, of := range people {
			if account := p.Accounts.On(side); account != "" {
				of[account] = string(p.ID)
			}
		}
	}
	return people, err
}

// shownColumns are those that fit a screen; CSV and JSON hold all.
func shownColumns() []report.Definition {
	var shown []report.Definition
	for _, d := range report.Definitions() {
		switch d.Column {
		case "talk", "hold", "wrap_up", "jitter_ms", "loss_rate", "legs", "connected", "deflected":
		default:
			shown = append(shown, d)
		}
	}
	return shown
}

func trafficTable(t *table, made *report.Traffic) {
	columns := shownColumns()
	head := []string{"FROM", "OF", "SIDE"}
	for _, d := range columns {
		head = append(head, strings.ToUpper(d.Name))
	}
	t.row(head...)
	for i := range made.Rows {
		sideRows(t, columns, made, &made.Rows[i], "")
	}
	sideRows(t, columns, made, &made.Total, "total")
	t.line("")
	t.line("%s to %s in %s; service within %d s, short within %d s.", made.From, made.To, made.Zone, made.Service, made.Short)
	t.line("Known at %s.", made.KnownAt.Format(time.RFC3339Nano))
	for _, n := range made.Notes {
		t.line("Note: %s.", n)
	}
	correctionsTable(t, made.Corrections)
}

func sideRows(t *table, columns []report.Definition, made *report.Traffic, r *report.Row, start string) {
	switch {
	case start != "":
	case made.Interval == report.Day:
		start = r.Start.Format(time.DateOnly)
	case made.Interval == report.HalfHour:
		start = r.Start.Format("2006-01-02 15:04 -0700")
	}
	for _, side := range []struct {
		name string
		line *report.Line
	}{{"old", &r.Old}, {"new", &r.New}, {"both", &r.Both}} {
		cells := []string{start, r.Key, side.name}
		for _, d := range columns {
			cells = append(cells, dash(d.Value(side.line)))
		}
		t.row(cells...)
		start = ""
	}
}

func correctionsTable(t *table, c *report.Corrections) {
	if c == nil {
		return
	}
	t.line("")
	if c.Decided > 0 {
		t.line("Since %s was closed, %d calls across both systems were put together or apart; both counts each once.", c.Closing.Name, c.Decided)
	}
	if len(c.Legs) == 0 {
		t.line("No leg came since %s was closed.", c.Closing.Name)
		return
	}
	t.line("Since %s was closed, known at %s, there came:", c.Closing.Name, c.Closing.KnownAt.Format(time.RFC3339Nano))
	t.row("STARTED", "LEG", "KNOWN", "WAS", "IS", "VERSION")
	for i := range c.Legs {
		l := &c.Legs[i]
		was := dash(l.Was)
		if l.Late() {
			was = "not known"
		}
		t.row(clock(l.Started), legName(l.LegID), clock(l.Known), was, dash(l.Now), strconv.Itoa(l.Version))
	}
	if c.More {
		t.line("And more: --corrections %d", 10*len(c.Legs))
	}
}
