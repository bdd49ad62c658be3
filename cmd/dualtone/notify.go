package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/notify"
)

func notifyCommand(a *app) *cobra.Command {
	return group("notify", "Who hears of what happens to plans, and whether they have",
		notifyChannels(a), notifyList(a), notifyTest(a), notifyRetry(a))
}

func notifyChannels(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "channels", Short: "The channels that the settings name, and what each hears of", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			found, err := namedChannels(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return showList(a, list[api.Channel]{Items: found}, "No channels: the settings name none under notify.channels.", func(t *table) {
				t.row("CHANNEL", "BY", "EVENTS", "PLANS", "ONLY URGENT")
				for _, c := range found {
					t.row(c.Name, c.Kind, cmp.Or(strings.Join(texts(c.Filter.Kinds), " "), "all"), cmp.Or(strings.Join(c.Filter.Plans, " "), "all"), strconv.FormatBool(c.Filter.Urgent))
				}
			})
		},
	}
}

// namedChannels are those that the settings name, here or at a server.
func namedChannels(ctx context.Context, cfg *config.Config) ([]api.Channel, error) {
	if remote(cfg) {
		s, err := openServer(cfg)
		if err != nil {
			return nil, err
		}
		return listed[api.Channel](ctx, s, "/notices/channels", nil, 0)
	}
	all, err := channels(cfg)
	found := make([]api.Channel, len(all))
	for i, c := range all {
		found[i] = api.Channel{Name: c.Name, Kind: c.Kind(), Filter: c.Filter}
	}
	return found, err
}

func bindQuery(cmd *cobra.Command, q *notify.Query) {
	flags := cmd.Flags()
	flags.StringVar(&q.Channel, "channel", "", "only notices for this channel")
	flags.StringVar(&q.Plan, "plan", "", "only notices of this plan")
}

func notifyList(a *app) *cobra.Command {
	var q notify.Query
	cmd := &cobra.Command{
		Use: "list", Short: "Notices and whether they were delivered, oldest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			limited := q
			limited.Limit = oneMore(q.Limit)
			found, err := either(cmd.Context(), a, func(s server) ([]notify.Delivery, error) {
				wanted := client.Query{}.Text("channel", q.Channel).Text("plan", q.Plan).Text("state", string(q.State)).Number("after", q.After).Yes("failed", q.Failed)
				return listed[notify.Delivery](cmd.Context(), s, "/notices", wanted, limited.Limit)
			}, func(_ *config.Config, s *stores) ([]notify.Delivery, error) {
				return s.notices.Deliveries(cmd.Context(), limited)
			})
			if err != nil {
				return err
			}
			shown := page(found, q.Limit, func(d notify.Delivery) string { return strconv.FormatInt(d.Serial, 10) })
			return showList(a, shown, "No notices.", func(t *table) {
				t.row("AT", "CHANNEL", "STATE", "TRIED", "PLAN", "STAGE", "WHAT", "FAILURE")
				for _, d := range shown.Items {
					e := d.Event
					t.row(clock(e.At), d.Channel, string(d.State), strconv.Itoa(d.Attempts), e.Plan, cmp.Or(e.Stage, "-"), e.What, cmp.Or(d.Failure, "-"))
				}
			})
		},
	}
	bindQuery(cmd, &q)
	flags := cmd.Flags()
	choiceFlag(cmd, &q.State, "state", "only notices in this state", notify.Due, notify.Delivered, notify.Lost)
	flags.BoolVar(&q.Failed, "failed", false, "only notices that were tried in vain and are not delivered")
	flags.Int64Var(&q.After, "after", 0, "go on after this notice")
	limitFlag(cmd, &q.Limit, 100, "notices")
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
			if remote(cfg) {
				return a.tryThere(cmd.Context(), cfg, api.ChannelTest{Channels: only, DryRun: dryRun})
			}
			all, err := channels(cfg)
			if err != nil {
				return err
			}
			if all, err = notify.Chosen(all, only); err != nil {
				return hint(err, "notify.channels of the settings names them; config/dualtone.example.yaml shows how")
			}
			tried, failure := notify.Try(cmd.Context(), all, notify.Test(actor(cfg), a.now()), dryRun)
			return a.showTried(tried, failure, dryRun)
		},
	}
	cmd.Flags().StringSliceVar(&only, "channel", nil, "only this channel; may be given often")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be sent, and send nothing")
	return cmd
}

// tryThere has a server try its channels.
func (a *app) tryThere(ctx context.Context, cfg *config.Config, test api.ChannelTest) error {
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	tried, err := sent[list[notify.Tried]](ctx, s, "/notices/test", test)
	if err != nil {
		return err
	}
	var failure error
	for _, t := range tried.Items {
		if t.Failure != "" {
			failure = fmt.Errorf("%s: %w", t.Failure, dualtone.ErrUnavailable)
		}
	}
	return a.showTried(tried.Items, failure, test.DryRun)
}

func (a *app) showTried(answers []notify.Tried, failure error, dryRun bool) error {
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
	return fmt.Errorf("%s of %d took no message, last %w", count(failed, "channel"), len(answers), failure)
}

func notifyRetry(a *app) *cobra.Command {
	var q notify.Query
	var dryRun bool
	cmd := &cobra.Command{
		Use: "retry", Short: "Have a worker try again what was not delivered, now and for its whole time", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			answer, err := either(cmd.Context(), a, func(s server) (api.Retried, error) {
				return sent[api.Retried](cmd.Context(), s, "/notices/retry", api.NoticeRetry{Channel: q.Channel, Plan: q.Plan, DryRun: dryRun})
			}, func(_ *config.Config, s *stores) (api.Retried, error) {
				q.Failed = true
				if dryRun {
					found, err := s.notices.Deliveries(cmd.Context(), q)
					return api.Retried{Notices: len(found), DryRun: true}, err
				}
				n, err := s.notices.Again(cmd.Context(), q, a.now().UTC())
				return api.Retried{Notices: n}, err
			})
			if err != nil {
				return err
			}
			return a.show(answer, func(t *table) {
				will := "will"
				if dryRun {
					will = "would"
				}
				t.line("%s %s be tried again.", count(answer.Notices, "notice"), will)
			})
		},
	}
	bindQuery(cmd, &q)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say how many, and change nothing")
	return cmd
}
