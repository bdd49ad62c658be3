package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/report/statement"
)

const reportDeliverLong = `A delivery is a report of finance that goes out by itself: by a schedule, to
mailboxes or to a folder of the workers, in the one that reports.folder names. Each time it is as of
the day before in its time zone, and as known when it began; tried again after a
failure it has the same figures. A mail that was taken is never sent again.`

func reportDeliver(a *app) *cobra.Command {
	cmd := group("deliver", "Reports that go out by themselves, by mail or to a folder",
		deliverAdd(a), deliverList(a), deliverRemove(a), deliverRun(a), deliverSwitch(a, false), deliverSwitch(a, true), deliverHistory(a))
	cmd.Long = reportDeliverLong
	return cmd
}

func deliverAdd(a *app) *cobra.Command {
	var f financeFlags
	var d delivery.Delivery
	var dryRun bool
	cmd := &cobra.Command{
		Use: "add NAME REPORT", Short: "Have a report go out by itself",
		Args: takes("NAME", "REPORT ("+reports()+")"),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := statement.ParseReport(args[1])
			if err != nil {
				return usage(cmd, unmarked(err))
			}
			job, err := f.job(cmd, a, report)
			if err != nil {
				return err
			}
			d.Name, d.Request, d.Format, d.Table, d.Added = args[0], job.Request, job.Format, job.Table, a.now().UTC()
			if err := d.Check(); err != nil {
				return usage(cmd, unmarked(err))
			}
			if err := a.deliverable(&d); err != nil {
				return err
			}
			made, err := eitherDesk(cmd.Context(), a, "", func(s server) (delivery.Delivery, error) {
				return sent[delivery.Delivery](cmd.Context(), s, "/deliveries", api.NewDelivery{
					Name: d.Name, Report: report, Format: d.Format, Table: d.Table, Ask: f.asked(), Cron: d.Cron, Zone: d.Zone, To: d.To, Folder: d.Folder,
					DryRun: dryRun,
				})
			}, func(k *desk) (delivery.Delivery, error) {
				d.Actor = k.why.Actor
				if dryRun {
					return d, nil
				}
				return d, k.control.AddDelivery(cmd.Context(), k.stores.deliveries, d)
			})
			if errors.Is(err, dualtone.ErrConflict) {
				return hint(err, "dualtone report deliver remove "+d.Name+" takes the other one out")
			}
			if err != nil {
				return err
			}
			return a.show(made, func(t *table) {
				t.line("%s: %s as %s, %s, to %s.", made.Name, made.Request.Report, made.Format, when(&made), where(&made))
				if dryRun {
					t.line("Nothing was kept.")
				}
			})
		},
	}
	f.add(cmd, "")
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "xlsx", "table, json, csv, xlsx, pdf, focus or svg")
	flags.StringVar(&d.Cron, "cron", "", `when, as minute, hour, day, month and weekday, such as "0 7 1 * *", or @monthly (default: only when told to)`)
	flags.StringVar(&d.Zone, "zone", "UTC", "the time zone of the schedule and of the days")
	flags.StringSliceVar(&d.To, "mail", nil, "a mailbox; may be given often")
	flags.StringVar(&d.Folder, "folder", "", "a folder of the workers, in the one that reports.folder of the settings names")
	flags.BoolVar(&dryRun, "dry-run", false, "say what would go out, and keep nothing")
	return cmd
}

func reports() string {
	names := make([]string, len(statement.Reports()))
	for i, r := range statement.Reports() {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// deliverable refuses a delivery for which the settings name no way; a server has
// settings of its own.
func (a *app) deliverable(d *delivery.Delivery) error {
	cfg, err := a.settings()
	if err != nil || remote(cfg) {
		return err
	}
	return ways(cfg).Check(d)
}

func when(d *delivery.Delivery) string {
	if d.Cron == "" {
		return "when told to"
	}
	return "at " + d.Cron + " in " + d.Zone
}

func where(d *delivery.Delivery) string {
	if d.Folder != "" {
		return d.Folder
	}
	return strings.Join(d.To, ", ")
}

// listedDelivery is a delivery with what became of its last run.
type listedDelivery struct {
	delivery.Delivery

	Last *delivery.Run `json:"last,omitempty"`
	// Schedule is nil where there is none, and where Temporal does not answer.
	Schedule *control.Schedule `json:"schedule,omitempty"`
}

// delivery is one that a server keeps.
func (s server) delivery(ctx context.Context, name string) (d listedDelivery, err error) {
	return d, s.Get(ctx, client.Path("deliveries", name), nil, &d)
}

// next says when a delivery goes out.
func (d *listedDelivery) next() string {
	switch {
	case d.Cron == "":
		return "when told to"
	case d.Schedule == nil:
		return "unknown"
	case !d.Schedule.On:
		return "off"
	default:
		return clock(d.Schedule.Next)
	}
}

func deliverList(a *app) *cobra.Command {
	var after string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List deliveries, when each goes out next, and what became of it the last time", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := either(cmd.Context(), a, func(s server) ([]listedDelivery, error) {
				return listed[listedDelivery](cmd.Context(), s, "/deliveries", client.Query{}.Text("after", after), oneMore(limit))
			}, func(cfg *config.Config, s *stores) ([]listedDelivery, error) {
				all, err := s.deliveries.List(cmd.Context(), after, oneMore(limit))
				if err != nil {
					return nil, err
				}
				items, err := withLastRuns(cmd, s, all)
				if err != nil {
					return nil, err
				}
				return items, a.withSchedules(cmd.Context(), cfg, items)
			})
			if err != nil {
				return err
			}
			shown := page(found, limit, func(d listedDelivery) string { return d.Name })
			return showList(a, shown, "No deliveries: dualtone report deliver add makes one.", func(t *table) {
				t.row("NAME", "REPORT", "FORMAT", "WHEN", "ZONE", "TO", "NEXT", "LAST", "STATE")
				for _, d := range shown.Items {
					last, state := "-", "-"
					if d.Last != nil {
						last, state = clock(d.Last.Began), string(d.Last.State)
					}
					t.row(d.Name, string(d.Request.Report), string(d.Format), dash(d.Cron), d.Zone, where(&d.Delivery), d.next(), last, state)
				}
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this name")
	limitFlag(cmd, &limit, 100, "deliveries")
	return cmd
}

// lastRun is that of a delivery; nil without one.
func lastRun(ctx context.Context, s *stores, name string) (*delivery.Run, error) {
	runs, err := s.deliveries.Runs(ctx, delivery.RunsQuery{Delivery: name, Limit: 1})
	if len(runs) == 0 {
		return nil, err
	}
	return &runs[0], err
}

// withLastRuns adds to deliveries what became of each the last time.
func withLastRuns(cmd *cobra.Command, s *stores, all []delivery.Delivery) ([]listedDelivery, error) {
	items := make([]listedDelivery, len(all))
	for i, d := range all {
		items[i].Delivery = d
		var err error
		if items[i].Last, err = lastRun(cmd.Context(), s, d.Name); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// withSchedules adds to deliveries when each goes out. A Temporal that is away keeps
// nobody from seeing which there are.
func (a *app) withSchedules(ctx context.Context, cfg *config.Config, all []listedDelivery) error {
	if !slices.ContainsFunc(all, func(d listedDelivery) bool { return d.Cron != "" }) {
		return nil
	}
	c, err := a.openTemporal(ctx, cfg)
	if err != nil {
		a.logger(cfg).WarnContext(ctx, "when deliveries go out next is not known", "error", err)
		return nil
	}
	defer c.Close()
	orders := control.Control{Client: c, TaskQueue: taskQueue}
	for i := range all {
		if all[i].Cron == "" {
			continue
		}
		s, err := orders.DeliverySchedule(ctx, all[i].Name)
		if err == nil {
			all[i].Schedule = &s
		} else if !isNotFound(err) {
			return err
		}
	}
	return nil
}

func deliverRemove(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Stop a report from going out; what became of it stays known", Args: takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := eitherDesk(cmd.Context(), a, "", func(s server) (delivery.Delivery, error) {
				d, err := s.delivery(cmd.Context(), args[0])
				if err != nil {
					return d.Delivery, err
				}
				return d.Delivery, s.Delete(cmd.Context(), client.Path("deliveries", d.Name), ending(dryRun), nil)
			}, func(k *desk) (delivery.Delivery, error) {
				d, err := k.stores.deliveries.Get(cmd.Context(), args[0])
				if err != nil || dryRun {
					return d, err
				}
				return d, k.control.RemoveDelivery(cmd.Context(), k.stores.deliveries, d.Name)
			})
			if err != nil {
				return err
			}
			return a.show(d, func(t *table) {
				t.line("%s goes out no more.", d.Name)
				if dryRun {
					t.line("Nothing was changed.")
				}
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be removed, and change nothing")
	return cmd
}

func deliverRun(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "run NAME", Short: "Have a report go out now, beside its schedule", Args: takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var d delivery.Delivery
			done, err := eitherDesk(cmd.Context(), a, "", func(s server) (done activities.Delivered, err error) {
				kept, err := s.delivery(cmd.Context(), args[0])
				if d = kept.Delivery; err != nil || dryRun {
					return done, err
				}
				latest := func(ctx context.Context) (time.Time, error) {
					kept, err := s.delivery(ctx, d.Name)
					return began(kept.Last), err
				}
				err = a.whileDone(cmd.Context(), "delivery "+d.Name, runSince(began(kept.Last), latest), func() (err error) {
					done, err = sent[activities.Delivered](cmd.Context(), s, client.Path("deliveries", d.Name)+"/run", api.ScheduleOrder{})
					return err
				})
				return done, err
			}, func(k *desk) (done activities.Delivered, err error) {
				if d, err = k.stores.deliveries.Get(cmd.Context(), args[0]); err != nil || dryRun {
					return done, err
				}
				latest := func(ctx context.Context) (time.Time, error) {
					run, err := lastRun(ctx, k.stores, d.Name)
					return began(run), err
				}
				before, err := latest(cmd.Context())
				if err != nil {
					return done, err
				}
				err = a.whileDone(cmd.Context(), "delivery "+d.Name, runSince(before, latest), func() (err error) {
					done, err = k.control.Deliver(cmd.Context(), d.Name)
					return err
				})
				return done, err
			})
			switch {
			case err != nil && d.Name != "":
				return hint(err, "dualtone report deliver history "+d.Name+" tells what was tried")
			case err != nil:
				return err
			case dryRun:
				return a.show(d, func(t *table) {
					t.line("%s would go out as %s to %s.", d.Request.Report, d.Format, where(&d))
					t.line("Nothing was sent.")
				})
			}
			return a.show(done, func(t *table) {
				t.line("%s is out, to %s:", d.Name, where(&d))
				for _, file := range done.Files {
					t.line("  %s", file)
				}
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would go out, and send nothing")
	return cmd
}

func deliverHistory(a *app) *cobra.Command {
	var before string
	var state delivery.State
	var limit int
	cmd := &cobra.Command{
		Use: "history [NAME]", Short: "What became of deliveries, the latest first", Args: takes("[NAME]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := delivery.RunsQuery{State: state, Limit: oneMore(limit)}
			if len(args) > 0 {
				q.Delivery = args[0]
			}
			if before != "" {
				var err error
				if q.Before, err = time.Parse(time.RFC3339Nano, before); err != nil {
					return usage(cmd, fmt.Sprintf("--after %q: want a time such as 2026-11-03T09:00:00Z", before))
				}
			}
			all, err := either(cmd.Context(), a, func(s server) ([]delivery.Run, error) {
				return listed[delivery.Run](cmd.Context(), s, "/deliveries/runs", client.Query{}.Text("delivery", q.Delivery).Text("state", string(state)).Time("after", q.Before), q.Limit)
			}, func(_ *config.Config, s *stores) ([]delivery.Run, error) { return s.deliveries.Runs(cmd.Context(), q) })
			if err != nil {
				return err
			}
			shown := page(all, limit, func(r delivery.Run) string { return r.Began.Format(time.RFC3339Nano) })
			return showList(a, shown, "Nothing went out yet.", func(t *table) {
				t.row("BEGAN", "DELIVERY", "STATE", "TRIED", "FILES", "FAILURE")
				for _, r := range shown.Items {
					t.row(clock(r.Began), r.Delivery, string(r.State), strconv.Itoa(r.Attempts), dash(strings.Join(r.Files, " ")), dash(r.Failure))
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&before, "after", "", "go on after the run that began then")
	choiceFlag(cmd, &state, "state", "only runs in this state", delivery.Begun, delivery.Done, delivery.Failed)
	limitFlag(cmd, &limit, 50, "runs")
	return cmd
}
