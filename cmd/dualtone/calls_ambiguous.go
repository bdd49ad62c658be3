package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/config"
)

func callsAmbiguous(a *app) *cobra.Command {
	return group("ambiguous", "Legs that fit several calls, and what people say of them",
		ambiguousList(a), ambiguousDecide(a), ambiguousUndo(a), ambiguousRulings(a))
}

func ambiguousList(a *app) *cobra.Command {
	var system, from, to, after string
	limit := 50
	cmd := &cobra.Command{
		Use: "list", Short: "List the legs that fit several calls, each with its candidates", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := calllog.AmbiguousQuery{System: system, Limit: limit + 1}
			var err error
			if q.From, err = date(cmd, "from", from); err != nil {
				return err
			}
			if q.To, err = date(cmd, "to", to); err != nil {
				return err
			}
			if !q.To.IsZero() {
				q.To = q.To.AddDate(0, 0, 1)
			}
			if q.After, err = placeArgument(cmd, after); err != nil {
				return err
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				found, err := s.stitches.Ambiguous(cmd.Context(), q)
				if err != nil {
					return err
				}
				p := page(found, limit, func(x calllog.Ambiguity) string {
					return x.Started.Format(time.RFC3339Nano) + "," + legName(x.Leg)
				})
				return showList(a, p, "No leg fits several calls.", func(t *table) { ambiguousTable(t, p.Items) })
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&system, "system", "", "only legs of this system")
	flags.StringVar(&from, "from", "", "only from this day on")
	flags.StringVar(&to, "to", "", "only to this day, included")
	flags.StringVar(&after, "after", "", "go on after this place of a list")
	flags.IntVar(&limit, "limit", limit, "how many at most")
	return cmd
}

func placeArgument(cmd *cobra.Command, text string) (calllog.Place, error) {
	if text == "" {
		return calllog.Place{}, nil
	}
	at, leg, _ := strings.Cut(text, ",")
	started, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return calllog.Place{}, usage(cmd, fmt.Sprintf("--after %q is no place of such a list", text))
	}
	id, err := legArgument(cmd, leg)
	return calllog.Place{Started: started, LegID: id}, err
}

func ambiguousTable(t *table, all []calllog.Ambiguity) {
	t.row("STARTED", "LEG", "MAY HAVE COME FROM", "SURE", "WHY")
	for _, x := range all {
		at, leg := clock(x.Started), legName(x.Leg)
		for _, c := range x.Candidates {
			t.row(at, leg, legName(c.Leg), fmt.Sprintf("%d %%", c.Confidence), c.Why)
			at, leg = "", ""
		}
	}
}

func ambiguousDecide(a *app) *cobra.Command {
	var to, reason string
	var apart, dryRun bool
	cmd := &cobra.Command{
		Use: "decide SYSTEM/RECORD", Short: "Say which call a leg belongs to, or that it is apart",
		Long: "Keeps what you say with your name and reason. It counts above everything that is found out, until it is taken back.",
		Args: takes("SYSTEM/RECORD, the leg"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (to == "") == !apart {
				return usage(cmd, "say either --to SYSTEM/RECORD or --apart")
			}
			if reason == "" {
				return usage(cmd, "--reason missing: others will want to know why")
			}
			r := calllog.Ruling{Reason: reason}
			var err error
			if r.Leg, err = legArgument(cmd, args[0]); err != nil {
				return err
			}
			if to != "" {
				if r.To, err = legArgument(cmd, to); err != nil {
					return err
				}
			}
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				r.Actor, r.At = actor(cfg), a.now().UTC()
				place, err := s.stitches.Find(cmd.Context(), r.Leg)
				if err != nil {
					return err
				}
				r.Started = place.Started
				if !dryRun {
					if err := s.stitches.Rule(cmd.Context(), r); err != nil {
						return err
					}
				}
				return a.show(ruled{r, dryRun}, func(t *table) { ruledLine(t, r, dryRun) })
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "the leg that it came from or belongs to, as SYSTEM/RECORD")
	flags.BoolVar(&apart, "apart", false, "it belongs to no other leg")
	flags.StringVar(&reason, "reason", "", "why you think so")
	flags.BoolVar(&dryRun, "dry-run", false, "check it and keep nothing")
	return cmd
}

type ruled struct {
	calllog.Ruling

	DryRun bool `json:"dry_run"`
}

func ruledLine(t *table, r calllog.Ruling, dryRun bool) {
	what := "apart from all others"
	if r.To != (calllog.LegID{}) {
		what = "one call with " + legName(r.To)
	}
	if dryRun {
		t.line("%s would be %s. Nothing was kept.", legName(r.Leg), what)
		return
	}
	t.line("%s is %s, says %s. The next dualtone calls stitch does it.", legName(r.Leg), what, r.Actor)
}

func ambiguousUndo(a *app) *cobra.Command {
	var reason string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "undo SYSTEM/RECORD", Short: "Take back what was said of a leg", Args: takes("SYSTEM/RECORD, the leg"),
		RunE: func(cmd *cobra.Command, args []string) error {
			leg, err := legArgument(cmd, args[0])
			if err != nil {
				return err
			}
			if reason == "" {
				return usage(cmd, "--reason missing: others will want to know why")
			}
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				if dryRun {
					if _, err := s.stitches.Find(cmd.Context(), leg); err != nil {
						return err
					}
				} else if err := s.stitches.Withdraw(cmd.Context(), leg, actor(cfg), reason); err != nil {
					return err
				}
				return a.show(map[string]any{"leg": leg, "dry_run": dryRun}, func(t *table) {
					if dryRun {
						t.line("What was said of %s would be taken back. Nothing was changed.", legName(leg))
						return
					}
					t.line("What was said of %s is taken back. The next dualtone calls stitch decides it anew.", legName(leg))
				})
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why it is taken back")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it and change nothing")
	return cmd
}

func ambiguousRulings(a *app) *cobra.Command {
	limit := 50
	cmd := &cobra.Command{
		Use: "rulings", Short: "What people said of legs, who, when and why; the newest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				found, err := s.stitches.Rulings(cmd.Context(), limit)
				if err != nil {
					return err
				}
				return showList(a, list[calllog.Ruled]{Items: found}, "Nobody said anything of a leg.", func(t *table) {
					t.row("WHEN", "LEG", "BELONGS TO", "BY", "WHY", "TAKEN BACK", "BY", "WHY")
					for _, r := range found {
						to := "nothing"
						if r.To != (calllog.LegID{}) {
							to = legName(r.To)
						}
						t.row(clock(r.At), legName(r.Leg), to, dash(r.Actor), r.Reason, clock(r.Withdrawn), dash(r.WithdrawnBy), dash(r.Why))
					}
				})
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "how many at most")
	return cmd
}

// sidesOf are the sides that systems are on.
func sidesOf(cfg *config.Config) map[string]dualtone.Side {
	return map[string]dualtone.Side{cfg.Migration.Old: dualtone.Old, cfg.Migration.New: dualtone.New}
}
