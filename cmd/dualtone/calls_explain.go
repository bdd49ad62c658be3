package main

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
)

const callsExplainLong = `Says why a difference between the call log and the CRM's own is none that matters,
so that it is open no more: for as long as the same differs, also when the day is
compared anew. It stands in the audit. dualtone calls reconcile shows what is open.`

func callsExplain(a *app) *cobra.Command {
	var day, leg, reason string
	var w reconcile.Word
	cmd := &cobra.Command{
		Use: "explain", Short: "Explain a difference from the CRM's own log of calls, or take that back", Long: callsExplainLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if w.Day, err = date(cmd, "day", day); err != nil {
				return err
			}
			if leg != "" {
				if w.Phone, err = legArgument(cmd, leg); err != nil {
					return err
				}
			}
			return a.withExplainer(cmd.Context(), func(words reconcile.Words, who string) error {
				w.Said = reconcile.Said{Actor: who, Reason: reason, At: a.now().UTC()}
				item, err := words.Say(cmd.Context(), w)
				if err != nil {
					return hint(err, "dualtone calls reconcile --open --day "+day+" shows what is open")
				}
				return a.show(api.Cared[reconcile.Item]{DryRun: w.Dry, Done: item}, func(t *table) {
					cells := itemCells(&item)
					t.row("AT", "USER", "VERDICT", "LEG", "CRM RECORD", "WHAT DIFFERS", "WHY")
					t.row(cells...)
					if w.Dry {
						t.line("Nothing was kept.")
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&day, "day", "", "the day, UTC, such as 2026-03-02")
	flags.StringVar(&leg, "leg", "", "the leg, SYSTEM/RECORD")
	flags.StringVar(&w.CRM, "crm", "", "the record in the CRM")
	flags.StringVar(&reason, "reason", "", "what explains it")
	flags.BoolVar(&w.Withdraw, "withdraw", false, "take back what was said, so that it is open again")
	flags.BoolVar(&w.Dry, "dry-run", false, "say what would become of it, and keep nothing")
	_ = cmd.MarkFlagRequired("day")
	cmd.MarkFlagsOneRequired("leg", "crm")
	return cmd
}

// withExplainer runs a command that says something of a difference, here or through
// a server.
func (a *app) withExplainer(ctx context.Context, do func(words reconcile.Words, who string) error) error {
	return a.thereOrHere(func(cfg *config.Config, s server) error { return do(s, actor(cfg)) }, func() error {
		return a.withStores(ctx, func(cfg *config.Config, s *stores) error { return do(s.stitches, actor(cfg)) })
	})
}

// Say keeps what somebody says of a difference.
func (s server) Say(ctx context.Context, w reconcile.Word) (item reconcile.Item, err error) {
	body := map[string]any{"reason": w.Reason, "crm": w.CRM, "withdraw": w.Withdraw, "dry_run": w.Dry}
	if w.Phone != (calllog.LegID{}) {
		body["leg"] = legName(w.Phone)
	}
	return item, s.Send(ctx, http.MethodPost, client.Path("reconciliations", w.Day.Format(time.DateOnly), "explanations"), body, &item)
}
