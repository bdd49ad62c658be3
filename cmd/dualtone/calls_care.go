package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
)

// purposeFlags are what everything that removes data is asked.
type purposeFlags struct {
	reason string
	dryRun bool
}

func (p *purposeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.reason, "reason", "", "why, for the audit")
	cmd.Flags().BoolVar(&p.dryRun, "dry-run", false, "count what it would touch, and change nothing")
}

func (p *purposeFlags) check(cmd *cobra.Command) error {
	if p.reason == "" {
		return usage(cmd, "--reason missing: it stands in the audit")
	}
	return nil
}

func (p *purposeFlags) purpose(cfg *config.Config) calllog.Purpose {
	return calllog.Purpose{Actor: actor(cfg), Reason: p.reason, Dry: p.dryRun}
}

func (p *purposeFlags) why() api.Why { return api.Why{Reason: p.reason} }

func callsRetain(a *app) *cobra.Command {
	var days int
	var p purposeFlags
	cmd := &cobra.Command{
		Use: "retain KIND", Short: "Remove what is older than its retention; sums stay",
		Long: "Removes legs, raw (rows as received), quarantine (closed rows) or ledgers (by which what was known within a day can be " +
			"told) from more than so many days ago. Reports keep their figures.",
		Args: takes("KIND: legs, raw, quarantine or ledgers"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if days < 1 {
				return usage(cmd, "--days missing: how many days to keep")
			}
			if err := p.check(cmd); err != nil {
				return err
			}
			kind := calllog.RetentionKind(args[0])
			made, err := either(cmd.Context(), a, func(s server) (api.Cared[calllog.Removed], error) {
				return sent[api.Cared[calllog.Removed]](cmd.Context(), s, "/log/retain", api.CallRetention{Why: p.why(), Kind: kind, Days: days, DryRun: p.dryRun})
			}, func(cfg *config.Config, s *stores) (api.Cared[calllog.Removed], error) {
				removed, err := s.care.Retain(cmd.Context(), calllog.Retention{Purpose: p.purpose(cfg), Kind: kind, Before: retentionOf(a.now(), days)})
				return api.Cared[calllog.Removed]{DryRun: p.dryRun, Done: removed}, err
			})
			if err != nil {
				return err
			}
			return a.show(made, func(t *table) {
				removed := made.Done
				t.line("%s %d rows of %s from before %s.", verb(p.dryRun, "removed"), removed.Rows, removed.Kind, clock(removed.Before))
				if len(removed.Months) > 0 {
					t.line("Whole months: %s", strings.Join(removed.Months, ", "))
				}
			})
		},
	}
	cmd.Flags().IntVar(&days, "days", 0, "how many days to keep")
	p.add(cmd)
	return cmd
}

func verb(dryRun bool, what string) string {
	if dryRun {
		return "Would have " + what
	}
	return strings.ToUpper(what[:1]) + what[1:]
}

func callsErase(a *app) *cobra.Command {
	var e calllog.Erasure
	var p purposeFlags
	cmd := &cobra.Command{
		Use: "erase", Short: "Take one person's numbers and names out of the call log; sums stay",
		Long: "Takes a caller out by number, or an agent by account: legs, their past versions, the rows as received, and the " +
			"quarantine. A record that is read again stays erased. With --pseudonym the person's calls stay recognizable as one person's.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (e.Number == "") == (e.Agent == "") {
				return usage(cmd, "say either --number or --agent")
			}
			if err := p.check(cmd); err != nil {
				return err
			}
			made, err := either(cmd.Context(), a, func(s server) (api.Cared[calllog.Erased], error) {
				return sent[api.Cared[calllog.Erased]](cmd.Context(), s, "/log/erase", api.PersonErasure{
					Why: p.why(), Number: e.Number, Agent: e.Agent, Pseudonym: e.Pseudonym, DryRun: p.dryRun,
				})
			}, func(cfg *config.Config, s *stores) (api.Cared[calllog.Erased], error) {
				e.Purpose = p.purpose(cfg)
				erased, err := s.care.Erase(cmd.Context(), e)
				return api.Cared[calllog.Erased]{DryRun: p.dryRun, Done: erased}, err
			})
			if err != nil {
				return err
			}
			return a.show(made, func(t *table) {
				erased := made.Done
				t.line("%s one person in %d legs, %d past versions, %d rows as received and %d in quarantine.",
					verb(p.dryRun, "erased"), erased.Legs, erased.Past, erased.Raw, erased.Quarantine)
				if erased.Pseudonym != "" && !p.dryRun {
					t.line("They are called %s now.", erased.Pseudonym)
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar((*string)(&e.Number), "number", "", "the caller's number, such as +49301234567")
	flags.StringVar((*string)(&e.Agent), "agent", "", "the agent's account")
	flags.BoolVar(&e.Pseudonym, "pseudonym", false, "keep the calls together under a name that says nothing")
	p.add(cmd)
	return cmd
}

func callsAudit(a *app) *cobra.Command {
	var q calllog.AuditQuery
	cmd := &cobra.Command{
		Use: "audit", Short: "Who removed, erased or saw what of the call log, and why, the latest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			limited := q
			limited.Limit = oneMore(q.Limit)
			entries, err := either(cmd.Context(), a, func(s server) ([]calllog.AuditEntry, error) {
				return listed[calllog.AuditEntry](cmd.Context(), s, "/log/audit",
					client.Query{}.Text("by", q.Actor).Text("action", q.Action).Number("after", q.Before), limited.Limit)
			}, func(_ *config.Config, s *stores) ([]calllog.AuditEntry, error) {
				return s.care.Audited(cmd.Context(), limited)
			})
			if err != nil {
				return err
			}
			p := page(entries, q.Limit, func(e calllog.AuditEntry) string { return strconv.FormatInt(e.ID, 10) })
			return showList(a, p, "Nothing was done to the call log.", func(t *table) {
				t.row("ID", "TIME", "BY", "WHAT", "WHY", "DETAIL")
				for _, e := range p.Items {
					t.row(strconv.FormatInt(e.ID, 10), clock(e.At), dash(e.Actor), e.Action, e.Reason, detailOf(e.Detail))
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Actor, "by", "", "only what this person did")
	flags.StringVar(&q.Action, "action", "", "only this, such as erase")
	flags.Int64Var(&q.Before, "after", 0, "go on after this id, as the list before said")
	limitFlag(cmd, &q.Limit, 50, "entries")
	return cmd
}

func detailOf(detail map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(detail)) {
		if detail[name] != "" {
			parts = append(parts, name+" "+detail[name])
		}
	}
	return strings.Join(parts, ", ")
}

// retentionOf is when a retention begins, counted back from now.
func retentionOf(now time.Time, days int) time.Time {
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -days)
}
