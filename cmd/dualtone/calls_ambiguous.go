package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
)

func callsAmbiguous(a *app) *cobra.Command {
	return group("ambiguous", "Legs that fit several calls, and what people say of them",
		ambiguousList(a), ambiguousDecide(a), ambiguousUndo(a), ambiguousRulings(a))
}

func ambiguousList(a *app) *cobra.Command {
	var system string
	var part placedList
	var numbers wholeNumbers
	cmd := &cobra.Command{
		Use: "list", Short: "List the legs that fit several calls, each with its candidates; the oldest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := numbers.check(cmd); err != nil {
				return err
			}
			q := calllog.AmbiguousQuery{System: system, Limit: oneMore(part.limit)}
			var err error
			if q.From, q.To, q.After, err = part.read(cmd); err != nil {
				return err
			}
			found, err := either(cmd.Context(), a, func(s server) ([]calllog.Ambiguity, error) {
				wanted := client.Query{}.Text("system", system).Time("from", q.From).Time("to", q.To).Text("after", q.After.Name())
				return seen(&numbers, func() ([]calllog.Ambiguity, error) {
					return listed[calllog.Ambiguity](cmd.Context(), s, "/ambiguous", wanted, q.Limit)
				})
			}, func(cfg *config.Config, s *stores) ([]calllog.Ambiguity, error) {
				found, err := s.stitches.Ambiguous(cmd.Context(), q)
				if err != nil {
					return nil, err
				}
				return found, numbers.or(cmd.Context(), cfg, s, "calls ambiguous list", len(found), func() { maskCandidates(found) })
			})
			if err != nil {
				return err
			}
			p := page(found, part.limit, func(x calllog.Ambiguity) string {
				return x.Place().Name()
			})
			return showList(a, p, "No leg fits several calls.", func(t *table) { ambiguousTable(t, p.Items) })
		},
	}
	cmd.Flags().StringVar(&system, "system", "", "only legs of this system")
	part.add(cmd)
	numbers.add(cmd)
	return cmd
}

func maskCandidates(all []calllog.Ambiguity) {
	for _, x := range all {
		for i := range x.Candidates {
			x.Candidates[i].Why = calllog.MaskText(x.Candidates[i].Why)
		}
	}
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
			r, err := rulingArgument(cmd, args[0], to, reason)
			if err != nil {
				return err
			}
			said, err := either(cmd.Context(), a, func(s server) (api.Ruling, error) {
				return sent[api.Ruling](cmd.Context(), s, "/rulings", api.NewRuling{Why: api.Why{Reason: reason}, Leg: args[0], To: to, Apart: apart, DryRun: dryRun})
			}, func(cfg *config.Config, s *stores) (api.Ruling, error) {
				r.Actor, r.At = actor(cfg), a.now().UTC()
				place, err := s.stitches.Find(cmd.Context(), r.Leg)
				if r.Started = place.Started; err == nil && !dryRun {
					err = s.stitches.Rule(cmd.Context(), r)
				}
				return api.Ruling{Ruling: r, DryRun: dryRun}, err
			})
			if err != nil {
				return err
			}
			return a.show(said, func(t *table) { ruledLine(t, said.Ruling, dryRun) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "the leg that it came from or belongs to, as SYSTEM/RECORD")
	flags.BoolVar(&apart, "apart", false, "it belongs to no other leg")
	flags.StringVar(&reason, "reason", "", "why you think so")
	flags.BoolVar(&dryRun, "dry-run", false, "check it and keep nothing")
	return cmd
}

// rulingArgument reads what is said of a leg; to may be empty.
func rulingArgument(cmd *cobra.Command, leg, to, reason string) (calllog.Ruling, error) {
	r := calllog.Ruling{Reason: reason}
	if reason == "" {
		return r, usage(cmd, "--reason missing: others will want to know why")
	}
	var err error
	if r.Leg, err = legArgument(cmd, leg); err != nil || to == "" {
		return r, err
	}
	r.To, err = legArgument(cmd, to)
	return r, err
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
			gone, err := either(cmd.Context(), a, func(s server) (api.Withdrawn, error) {
				return sent[api.Withdrawn](cmd.Context(), s, "/rulings/withdraw", api.Withdrawal{Why: api.Why{Reason: reason}, Leg: args[0], DryRun: dryRun})
			}, func(cfg *config.Config, s *stores) (api.Withdrawn, error) {
				out := api.Withdrawn{Leg: leg, DryRun: dryRun}
				if dryRun {
					_, err := s.stitches.Find(cmd.Context(), leg)
					return out, err
				}
				return out, s.stitches.Withdraw(cmd.Context(), leg, actor(cfg), reason)
			})
			if err != nil {
				return err
			}
			return a.show(gone, func(t *table) {
				if dryRun {
					t.line("What was said of %s would be taken back. Nothing was changed.", legName(leg))
					return
				}
				t.line("What was said of %s is taken back. The next dualtone calls stitch decides it anew.", legName(leg))
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why it is taken back")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it and change nothing")
	return cmd
}

func ambiguousRulings(a *app) *cobra.Command {
	var after string
	var limit int
	var numbers wholeNumbers
	cmd := &cobra.Command{
		Use: "rulings", Short: "What people said of legs, who, when and why; the newest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := numbers.check(cmd); err != nil {
				return err
			}
			found, err := either(cmd.Context(), a, func(s server) ([]calllog.Ruled, error) {
				return seen(&numbers, func() ([]calllog.Ruled, error) {
					return listed[calllog.Ruled](cmd.Context(), s, "/rulings", client.Query{}.Text("after", after), oneMore(limit))
				})
			}, func(cfg *config.Config, s *stores) ([]calllog.Ruled, error) {
				found, err := s.stitches.Rulings(cmd.Context(), 0)
				if err != nil {
					return nil, err
				}
				if found, err = behindRuling(cmd, found, after); err != nil {
					return nil, err
				}
				found = found[:min(len(found), cmp.Or(oneMore(limit), len(found)))]
				return found, numbers.or(cmd.Context(), cfg, s, "calls ambiguous rulings", len(found), func() {
					for i := range found {
						found[i].Reason, found[i].Why = calllog.MaskText(found[i].Reason), calllog.MaskText(found[i].Why)
					}
				})
			})
			if err != nil {
				return err
			}
			p := page(found, limit, func(r calllog.Ruled) string { return r.Place().Name() })
			return showList(a, p, "Nobody said anything of a leg.", func(t *table) { rulingsTable(t, p.Items) })
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this one, as the list before said")
	limitFlag(cmd, &limit, 50, "rulings")
	numbers.add(cmd)
	return cmd
}

// behindRuling are the rulings that come after one in their list.
func behindRuling(cmd *cobra.Command, all []calllog.Ruled, after string) ([]calllog.Ruled, error) {
	if after == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(r calllog.Ruled) bool { return r.Place().Name() == after })
	if i < 0 {
		return nil, usage(cmd, fmt.Sprintf("--after %q: want what the list before said", after))
	}
	return all[i+1:], nil
}

func rulingsTable(t *table, rulings []calllog.Ruled) {
	t.row("WHEN", "LEG", "BELONGS TO", "BY", "WHY", "TAKEN BACK", "BY", "WHY")
	for _, r := range rulings {
		to := "nothing"
		if r.To != (calllog.LegID{}) {
			to = legName(r.To)
		}
		t.row(clock(r.At), legName(r.Leg), to, dash(r.Actor), r.Reason, clock(r.Withdrawn), dash(r.WithdrawnBy), dash(r.Why))
	}
}

// sidesOf are the sides that systems are on.
func sidesOf(cfg *config.Config) map[string]dualtone.Side {
	return map[string]dualtone.Side{cfg.Migration.Old: dualtone.Old, cfg.Migration.New: dualtone.New}
}
