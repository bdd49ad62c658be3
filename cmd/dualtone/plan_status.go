package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

func planList(a *app) *cobra.Command {
	var q rollout.PlanQuery
	var states []string
	cmd := &cobra.Command{
		Use: "list", Short: "List plans that were handed in", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withReads(cmd.Context(), func(r reads) error {
				asked := q
				asked.Limit = oneMore(q.Limit)
				for _, s := range states {
					if !slices.Contains(rollout.PlanStates(), rollout.State(s)) {
						return usage(cmd, fmt.Sprintf("no state %q; there are %s", s, joinTexts(rollout.PlanStates())))
					}
					asked.States = append(asked.States, rollout.State(s))
				}
				found, err := r.Plans(cmd.Context(), asked)
				if err != nil {
					return err
				}
				shown := page(found, q.Limit, func(p rollout.Plan) string { return p.Name })
				return showList(a, shown, "No plans.", func(t *table) {
					t.row("PLAN", "STATE", "SINCE", "AUTHOR", "HASH")
					for _, p := range shown.Items {
						t.row(p.Name, string(p.State), clock(p.Since), p.Author, plan.Hash(p.Hash).Short())
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&states, "state", nil, "only plans in this state; may be given often")
	flags.StringVar(&q.Text, "text", "", "only plans with this in their name")
	flags.StringVar(&q.After, "after", "", "go on after this plan")
	limitFlag(cmd, &q.Limit, 100, "plans")
	return cmd
}

// planStanding is where a plan stands, for programs.
type planStanding struct {
	control.PlanView

	Orders map[string][]rollout.Verb `json:"orders"` // that each takes, the plan under an empty name
	// Unheard are notices that were tried in vain, by channel.
	Unheard map[string]int `json:"unheard,omitempty"`
	Next    []string       `json:"next_steps"`
}

func planStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "status PLAN", Short: "How a plan stands: stages, users by state, holds, tasks, what comes next", Args: takes("the PLAN's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withReads(cmd.Context(), func(r reads) error {
				standing, err := r.PlanStanding(cmd.Context(), args[0])
				if err != nil {
					return hint(err, "dualtone plan list shows which there are")
				}
				return a.show(standing, func(t *table) {
					planTable(t, standing.PlanView)
					for _, channel := range slices.Sorted(maps.Keys(standing.Unheard)) {
						t.line("%s not delivered to %s: dualtone notify list --failed --plan %s", count(standing.Unheard[channel], "notice"), channel, args[0])
					}
				})
			})
		},
	}
}

func standingOf(v control.PlanView, unheard map[string]int) planStanding {
	s := planStanding{PlanView: v, Unheard: unheard, Orders: map[string][]rollout.Verb{"": rollout.Orders(rollout.OfPlan, v.Plan.State)}, Next: nextSteps(v)}
	for _, st := range v.Stages {
		s.Orders[st.ID] = rollout.Orders(rollout.OfStage, st.State)
	}
	return s
}

// nextSteps are what people would do next with a plan.
func nextSteps(v control.PlanView) []string {
	name := v.Plan.Name
	next := []string{}
	add := func(format string, args ...any) { next = append(next, "dualtone plan "+fmt.Sprintf(format, args...)) }
	switch v.Plan.State {
	case rollout.Draft, rollout.Rehearsed, rollout.Rejected:
		add("submit FILE")
	case rollout.Submitted:
		next = append(next, approvalSteps(v, "")...)
	case rollout.Approved:
		add("start %s", name)
	case rollout.Active, rollout.RollingBack, rollout.Aborting:
		add("watch %s", name)
	case rollout.Completed:
		add("evidence %s", name)
		add("outcome %s", name)
		if v.Finalise != nil {
			add("reconcile %s", name)
			next = append(next, approvalSteps(v, workflows.FinalStage)...)
			add("finalise %s", name)
		}
	default:
	}
	for _, h := range v.Holds {
		next = append(next, holdSteps(name, h)...)
	}
	for _, p := range v.Pauses {
		add("resume %s%s", name, stageFlag(p.Stage))
	}
	for _, s := range v.Stages {
		switch s.State {
		case rollout.AwaitingApproval:
			next = append(next, approvalSteps(v, s.ID)...)
		case rollout.Partial, rollout.Unknown, rollout.Failed:
			add("users %s --stage %s --failed", name, s.ID)
			add("retry %s --stage %s", name, s.ID)
			if s.State == rollout.Failed {
				add("override %s --stage %s --reason WHY", name, s.ID)
			} else {
				add("skip %s --stage %s --user ID --reason WHY", name, s.ID)
			}
			add("rollback %s --stage %s --reason WHY", name, s.ID)
		case rollout.Evaluating:
			if _, held := rollout.Held(v.Holds, s.ID, v.AsOf); held {
				add("override %s --stage %s --reason WHY", name, s.ID)
			}
		case rollout.Blocked, rollout.Rejected, rollout.RollbackIncomplete:
			add("retry %s --stage %s", name, s.ID)
		default:
		}
	}
	if len(v.Tasks) > 0 {
		add("tasks list %s", name)
	}
	return next
}

// holdSteps are what people would do next with a hold: agree to what its owner asks
// for, or release it.
func holdSteps(name string, h rollout.Hold) []string {
	release := fmt.Sprintf("dualtone plan release %s --hold %s%s", name, h.ID, stageFlag(h.Stage))
	if h.Abort == "" {
		return []string{release}
	}
	return []string{fmt.Sprintf("dualtone plan abort %s --agree --reason WHY", name), release}
}

// approvalSteps are the approvals that are still needed, one for each role that may
// give them.
func approvalSteps(v control.PlanView, stage string) []string {
	var all []string
	said, need := v.Said(stage), v.Needs[stage]
	for _, role := range need.Roles {
		given := slices.ContainsFunc(v.Approvals, func(a rollout.Approval) bool {
			return a.Stage == stage && a.Role == role && slices.Contains(said.Have, a.Actor)
		})
		if said.Enough || given && need.Need >= len(need.Roles) {
			continue
		}
		all = append(all, fmt.Sprintf("dualtone plan approve %s%s --role %s", v.Plan.Name, stageFlag(stage), role))
	}
	return all
}

// approvalLines tell who has approved what must be approved now.
func approvalLines(t *table, v control.PlanView) {
	for _, stage := range slices.Sorted(maps.Keys(v.Needs)) {
		said := v.Said(stage)
		what := cmp.Or(stage, "the plan")
		if len(said.Have) > 0 {
			t.line("%s: approved by %s until %s%s", what, strings.Join(said.Have, ", "), clock(said.Until), needed(said))
		} else {
			t.line("%s needs %s", what, said.Missing)
		}
		for _, why := range said.Void {
			t.line("%s: does not count, %s", what, why)
		}
	}
}

func needed(said rollout.Verdict) string {
	if said.Enough {
		return ""
	}
	return "; it needs " + said.Missing
}

func stageFlag(stage string) string {
	if stage == "" {
		return ""
	}
	return " --stage " + stage
}

func planTable(t *table, v control.PlanView) {
	t.line("plan %s: %s since %s%s (%s by %s)", v.Plan.Name, v.Plan.State, clock(v.Plan.Since), because(v.Plan.Detail), plan.Hash(v.Plan.Hash).Short(), v.Plan.Author)
	switch {
	case v.Plan.State == rollout.Completed && v.Finalise == nil:
		t.line("Everybody can be taken back: it names no point of no return (spec.finalise).")
	case v.Plan.State == rollout.Completed:
		t.line("Everybody can be taken back until it is finalised. That is the point of no return.")
	}
	for _, h := range v.Holds {
		t.line("HELD %s: %s%s", h.ID, printable(h.String()), perDay(v.Money))
	}
	for _, p := range v.Pauses {
		t.line("PAUSED: %s has paused %s at %s%s", p.Actor, subject(v.Plan.Name, p.Stage), clock(p.At), because(p.Reason))
	}
	approvalLines(t, v)
	if r := v.Radius; r != nil {
		t.line("blast radius: %s of a group may be on the new side, not %s: %s failed", r.Now, r.Planned, count(r.Failed, "user"))
	}
	moneyLines(t, v)
	t.line("")
	t.row("STAGE", "KIND", "STATE", "ON NEW", "USERS", "UNTIL", "WHY")
	for _, s := range v.Stages {
		t.row(s.ID, s.Kind, string(s.State), fmt.Sprintf("%d/%d", s.Users[cutover.OnNew], s.Users.Total()), tally(s.Users), cmp.Or(until(s.Until, v.AsOf), "-"), cmp.Or(s.Detail, "-"))
	}
	for _, task := range v.Tasks {
		late := ""
		if task.Overdue(v.AsOf) {
			late = ", LATE"
		}
		t.line("task %s: %s, %s, due %s%s", task.ID, task.State, task.Owner, clock(task.Due), late)
	}
	if next := nextSteps(v); len(next) > 0 {
		t.line("")
		t.line("next: %s", strings.Join(next, "\n      "))
	}
}

func planUsers(a *app) *cobra.Command {
	var q rollout.UserQuery
	var after string
	var states []string
	var failed bool
	cmd := &cobra.Command{
		Use: "users PLAN", Short: "The people of a plan and where each of them is", Args: takes("the PLAN's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked := q
			asked.Plan = args[0]
			asked.Limit = oneMore(q.Limit)
			for _, s := range states {
				if err := checkState(cmd, cutover.State(s)); err != nil {
					return err
				}
				asked.States = append(asked.States, cutover.State(s))
			}
			if failed {
				asked.States = append(asked.States, rollout.FailedUsers()...)
			}
			if err := asked.Behind(after); err != nil {
				return usage(cmd, "--after: "+unmarked(err))
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				found, err := r.PlanUsers(cmd.Context(), asked)
				if err != nil {
					return err
				}
				shown := page(found, q.Limit, rollout.User.Place)
				return showList(a, shown, "Nobody.", func(t *table) {
					t.row("STAGE", "#", "ID", "STATE", "SINCE", "WHY")
					for _, u := range shown.Items {
						t.row(u.Stage, strconv.Itoa(u.Position), string(u.Person), string(u.State), clock(u.Since), cmp.Or(u.Detail, "-"))
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Stage, "stage", "", "only people of this stage")
	flags.StringSliceVar(&states, "state", nil, "only people in this state; may be given often")
	flags.BoolVar(&failed, "failed", false, "only people whose switch failed")
	flags.StringVar(&after, "after", "", "go on after this place, as in pilot/12")
	limitFlag(cmd, &q.Limit, 100, "people")
	return cmd
}

func planLog(a *app) *cobra.Command {
	var q rollout.TransitionQuery
	cmd := &cobra.Command{
		Use: "log PLAN", Short: "Every order and every change of state of a plan, oldest first", Args: takes("the PLAN's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked := q
			asked.Plan = args[0]
			asked.Limit = oneMore(q.Limit)
			return a.withReads(cmd.Context(), func(r reads) error {
				found, err := r.PlanLog(cmd.Context(), asked)
				if err != nil {
					return err
				}
				shown := page(found, q.Limit, func(tr rollout.Transition) string { return strconv.FormatInt(tr.Serial, 10) })
				return showList(a, shown, "Nothing.", func(t *table) {
					t.row("AT", "STAGE", "WHAT", "FROM", "TO", "BY", "AS", "WHY")
					for _, tr := range shown.Items {
						t.row(clock(tr.At), cmp.Or(tr.Stage, "-"), string(tr.Verb), string(tr.From), string(tr.To), tr.Actor, string(tr.Role), cmp.Or(tr.Reason, "-"))
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Stage, "stage", "", "only this stage")
	flags.StringVar(&q.Actor, "actor", "", "only what this person did")
	flags.Int64Var(&q.After, "after", 0, "go on after this entry")
	limitFlag(cmd, &q.Limit, 200, "entries")
	return cmd
}
