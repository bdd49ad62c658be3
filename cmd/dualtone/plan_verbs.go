package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// planVerbs are the orders that a plan takes, and what each does.
func planVerbs() []planVerb {
	return slices.Concat(decidingVerbs(), pacingVerbs(), timingVerbs(), endingVerbs())
}

// decidingVerbs say whether a plan may go on.
func decidingVerbs() []planVerb {
	return []planVerb{
		{
			verb: rollout.Approve, usual: plan.CutoverApprover, short: "Approve a plan, a stage that waits for it, or its point of no return",
			long: "Approves exactly what stands now: the plan, its people and, for a stage, what its prechecks found. Anything changed later needs approval anew. " +
				"With --stage finalise it approves the point of no return.",
			flags: ofStage, would: wouldDecide("approve"), give: decide,
		},
		{
			verb: rollout.Reject, usual: plan.CutoverApprover, short: "Reject a plan or a stage", flags: ofStage,
			would: wouldDecide("reject"), give: decide,
		},
		{
			verb: rollout.Start, usual: plan.Operator, short: "Start an approved plan",
			long: "Starts an approved plan and waits until it takes orders, then tells what its first stages wait for: an approval, a window, or what their prechecks found. " +
				"Interrupting the command leaves the plan started.",
			would: wouldStart, give: start,
		},
		{
			verb: rollout.PutHold, usual: plan.Operator, short: "Stop everything that goes forward, until it is released; a way back goes on",
			flags: func(cmd *cobra.Command, g *given) {
				ofStage(cmd, g)
				cmd.Flags().DurationVar(&g.hold, "for", 0, "end by itself after so long; 0 waits for release")
			},
			complete: func(g *given, now time.Time) error {
				if g.hold > 0 {
					g.Expires = now.Add(g.hold)
				}
				return nil
			},
			would: wouldHold,
			give: func(ctx context.Context, c *counter, name string, g *given) (string, error) {
				until := "it is released"
				if g.hold > 0 {
					until = clock(g.Expires)
				}
				return "nobody else is switched until " + until, c.plans.Give(ctx, name, g.PlanOrder)
			},
		},
		{
			verb: rollout.Release, usual: plan.Operator, short: "End a hold, or all of them",
			flags: func(cmd *cobra.Command, g *given) {
				ofStage(cmd, g)
				cmd.Flags().StringVar(&g.Hold, "hold", "", "the hold's id; all if it is left out")
			},
			would: func(v control.PlanView, g *given) string {
				ended := 0
				for _, h := range v.Holds {
					if h.Stage == g.Stage && (g.Hold == "" || g.Hold == h.ID) {
						ended++
					}
				}
				return fmt.Sprintf("end %s; %s", count(ended, "hold"), waiting(left(v, g.Stage)))
			},
		},
	}
}

// pacingVerbs say how it goes on and with whom.
func pacingVerbs() []planVerb {
	return []planVerb{
		{
			verb: rollout.Pause, usual: plan.Operator, short: "Let those in flight end and start nobody else until resume", flags: ofStage,
			would: func(v control.PlanView, g *given) string {
				return "start nobody else; " + waiting(left(v, g.Stage))
			},
		},
		{
			verb: rollout.Resume, usual: plan.Operator, short: "Go on with a paused plan or stage", flags: ofStage,
			would: func(v control.PlanView, g *given) string {
				return "go on; " + waiting(left(v, g.Stage))
			},
		},
		{
			verb: rollout.Limit, usual: plan.Operator, short: "Change what is done at a time: down freely, up to what was approved",
			long: "Changes how many users are switched at a time and a minute, the plan's part of the CRM's requests, how much of a group may be on the new side, " +
				"and when it stops itself. What is left out stays. The limits of a plan are those of all its stages together.",
			flags: limitFlags,
			complete: func(g *given, _ time.Time) error {
				rate := g.limits()
				g.Rate = &rate
				return nil
			},
			would: func(v control.PlanView, g *given) string {
				return fmt.Sprintf("keep to %s; %s", g.Rate, waiting(left(v, g.Stage)))
			},
			give: func(ctx context.Context, c *counter, name string, g *given) (string, error) {
				return "from now on " + g.Rate.String(), c.plans.Give(ctx, name, g.PlanOrder)
			},
		},
		{
			verb: rollout.Skip, usual: plan.Planner, short: "Leave out a stage that has not begun, or a user of a stage",
			flags: func(cmd *cobra.Command, g *given) {
				ofStage(cmd, g)
				cmd.Flags().StringVar(&g.person, "user", "", "the person's id; the whole stage if it is left out")
				_ = cmd.MarkFlagRequired("stage")
			},
			would: func(v control.PlanView, g *given) string {
				if g.person != "" {
					return "leave out " + g.person
				}
				return "leave out the stage and its " + count(left(v, g.Stage), "user")
			},
			give: func(ctx context.Context, c *counter, name string, g *given) (string, error) {
				who := "the stage"
				if g.person != "" {
					who = g.person
				}
				return who + " is left out", c.plans.Give(ctx, name, g.PlanOrder)
			},
		},
		{
			verb: rollout.Retry, usual: plan.Operator, short: "Try again what failed: the users of a stage, its prechecks, its gates, or its way back",
			flags: needsStage, would: func(v control.PlanView, g *given) string {
				return v.Retries(g.Stage)
			},
		},
	}
}

// endingVerbs take it back, or to its end.
func endingVerbs() []planVerb {
	return []planVerb{
		{
			verb: rollout.Override, usual: plan.CutoverApprover, short: "Take a failed gate upon oneself and let the stage pass", flags: needsStage,
			would: func(_ control.PlanView, g *given) string {
				return "let stage " + g.Stage + " pass against its gates, in your name"
			},
		},
		{
			verb: rollout.Rollback, usual: plan.Operator, short: "Take back a user, a stage or the whole plan; no gate, window or hold stops it",
			flags: func(cmd *cobra.Command, g *given) {
				ofStage(cmd, g)
				cmd.Flags().StringVar(&g.person, "user", "", "the person's id, to take back one user alone")
			},
			would: wouldRollback, give: rollBack,
		},
		{
			verb: rollout.Abort, usual: plan.Operator, short: "Switch nobody else and end; those in flight finish or go back",
			long: "Ends a stage, or the whole plan, where it is. A whole plan takes two people, or an incident commander: whoever asks holds it from then on, " +
				"so that nobody else is switched, and it ends once somebody else agrees with --agree. Releasing that hold takes it back.",
			flags: func(cmd *cobra.Command, g *given) {
				ofStage(cmd, g)
				cmd.Flags().StringVar(&g.inFlight, "in-flight", string(control.Finish), "what becomes of those in flight: finish or back")
				cmd.Flags().BoolVar(&g.Agree, "agree", false, "agree to what somebody else has asked for, of the whole plan")
				cmd.MarkFlagsMutuallyExclusive("agree", "in-flight")
				cmd.MarkFlagsMutuallyExclusive("agree", "stage")
			},
			complete: func(g *given, _ time.Time) error {
				if g.inFlight != string(control.Finish) && g.inFlight != string(control.GoBack) {
					return fmt.Errorf("--in-flight %q: want finish or back: %w", g.inFlight, dualtone.ErrInvalid)
				}
				g.Back = g.inFlight == string(control.GoBack)
				return nil
			},
			would: wouldAbort,
			give: func(ctx context.Context, c *counter, name string, g *given) (string, error) {
				effect := "nobody else is switched"
				if g.asksAbort() {
					effect = "nobody else is switched, and it ends once somebody else has agreed: dualtone plan abort " + name + " --agree --reason WHY"
				}
				return effect, c.plans.Give(ctx, name, g.PlanOrder)
			},
		},
		{
			verb: rollout.Compare, usual: plan.Operator, short: "Hold both systems against each other anew, as the plan's reconcile gates ask",
			long: "Reads back everything about everybody whom the plan has moved and compares it with what was wanted, and the call log with the CRM's own, " +
				"as the plan's reconcile gates ask. The point of no return needs a comparison that is fresh.",
			would: func(v control.PlanView, _ *given) string {
				return fmt.Sprintf("read back %s and compare", count(v.Among("", cutover.OnNew), "user"))
			},
			give: func(ctx context.Context, c *counter, name string, g *given) (string, error) {
				if err := c.plans.Give(ctx, name, g.PlanOrder); err != nil {
					return "", err
				}
				return compared(ctx, c, name)
			},
		},
		{
			verb: rollout.Finalise, usual: plan.FinanceOwner, short: "Pass the point of no return",
			long: "Passes the point of no return, once everything is as the plan requires and enough people have approved it (approve --stage finalise). " +
				"What the plan names as its final actions is then done, or becomes a task where a system lacks it. From then on nothing can be taken back.",
			would: func(v control.PlanView, _ *given) string {
				return fmt.Sprintf("make the move of %s final: all that the plan requires holds now; nothing can be taken back afterwards", count(v.Among("", cutover.OnNew), "user"))
			},
			give: func(ctx context.Context, c *counter, name string, g *given) (string, error) {
				return "it is final, and nothing can be taken back", c.plans.Give(ctx, name, g.PlanOrder)
			},
		},
	}
}

// compared is what the newest comparison of both systems found.
func compared(ctx context.Context, c *counter, name string) (string, error) {
	all, err := c.reads.PlanLog(ctx, rollout.TransitionQuery{Plan: name})
	for _, t := range slices.Backward(all) {
		if t.Verb == rollout.Compare {
			return t.Reason, err
		}
	}
	return "compared", err
}

func ofStage(cmd *cobra.Command, g *given) {
	cmd.Flags().StringVar(&g.Stage, "stage", "", "a stage of the plan; the whole plan if it is left out")
}

func needsStage(cmd *cobra.Command, g *given) {
	ofStage(cmd, g)
	_ = cmd.MarkFlagRequired("stage")
}

// waiting says how many wait.
func waiting(n int) string {
	if n == 1 {
		return "1 user waits"
	}
	return fmt.Sprintf("%d users wait", n)
}

func left(v control.PlanView, stage string) int { return v.Among(stage, rollout.Tried(false)...) }

func wouldDecide(word string) func(control.PlanView, *given) string {
	return func(v control.PlanView, g *given) string {
		what := "plan " + plan.Hash(v.Plan.Hash).Short()
		if g.Stage != "" {
			what = "stage " + g.Stage
		}
		return fmt.Sprintf("%s %s as %s: %s for it", word, what, g.Role, waiting(left(v, trueStage(g.Stage))))
	}
}

func trueStage(stage string) string {
	if stage == workflows.FinalStage {
		return ""
	}
	return stage
}

func wouldStart(v control.PlanView, _ *given) string {
	return fmt.Sprintf("begin %s with %s", count(len(v.Stages), "stage"), count(left(v, ""), "user"))
}

func wouldHold(v control.PlanView, g *given) string {
	return fmt.Sprintf("switch nobody else while %s; those being moved finish%s", waiting(left(v, g.Stage)), perDay(v.Money))
}

// asksAbort reports whether the plan is not aborted before somebody else agrees.
func (g *given) asksAbort() bool { return g.Stage == "" && !g.Agree && !rollout.AbortsAlone(g.Order) }

func wouldAbort(v control.PlanView, g *given) string {
	effect := fmt.Sprintf("leave %s where they are and %d on the new side", count(left(v, g.Stage), "user"), v.Among(g.Stage, cutover.OnNew))
	if g.asksAbort() {
		return "hold the plan, and once somebody else has agreed " + effect
	}
	return effect
}

func wouldRollback(v control.PlanView, g *given) string {
	if g.person != "" {
		return "take back " + g.person
	}
	n := v.Among(g.Stage, rollout.ToTakeBack()...)
	return fmt.Sprintf("take back %s, last first", count(n, "user"))
}

func rollBack(ctx context.Context, c *counter, name string, g *given) (string, error) {
	effect := "everybody goes back, last first"
	if g.person != "" {
		effect = g.person + " goes back"
	}
	return effect, c.plans.Give(ctx, name, g.PlanOrder)
}

// decide approves or rejects: a stage at its workflow, a plan in the store.
func decide(ctx context.Context, c *counter, name string, g *given) (string, error) {
	plans := c.plans
	switch g.Stage {
	case "":
		verdict, err := plans.Decide(ctx, name, g.Order)
		switch {
		case err != nil:
			return "", err
		case g.Verb == rollout.Reject:
			return "rejected", nil
		case verdict.Enough:
			return "approved until " + clock(verdict.Until), nil
		default:
			return "recorded; it still needs " + verdict.Missing, nil
		}
	case workflows.FinalStage:
		return "recorded", plans.Give(ctx, name, g.PlanOrder)
	}
	status, err := plans.Stage(ctx, name, g.Stage)
	if err != nil {
		return "", err
	}
	g.Bound = status.Bound
	return "recorded", plans.Give(ctx, name, g.PlanOrder)
}

// until is a time with how far off it is.
func until(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	left := at.Sub(now)
	if left > time.Hour {
		return fmt.Sprintf("%s (in %s)", clock(at), plan.Duration(left.Round(time.Minute)))
	}
	return fmt.Sprintf("%s (in %s)", clock(at), left.Round(time.Second))
}
