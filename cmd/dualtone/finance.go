package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/finance/cost"
)

func financeCommand(a *app) *cobra.Command {
	return group("finance", "Contracts, invoices, and months that stay closed",
		group("contracts", "What contracts say, and every version of them",
			contractsLint(a), contractsImport(a), contractsList(a), contractsShow(a), contractsDiff(a), contractsSchema(a)),
		group("invoices", "What suppliers billed", invoicesImport(a), invoicesList(a)),
		group("focus", "Files in the form of FOCUS, ours or anybody's", focusCheck(a), focusRules(a)),
		financeSample(a),
		group("sampling", "The sampling that workers do every day by themselves", samplingShow(a), samplingSwitch(a, false), samplingSwitch(a, true)),
		financeClose(a), financeReopen(a), financeClosings(a))
}

func financeSample(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "sample", Short: "Bring the facts of finance up to date now",
		Long: "Has a worker read from switches, journal and call log who held which seat on which day, and ask each platform how many licenses " +
			"are in use. Workers do it every day by themselves. Days that were missed are made up for, except for what a platform showed on them.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := eitherDesk(cmd.Context(), a, "", func(s server) (done activities.SampledFinance, err error) {
				order := func() error {
					done, err = sent[activities.SampledFinance](cmd.Context(), s, "/finance/sample", api.ScheduleOrder{DryRun: dryRun})
					return err
				}
				if dryRun {
					err = order()
					return done, err
				}
				err = a.whileSampled(cmd.Context(), func(ctx context.Context) (latest control.Ordered, err error) {
					err = s.Get(ctx, "/finance/sample", nil, &latest)
					return latest, err
				}, order)
				return done, err
			}, func(d *desk) (done activities.SampledFinance, err error) {
				if dryRun {
					return done, nil
				}
				err = a.whileSampled(cmd.Context(), d.control.OrderedSample, func() error {
					done, err = d.control.SampleFinance(cmd.Context())
					return err
				})
				return done, err
			})
			if err != nil {
				return hint(err, "dualtone systems check tells how the systems are; a worker must be running")
			}
			return a.show(done, func(t *table) {
				if dryRun {
					t.line("A worker would sample the days since it last did. Nothing was kept.")
					return
				}
				for _, p := range done.Plans {
					t.line("plan %s: %s", p.Plan, keptText(p.People))
				}
				if len(done.Plans) == 0 {
					t.line("No plan was handed in yet, so no seats were sampled.")
				}
				t.line("licenses of %s: %s", done.Day, keptText(done.Figures))
				t.line("minutes: %s", keptText(done.Minutes))
				for _, why := range done.Lacking {
					t.line("not asked: %s", why)
				}
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "ask whether it could be done, and keep nothing")
	return cmd
}

// whileSampled has the facts of finance sampled, and tells when no worker takes that up.
func (a *app) whileSampled(ctx context.Context, latest func(context.Context) (control.Ordered, error), sample func() error) error {
	before, err := latest(ctx)
	if err != nil {
		return err
	}
	return a.whileDone(ctx, "the sampling", func(ctx context.Context) (bool, error) {
		now, err := latest(ctx)
		return now.Taken && !now.At.Equal(before.At), err
	}, sample)
}

func keptText(k cost.Kept) string {
	return fmt.Sprintf("%d new, %d changed, %d gone, %d the same", k.New, k.Changed, k.Gone, k.Same)
}
