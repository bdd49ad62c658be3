package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/config"
)

func auditCommand(a *app) *cobra.Command {
	return group("audit", "Who did what, when, in which role and why", auditList(a), auditVerify(a), auditExport(a), auditGuard(a))
}

// auditFlags select entries.
type auditFlags struct {
	q            audit.Query
	since, until string
	outcome      []string
}

func (f *auditFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.q.Actor, "who", "", "only what this one did")
	flags.StringVar(&f.q.Action, "action", "", "only this action, such as plan.start; plan. for all of plans")
	flags.StringVar(&f.q.Object, "object", "", "only what was done to this, such as plan/spring")
	flags.StringSliceVar(&f.outcome, "outcome", nil, "only allowed, denied or changed")
	flags.StringVar(&f.since, "since", "", "from this day or time on, or only the last hours, such as 24h")
	flags.StringVar(&f.until, "until", "", "before this day or time")
}

func (a *app) auditQuery(cmd *cobra.Command, f *auditFlags) (q audit.Query, err error) {
	q = f.q
	for _, o := range f.outcome {
		q.Outcomes = append(q.Outcomes, audit.Outcome(o))
	}
	if q.Since, err = a.since(cmd, f.since); err != nil {
		return q, err
	}
	q.Until, err = instant(cmd, "until", f.until)
	return q, err
}

func auditList(a *app) *cobra.Command {
	var f auditFlags
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List entries, the newest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := a.auditQuery(cmd, &f)
			if err != nil {
				return err
			}
			q.Newest, q.Limit = true, oneMore(limit)
			return a.withReads(cmd.Context(), func(r reads) error {
				found, err := r.Entries(cmd.Context(), q)
				if err != nil {
					return err
				}
				p := page(found, limit, func(e audit.Entry) string { return strconv.FormatInt(e.Serial, 10) })
				return showList(a, p, "Nothing was done.", func(t *table) {
					t.row("#", "AT", "WHO", "ROLE", "ACTION", "OBJECT", "OUTCOME", "REASON", "VIA")
					for _, e := range p.Items {
						t.row(strconv.FormatInt(e.Serial, 10), clock(e.At), e.Actor, dash(e.Role), e.Action, dash(e.Object), string(e.Outcome), dash(e.Reason), dash(e.Via))
					}
				})
			})
		},
	}
	f.bind(cmd)
	cmd.Flags().Int64Var(&f.q.After, "after", 0, "go on after this entry, as the list before said")
	limitFlag(cmd, &limit, 50, "entries")
	return cmd
}

func auditVerify(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Walk along the whole chain and tell where it is broken",
		Long: "Computes the hash of every entry anew. The hash at the end stands for all of them: kept elsewhere, it proves later that none was changed. " +
			"It also tells whether the program's user of the database could change the audit; dualtone audit guard sees to it that it cannot.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withReads(cmd.Context(), func(r reads) error {
				v, err := r.VerifyAudit(cmd.Context())
				if err != nil {
					return err
				}
				if err := a.show(v, func(t *table) { walkedTable(t, v) }); err != nil {
					return err
				}
				if v.Fault != "" {
					return hint(fmt.Errorf("audit: %s: %w", v.Fault, dualtone.ErrConflict), "somebody with rights of their own on the database changed it; compare with a backup")
				}
				return nil
			})
		},
	}
}

func walkedTable(t *table, v audit.Walked) {
	if v.Fault == "" {
		t.line("%d entries, unbroken. The last hash is %s.", v.Entries, dash(v.Hash))
	}
	if !v.Guarded {
		t.line("The program's user of the database owns the audit, so whoever has its password could change it and its chain: dualtone audit guard.")
	}
}

func auditExport(a *app) *cobra.Command {
	var f auditFlags
	var asCSV bool
	cmd := &cobra.Command{
		Use: "export", Short: "Write entries, oldest first: one JSON document a line, or CSV for spreadsheets", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := a.auditQuery(cmd, &f)
			if err != nil {
				return err
			}
			if cfg, err := a.settings(); err != nil || remote(cfg) {
				return errors.Join(err, a.exportThere(cmd.Context(), cfg, q, asCSV))
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				out := bufio.NewWriter(a.out)
				write := audit.WriteLines
				if asCSV {
					write = audit.WriteCSV
				}
				if err := write(cmd.Context(), s.audit, q, out); err != nil {
					return err
				}
				return out.Flush()
			})
		},
	}
	f.bind(cmd)
	cmd.Flags().BoolVar(&asCSV, "csv", false, "write CSV")
	return cmd
}

// exportThere writes what a server exports.
func (a *app) exportThere(ctx context.Context, cfg *config.Config, q audit.Query, asCSV bool) error {
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	format := "jsonl"
	if asCSV {
		format = "csv"
	}
	file, err := s.ExportAudit(ctx, q, format)
	if err != nil {
		return err
	}
	return copied(a.out, file)
}

func auditGuard(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "guard", Short: "Give the audit to a role of its own, so that the program can only add to it",
		Long: "Run it once, with --database-url naming an administrator of the database: it makes the role dualtone_auditor, to which nobody signs in, " +
			"and gives it the audit. The program's own user, if it is neither a superuser nor a member of that role, can then add entries and read them, and nothing else. " +
			"dualtone audit verify tells whether that is so.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				if dryRun {
					guarded, err := s.audit.Guarded(cmd.Context())
					if err != nil {
						return err
					}
					return a.show(map[string]bool{"guarded": guarded, "dry_run": true}, func(t *table) {
						t.line("The audit would belong to dualtone_auditor. Nothing was changed.")
					})
				}
				if err := s.audit.Guard(cmd.Context()); err != nil {
					return err
				}
				return a.show(map[string]bool{"guarded": true}, func(t *table) { t.line("The audit belongs to dualtone_auditor.") })
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be done, and change nothing")
	return cmd
}

// rolesCommand tells the table of roles.
func rolesCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "roles", Short: "Who may do what", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			return showList(a, list[access.Row]{Items: access.Table()}, "", func(t *table) {
				t.row("ACTION", "WHAT", "ROLES")
				for _, r := range access.Table() {
					t.row(string(r.Action), r.Does, joinTexts(r.Roles))
				}
			})
		},
	}
}
