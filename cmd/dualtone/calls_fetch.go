package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/calllog"
	callformat "github.com/dualtone/dualtone/calllog/format"
	dualtoneclient "github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/systems"
)

func callsFetch(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "fetch SYSTEM", Short: "Read a system's newest call records now",
		Long: "Has a worker read the records of a connected system from where the log stands to the newest, and waits for the end. " +
			"Workers do the same by themselves as often as calls.every says.",
		Args: takes("SYSTEM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := eitherDesk(cmd.Context(), a, "", func(s server) (activities.Ingested, error) {
				return sent[activities.Ingested](cmd.Context(), s, dualtoneclient.Path("systems", args[0])+"/records", api.ScheduleOrder{DryRun: dryRun})
			}, func(d *desk) (activities.Ingested, error) {
				if _, known := d.cfg.Systems[args[0]]; !known {
					return activities.Ingested{}, fmt.Errorf("system %q: %w", args[0], dualtone.ErrNotFound)
				}
				if dryRun {
					return activities.Ingested{System: args[0]}, nil
				}
				return d.control.IngestRecords(cmd.Context(), args[0])
			})
			if err != nil {
				return hint(err, "dualtone systems check tells how the system is; a worker must be running")
			}
			return a.show(done, func(t *table) {
				if dryRun {
					t.line("A worker would read the newest records of %s. Nothing was read.", done.System)
					return
				}
				w := done.Written
				t.line("%s: %d records, %d new, %d changed, %d the same, %d supplements, %d quarantined.",
					done.System, w.Rows, w.New, w.Changed, w.Same, w.Supplements, w.Quarantined)
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check that there is such a system, and read nothing")
	return cmd
}

// callRecords are the opened systems whose connectors hand over call records.
func callRecords(cfg *config.Config, s *stores, f *fleet) (*activities.CallRecords, error) {
	all := &activities.CallRecords{Store: s.calls, Settler: s.rollups, Systems: map[string]activities.RecordSystem{}}
	for name, p := range f.platforms {
		form, known := callformat.OfSystem(p.Kind)
		if !known || !p.Has(systems.CanRecords) {
			continue
		}
		options, _, err := cfg.Calls.Options(name)
		if err != nil {
			return nil, err
		}
		options.Country = cmp.Or(options.Country, cfg.Migration.Region)
		all.Systems[name] = activities.RecordSystem{
			Platform: p, Format: form.Name,
			Reader: func() (func([]byte) (calllog.Row, error), error) { return form.Records(options) },
		}
	}
	return all, nil
}

// scheduleRecords has the records of every such system read again and again.
func scheduleRecords(ctx context.Context, cfg *config.Config, c client.Client, records *activities.CallRecords) error {
	desk := &control.Control{Client: c, TaskQueue: taskQueue}
	for name := range records.Systems {
		if err := desk.ScheduleRecords(ctx, name, cfg.Calls.Every); err != nil {
			return fmt.Errorf("calls.every: %w", err)
		}
	}
	return nil
}
