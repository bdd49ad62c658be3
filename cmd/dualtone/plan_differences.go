package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const differencesLong = `What the newest comparisons of a plan's stages found: of people, what their switch
left and what the systems now say, and of calls, what the call log and the CRM's own
log say. A difference is explained by a rule, by a person, or open. What a person
says is about the difference as it is, holds until a day, and stands in the audit
log and in the stage's pack of evidence.`

// planDifferences is about what both systems do not say alike.
func planDifferences(a *app) *cobra.Command {
	cmd := group("differences", "What comparisons of both systems found, and what explains it",
		differencesList(a), differencesExplain(a), differencesWithdraw(a))
	cmd.Long = differencesLong
	return cmd
}

func differencesList(a *app) *cobra.Command {
	var q control.DifferenceQuery
	var limit int
	cmd := &cobra.Command{
		Use: "list PLAN", Short: "List the differences that the newest comparisons found", Args: takes("the PLAN's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Plan = args[0]
			return a.withDifferences(cmd.Context(), func(d differences, _ string) error {
				found, err := d.Differences(cmd.Context(), q)
				if err != nil {
					return hint(err, "dualtone plan list shows which there are")
				}
				shown := page(found, limit, func(d control.Difference) string { return d.Name() })
				return showList(a, shown, "No differences.", func(t *table) {
					t.row("STAGE", "GATE", "KEY", "OLD", "NEW", "WHY")
					for _, d := range shown.Items {
						t.row(d.Stage, d.Gate, d.Key, cmp.Or(d.Old, "-"), cmp.Or(d.New, "-"), cmp.Or(d.Explanation, "open"))
					}
				})
			})
		},
	}
	differenceFlags(cmd, &q)
	flags := cmd.Flags()
	flags.BoolVar(&q.OpenOnly, "open", false, "only those that nothing explains")
	flags.StringVar(&q.After, "after", "", "go on after this difference")
	limitFlag(cmd, &limit, 100, "differences")
	return cmd
}

func differenceFlags(cmd *cobra.Command, q *control.DifferenceQuery) {
	cmd.Flags().StringVar(&q.Stage, "stage", "", "only of this stage")
	cmd.Flags().StringVar(&q.Gate, "gate", "", "only of this comparison: user_state or call_log")
}

func differencesExplain(a *app) *cobra.Command {
	holds := "7d"
	cmd := a.differenceCommand("explain", "Say why a difference is no loss, and for how long that holds", func(x *control.Explanation) (err error) {
		x.For, err = plan.ParseDuration(holds)
		return err
	})
	cmd.Flags().StringVar(&holds, "for", holds, "how long it holds, as in 12h or 14d; then it must be looked at again")
	return cmd
}

func differencesWithdraw(a *app) *cobra.Command {
	return a.differenceCommand("withdraw", "Take back what was said of a difference, so that it is open again", func(x *control.Explanation) error {
		x.Withdraw = true
		return nil
	})
}

func (a *app) differenceCommand(name, short string, more func(*control.Explanation) error) *cobra.Command {
	var f acting
	var x control.Explanation
	cmd := &cobra.Command{
		Use: name + " PLAN KEY", Short: short, Args: takes("the PLAN's name", "the KEY of the difference"),
		RunE: func(cmd *cobra.Command, args []string) error {
			x.Plan, x.Key, x.Reason, x.Role, x.DryRun = args[0], args[1], f.reason, rollout.Role(f.role), f.dryRun
			if err := more(&x); err != nil {
				return err
			}
			return a.withDifferences(cmd.Context(), func(d differences, who string) error {
				if x.Actor = f.as; x.Actor == "" {
					x.Actor = who
				}
				said, err := d.Explain(cmd.Context(), x)
				if isNotFound(err) {
					return hint(err, "dualtone plan differences list "+x.Plan+" shows which there are")
				}
				if err != nil {
					return err
				}
				return a.show(map[string]any{"explained": said, "dry_run": x.DryRun, "next_steps": []string{"dualtone plan reconcile " + x.Plan}}, func(t *table) {
					explainedLines(t, said, x.DryRun)
				})
			})
		},
	}
	f.bind(cmd, plan.OperationsLead)
	differenceFlags(cmd, &x.DifferenceQuery)
	return cmd
}

func explainedLines(t *table, e rollout.Explained, dryRun bool) {
	is := "is"
	if dryRun {
		is = "would be"
	}
	what := fmt.Sprintf("%s of stage %s, %s", e.Key, e.Stage, e.Gate)
	if e.Until.IsZero() {
		t.line("%s: what was said of it %s taken back. The next comparison counts it as open.", what, is)
		return
	}
	t.line("%s: it %s %s", what, is, e.String())
	t.line("The next comparison counts it as explained: dualtone plan reconcile %s", e.Plan)
}
