package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// length is a time as plans have it, as in 2h or 3d.
type length struct{ plan.Duration }

// Set reads the time.
func (l *length) Set(text string) (err error) {
	l.Duration, err = plan.ParseDuration(text)
	return err
}

// String is the time as it is written; empty for none.
func (l *length) String() string {
	if l.Duration == 0 {
		return ""
	}
	return l.Duration.String()
}

// Type is what the help calls a time.
func (*length) Type() string { return "duration" }

// timingVerbs change when a stage may go on.
func timingVerbs() []planVerb {
	return []planVerb{
		{
			verb: rollout.Window, usual: plan.IncidentCommander, short: "Open the closed window of a stage for a while, once somebody else has agreed",
			long: "Asks for the window of a stage that waits for it to be opened for a while, as calendars.override of the plan allows, with a reason. " +
				"It opens once an approver who neither asked for it nor wrote the plan agrees with --agree. A blackout stays closed.",
			flags: func(cmd *cobra.Command, g *given) {
				needsStage(cmd, g)
				cmd.Flags().Var(&g.holds, "for", "how long it opens, as in 2h")
				cmd.Flags().BoolVar(&g.Agree, "agree", false, "agree to what somebody else has asked for")
				cmd.MarkFlagsOneRequired("for", "agree")
				cmd.MarkFlagsMutuallyExclusive("for", "agree")
			},
			complete: func(g *given, _ time.Time) error {
				g.For = g.holds.Duration
				return nil
			},
			would: func(v control.PlanView, g *given) string {
				if g.Agree {
					return fmt.Sprintf("agree that the window of stage %s opens; %s for it", g.Stage, waiting(left(v, g.Stage)))
				}
				return fmt.Sprintf("ask for the window of stage %s to open for %s", g.Stage, g.holds.Duration)
			},
			give: func(ctx context.Context, c *counter, name string, g *given) (string, error) {
				effect := "it opens once somebody else has agreed: dualtone plan window " + name + " --stage " + g.Stage + " --agree --reason WHY"
				if g.Agree {
					effect = "the window opens"
				}
				return effect, c.plans.Give(ctx, name, g.PlanOrder)
			},
		},
		{
			verb: rollout.Extend, usual: plan.Operator, short: "End the soak of a stage later, or, as an approver, sooner",
			long: "Puts the end of a soak off. Cutting it short needs an approver who did not write the plan.",
			flags: func(cmd *cobra.Command, g *given) {
				needsStage(cmd, g)
				cmd.Flags().Var(&g.longer, "extend", "how much longer it soaks, as in 2d")
				cmd.Flags().StringVar(&g.ends, "until", "", "when it ends instead, such as 2027-03-09T20:00:00Z")
				cmd.MarkFlagsOneRequired("extend", "until")
				cmd.MarkFlagsMutuallyExclusive("extend", "until")
			},
			complete: func(g *given, _ time.Time) error {
				at, err := moment("until", g.ends)
				g.For, g.Until = g.longer.Duration, at.UTC()
				return err
			},
			would: func(_ control.PlanView, g *given) string {
				if g.ends != "" {
					return fmt.Sprintf("end the soak of stage %s at %s", g.Stage, g.ends)
				}
				return fmt.Sprintf("let stage %s soak %s longer", g.Stage, g.longer.Duration)
			},
			give: giveSoak,
		},
	}
}

func giveSoak(ctx context.Context, c *counter, name string, g *given) (string, error) {
	plans := c.plans
	if g.ends != "" {
		return "it ends at " + clock(g.Until), plans.Give(ctx, name, g.PlanOrder)
	}
	ends, err := plans.SoakEnds(ctx, name, g.Stage)
	if err != nil {
		return "", err
	}
	g.Until = ends.Add(g.longer.Time())
	if ends.IsZero() {
		return "it ends so much later", plans.Give(ctx, name, g.PlanOrder)
	}
	return "it ends at " + clock(g.Until), plans.Give(ctx, name, g.PlanOrder)
}
