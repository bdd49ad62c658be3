package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// planTasks is about what only people can do.
func planTasks(a *app) *cobra.Command {
	return group("tasks", "What people have to do by hand for a plan",
		tasksList(a),
		a.taskCommand("done", "Say that a task is done, with evidence", "what shows it: a letter, a ticket, an address", rollout.TaskDone, plan.Operator),
		a.taskCommand("confirm", "Confirm a task that somebody else has done", "what you saw", rollout.TaskConfirmed, plan.OperationsLead),
		a.taskCommand("refuse", "Refuse a task that is not done as it should be", "what you saw", rollout.TaskRefused, plan.OperationsLead),
		tasksHand(a))
}

func tasksHand(a *app) *cobra.Command {
	var f acting
	var owner string
	cmd := &cobra.Command{
		Use: "hand PLAN TASK", Short: "Make somebody else the owner of a task", Args: takes("the PLAN's name", "the TASK's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCounter(cmd.Context(), f.reason, func(c *counter) error {
				task, err := c.reads.PlanTask(cmd.Context(), args[0], args[1])
				if err != nil {
					return hint(err, "dualtone plan tasks list "+args[0]+" shows which there are")
				}
				if task, err = task.Hand(owner); err != nil {
					return err
				}
				if !f.dryRun {
					if task, err = c.plans.HandTask(cmd.Context(), args[0], args[1], owner, f.order(c.why.Actor, rollout.Progress)); err != nil {
						return err
					}
				}
				return a.show(map[string]any{"task": task, "dry_run": f.dryRun}, func(t *table) {
					word := "is"
					if f.dryRun {
						word = "would be"
					}
					t.line("Task %s %s %s's.", task.ID, word, task.Owner)
				})
			})
		},
	}
	f.bind(cmd, plan.OperationsLead)
	cmd.Flags().StringVar(&owner, "to", "", "who does it from now on")
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

func tasksList(a *app) *cobra.Command {
	var q rollout.TaskQuery
	var all bool
	cmd := &cobra.Command{
		Use: "list PLAN", Short: "List tasks in the order in which they are due", Args: takes("the PLAN's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked := q
			asked.Plan = args[0]
			asked.Limit = oneMore(q.Limit)
			if !all {
				asked.States = rollout.Unconfirmed()
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				found, err := r.PlanTasks(cmd.Context(), asked)
				if err != nil {
					return err
				}
				shown := page(found, q.Limit, func(t rollout.Task) string { return t.ID })
				return showList(a, shown, "Nothing is to be done by hand.", func(t *table) {
					t.row("TASK", "OWNER", "DUE", "STATE", "WHAT", "EVIDENCE")
					for _, task := range shown.Items {
						t.row(task.ID, task.Owner, clock(task.Due), string(task.State), task.Instruction, cmp.Or(task.Evidence, "wanted: "+task.Wanted))
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Stage, "stage", "", "only tasks of this stage")
	flags.StringVar(&q.Owner, "owner", "", "only tasks of this person")
	flags.BoolVar(&all, "all", false, "those that are confirmed as well")
	flags.StringVar(&q.After, "after", "", "go on after this task")
	limitFlag(cmd, &q.Limit, 100, "tasks")
	return cmd
}

func (a *app) taskCommand(name, short, evidence string, verdict rollout.TaskState, usual rollout.Role) *cobra.Command {
	var f acting
	var attached string
	cmd := &cobra.Command{
		Use: name + " PLAN TASK", Short: short, Args: takes("the PLAN's name", "the TASK's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCounter(cmd.Context(), f.reason, func(c *counter) error {
				return a.moveTask(cmd.Context(), c, args[0], workflows.PlanOrder{
					Order: f.order(c.why.Actor, rollout.Progress), Task: args[1], Verdict: verdict, Attached: attached,
				}, f.dryRun)
			})
		},
	}
	f.bind(cmd, usual)
	cmd.Flags().StringVar(&attached, "evidence", "", evidence)
	return cmd
}

func (a *app) moveTask(ctx context.Context, c *counter, name string, o workflows.PlanOrder, dryRun bool) error {
	task, err := c.reads.PlanTask(ctx, name, o.Task)
	if err != nil {
		return hint(err, "dualtone plan tasks list "+name+" shows which there are")
	}
	o.Stage = task.Stage
	would, err := task.Move(o.Verdict, o.Actor, o.Attached, a.now().UTC())
	if err != nil {
		return err
	}
	if o.Reason == "" {
		o.Reason = fmt.Sprintf("task %s is %s: %s", would.ID, would.State, o.Attached)
	}
	if !dryRun {
		if err := c.plans.MoveTask(ctx, name, o); err != nil {
			return err
		}
	}
	next := "dualtone plan status " + name
	if would.State == rollout.TaskDone {
		next = fmt.Sprintf("dualtone plan tasks confirm %s %s --evidence %q", name, would.ID, fmt.Sprintf("what shows it (%s)", would.Confirm))
	}
	return a.show(map[string]any{"task": would, "dry_run": dryRun, "next_steps": []string{next}}, func(t *table) {
		word := "is"
		if dryRun {
			word = "would be"
		}
		t.line("Task %s %s %s.", would.ID, word, would.State)
		if would.State == rollout.TaskDone {
			t.line("Somebody other than %s confirms it: %s", o.Actor, next)
		}
	})
}
