package main

import (
	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// percent is a share on the command line, as in 20%.
type percent struct{ plan.Percent }

// Set reads the share.
func (p *percent) Set(text string) (err error) {
	p.Percent, err = plan.ParsePercent(text)
	return err
}

// String is the share as it is written; empty for none.
func (p *percent) String() string {
	if p.Percent == 0 {
		return ""
	}
	return p.Percent.String()
}

// Type is what the help calls a share.
func (*percent) Type() string { return "percent" }

func limitFlags(cmd *cobra.Command, g *given) {
	ofStage(cmd, g)
	flags := cmd.Flags()
	flags.IntVar(&g.rate.Concurrency, "concurrency", 0, "how many users at a time")
	flags.IntVar(&g.rate.UsersPerMinute, "per-minute", 0, "how many users a minute")
	flags.Var(&g.apiShare, "api-share", "what part of the CRM's daily requests, as in 10%")
	flags.Var(&g.maxOnNew, "max-on-new", "how much of a queue, skill, site or shift on the new side, as in 15%")
	flags.IntVar(&g.rate.MinLeftOnOld, "min-left", 0, "how many of each stay on the old side at least")
	flags.Var(&g.failed, "stop-failed", "hold once more than this part of the users failed, as in 2%")
	flags.IntVar(&g.rate.StopWhen.InARow, "stop-in-a-row", 0, "hold once so many failed one after the other")
	flags.IntVar(&g.rate.StopWhen.MinAttempts, "stop-after", 0, "how many users are tried before --stop-failed counts")
	cmd.MarkFlagsOneRequired("concurrency", "per-minute", "api-share", "max-on-new", "min-left", "stop-failed", "stop-in-a-row", "stop-after")
}

// limits are those that were said on the command line.
func (g *given) limits() rollout.Rate {
	rate := g.rate
	rate.APIShare, rate.MaxOnNew = g.apiShare.Percent, g.maxOnNew.Percent
	rate.StopWhen.Share = float64(g.failed.Percent) / float64(100*plan.OnePercent)
	return rate
}
