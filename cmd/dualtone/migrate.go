package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/postgres"
)

func migrateCommand(a *app) *cobra.Command {
	var dryRun bool
	var program string
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date",
		Long: "Applies pending migrations. Any number of processes may do so at once; each migration is applied once. " +
			"Run with --database-url naming an administrator of the database and --program naming the role that the program signs in as, " +
			"it also gives the schema to that role, which it makes if there is none, and keeps the audit from it: the program then " +
			"adds to the audit and reads it, and can do nothing else to it.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			pool, err := a.openDatabase(ctx, cfg)
			if err != nil {
				return err
			}
			defer pool.Close()
			status, err := postgres.SchemaStatus(ctx, pool)
			if err != nil {
				return err
			}
			done := []string{}
			if !dryRun {
				if done, err = postgres.Migrate(ctx, pool, a.logger(cfg)); err != nil {
					return err
				}
				if program != "" {
					if err := postgres.HandOver(ctx, pool, program); err != nil {
						return err
					}
				}
			}
			return a.show(map[string]any{"applied": done, "pending": status.Pending, "dry_run": dryRun}, func(t *table) {
				switch {
				case dryRun && len(status.Pending) > 0:
					t.line("To be applied: %s", strings.Join(status.Pending, ", "))
				case len(done) > 0:
					t.line("Applied: %s", strings.Join(done, ", "))
				default:
					t.line("The schema is up to date.")
				}
				if program != "" && !dryRun {
					t.line("It belongs to %s, and the audit is guarded from it.", program)
				}
			})
		},
	}
	cmd.Flags().StringVar(&program, "program", "", "the role that the program signs in as, to which the schema is given")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be applied, and apply nothing")
	return cmd
}
