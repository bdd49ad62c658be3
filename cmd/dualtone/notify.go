package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/notify"
)

func notifyCommand(a *app) *cobra.Command {
	return group("notify", "Who hears of what happens to plans, and whether they have",
		notifyChannels(a), notifyList(a), notifyTest(a), notifyRetry(a))
}

// channelReport is a channel as it is shown.
type channelReport struct {
	Name   string        `json:"name"`
	Kind   string        `json:"kind"`
	Filter notify.Filter `json:"filter"`
}

func notifyChannels(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "channels", Short: "The channels that the settings name, and what each hears of", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			all, err := channels(cfg)
			if err != nil {
				return err
			}
			found := list[channelReport]{}
			for _, c := range all {
				found.Items = append(found.Items, channelReport{c.Name, c.Kind(), c.Filter})
			}
			return showList(a, found, "No channels: the settings name none under notify.channels.", func(t *table) {
				t.row("CHANNEL", "BY", "EVENTS", "PLANS", "ONLY URGENT")
				for _, c := range found.Items {
					t.row(c.Name, c.Kind, orNone(strings.Join(texts(c.Filter.Kinds), " "), "all"), orNone(strings.Join(c.Filter.Plans, " "), "all"), strconv.FormatBool(c.Filter.Urgent))
				}
			})
		},
	}
}

func bindQuery(cmd *cobra.Command, q *notify.Query) {
	flags := cmd.Flags()
	flags.StringVar(&q.Channel, "channel", "", "only notices for this channel")
	flags.StringVar(&q.Plan, "plan", "", "only notices of this plan")
}

func notifyList(a *app) *cobra.Command {
	var q notify.Query
	var state string
	cmd := &cobra.Command{
		Use: "list", Short: "Notices and whether they were delivered, oldest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if known := []string{"", string(notify.Due), string(notify.Delivered), string(notify.Lost)}; !slices.Contains(known, state) {
				return usage(cmd, fmt.Sprintf("no state %q; there are %s", state, strings.Join(known[1:], ", ")))
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				asked := q
				asked.State = notify.State(state)
				asked.Limit++
				found, err := s.notices.Deliveries(cmd.Context(), asked)
				if err != nil {
					return err
				}
				shown := page(found, q.Limit, func(d notify.Delivery) string { return strconv.FormatInt(d.Serial, 10) })
				return showList(a, shown, "No notices.", func(t *table) {
					t.row("AT", "CHANNEL", "STATE", "TRIED", "PLAN", "STAGE", "WHAT", "FAILURE")
					for _, d := range shown.Items {
						e := d.Event
						t.row(clock(e.At), d.Channel, string(d.State), strconv.Itoa(d.Attempts), e.Plan, orNone(e.Stage, "-"), e.What, orNone(d.Failure, "-"))
					}
				})
			})
		},
	}
	bindQuery(cmd, &q)
	flags := cmd.Flags()
	flags.StringVar(&state, "state", "", "only notices that are due, delivered or lost")
	flags.BoolVar(&q.Failed, "failed", false, "only notices that were tried in vain and are not delivered")
	flags.Int64Var(&q.After, "after", 0, "go on behind this notice")
	flags.IntVar(&q.Limit, "limit", 100, "how many at most")
	return cmd
}

const notifyTestLong = `Sends a message to the channels, at once and without a worker, and tells whether
each of them took it. With --dry-run it shows what would be sent, and sends
nothing.`

func notifyTest(a *app) *cobra.Command {
	var only []string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "test", Short: "Try whether the channels work", Long: notifyTestLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			all, err := channels(cfg)
			if err != nil {
				return err
			}
			if all, err = notify.Chosen(all, only); err != nil {
				return hint(err, "notify.channels of the settings names them; config/dualtone.example.yaml shows how")
			}
			return a.tryChannels(cmd, all, notify.Test(actor(cfg), a.now()), dryRun)
		},
	}
	cmd.Flags().StringSliceVar(&only, "channel", nil, "only this channel; may be given often")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be sent, and send nothing")
	return cmd
}

func (a *app) tryChannels(cmd *cobra.Command, all []notify.Channel, e rollout.Event, dryRun bool) error {
	answers, failure := notify.Try(cmd.Context(), all, e, dryRun)
	failed := 0
	for _, answer := range answers {
		if answer.Failure != "" {
			failed++
		}
	}
	err := a.show(list[notify.Tried]{Items: answers}, func(t *table) {
		for _, answer := range answers {
			switch {
			case answer.Failure != "":
				t.line("%s (%s): FAILED: %s", answer.Channel, answer.Kind, printable(answer.Failure))
			case dryRun:
				t.line("%s (%s) would get:", answer.Channel, answer.Kind)
				for line := range strings.Lines(answer.Message) {
					t.line("  %s", printable(strings.TrimRight(line, "\n")))
				}
			default:
				t.line("%s (%s): taken", answer.Channel, answer.Kind)
			}
		}
	})
	if err != nil || failure == nil {
		return err
	}
	return fmt.Errorf("%s of %d took no message, last %w", count(failed, "channel"), len(all), failure)
}

func notifyRetry(a *app) *cobra.Command {
	var q notify.Query
	var dryRun bool
	cmd := &cobra.Command{
		Use: "retry", Short: "Have a worker try again what was not delivered, now and for its whole time", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				q.Failed = true
				answer := struct {
					Notices int  `json:"notices"`
					DryRun  bool `json:"dry_run,omitempty"`
				}{DryRun: dryRun}
				if dryRun {
					found, err := s.notices.Deliveries(cmd.Context(), q)
					if err != nil {
						return err
					}
					answer.Notices = len(found)
					return a.show(answer, func(t *table) { t.line("%s would be tried again.", count(answer.Notices, "notice")) })
				}
				var err error
				if answer.Notices, err = s.notices.Again(cmd.Context(), q, a.now().UTC()); err != nil {
					return err
				}
				return a.show(answer, func(t *table) { t.line("%s will be tried again.", count(answer.Notices, "notice")) })
			})
		},
	}
	bindQuery(cmd, &q)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say how many, and change nothing")
	return cmd
}
