package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
)

const workerPromoteLong = `Makes a build of the workers the current one. Workers have a build where
temporal.build (--build) is set. What begins from then on runs on the current
build. A switch and a cohort that run already end on the build on which they
began, so its workers stay up until they are done; plans and stages, which last
for weeks, move on to the current build with their next step.`

func workerPromoteCommand(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "promote BUILD", Short: "Let a build of the workers begin what is new", Long: workerPromoteLong,
		Args: takes("BUILD, the build of workers that are up"),
		RunE: func(cmd *cobra.Command, args []string) error {
			build := args[0]
			return a.withDesk(cmd.Context(), "", func(d *desk) error {
				now, err := d.control.Deployment(cmd.Context(), d.cfg.Temporal.Deployment)
				if err != nil {
					return hint(err, "start a worker with --build")
				}
				if !slices.Contains(now.Builds, build) {
					return hint(fmt.Errorf("no worker of build %s has come up; there are %s: %w", build, strings.Join(now.Builds, ", "), dualtone.ErrNotFound),
						"start one with dualtone worker --build "+build)
				}
				if dryRun {
					now.Current = build
				} else if now, err = d.control.Promote(cmd.Context(), now, build); err != nil {
					return err
				}
				return a.show(now, func(t *table) {
					t.line("%s: what begins from now on runs on build %s; before it was %s.", now.Name, now.Current, cmp.Or(now.Before, "workers without a build"))
					if dryRun {
						t.line("Nothing was written.")
					}
				})
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would change, and change nothing")
	return cmd
}
