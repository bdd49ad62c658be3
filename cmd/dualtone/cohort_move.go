package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

// pageSize is how many rows are read at a time where all are wanted.
const pageSize = 1000

type moveFlags struct {
	reason string
	window int
	only   []string
	retry  bool
	dryRun bool
	noWait bool
}

func (f *moveFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.reason, "reason", "", "why, for the journal")
	flags.IntVar(&f.window, "window", 0, "how many users at the same time (default: cohort.window)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say who would be moved, and move nobody")
	flags.BoolVar(&f.noWait, "no-wait", false, "start it and do not wait for its end")
}

func cohortMove(a *app) *cobra.Command {
	var f moveFlags
	cmd := &cobra.Command{
		Use: "move NAME", Short: "Move a cohort's users to the new side",
		Long: "Moves all members who are on the old side, a window of them at a time, and waits for the end. " +
			"Interrupting the command does not stop the move; dualtone cohort pause and cancel do.",
		Args: takes("the cohort's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, s := range f.only {
				if err := checkState(cmd, cutover.State(s)); err != nil {
					return err
				}
			}
			return a.moveCohort(cmd.Context(), args[0], dualtone.New, f)
		},
	}
	f.add(cmd)
	cmd.Flags().StringSliceVar(&f.only, "only", nil, "only members whose latest switch is in this state; may be given often")
	return cmd
}

func cohortRollback(a *app) *cobra.Command {
	var f moveFlags
	cmd := &cobra.Command{
		Use: "rollback NAME", Short: "Take a cohort's users back to where they were, the last one first",
		Long: "Takes everybody in the cohort who was moved back, in reverse order. A move that is running starts nobody else " +
			"and turns back once those in flight have ended.",
		Args: takes("the cohort's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.moveCohort(cmd.Context(), args[0], dualtone.Old, f)
		},
	}
	f.add(cmd)
	return cmd
}

func cohortRetry(a *app) *cobra.Command {
	var f moveFlags
	to := dualtone.New
	cmd := &cobra.Command{
		Use: "retry NAME", Short: "Try again with those who could not be moved, and with nobody else",
		Long: "Moves those again whose latest switch was to bring them to the side and did not: it failed and was taken back, was deferred " +
			"or left out. Whoever was taken back afterwards stays where they are; dualtone cohort move moves them.",
		Args: takes("the cohort's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.retry = true
			return a.moveCohort(cmd.Context(), args[0], to, f)
		},
	}
	f.add(cmd)
	choiceFlag(cmd, &to, "to", "the side to move to", dualtone.New, dualtone.Old)
	return cmd
}

func (a *app) moveCohort(ctx context.Context, name string, to dualtone.Side, f moveFlags) error {
	return a.withCounter(ctx, f.reason, func(c *counter) error {
		if _, err := c.reads.Cohort(ctx, name); err != nil {
			return hint(err, "dualtone cohort list shows which there are")
		}
		m := control.CohortMove{Cohort: name, To: to, Window: f.window, Retry: f.retry, Why: c.why}
		for _, s := range f.only {
			m.Only = append(m.Only, cutover.State(s))
		}
		who, err := whom(ctx, c.reads, m)
		if err != nil {
			return err
		}
		if f.dryRun {
			return a.showPlanned(name, to, who)
		}
		if err := c.cohorts.StartMove(ctx, m); err != nil {
			return hint(err, "dualtone cohort status "+name+" tells how it stands")
		}
		if f.noWait {
			return a.show(map[string]any{"cohort": name, "to": to, "users": len(who), "started": true}, func(t *table) {
				t.line("Cohort %s is on its way to the %s side: %d users. dualtone cohort status %s --watch follows it.", name, to, len(who), name)
			})
		}
		return a.watchCohort(ctx, c, watch{cohort: name, to: to, total: len(who)})
	})
}

// whom lists the members that a move would switch, in its order.
func whom(ctx context.Context, r reads, m control.CohortMove) ([]cutover.Member, error) {
	var all []cutover.Member
	q := m.Members()
	for q.Limit = pageSize; ; {
		found, err := r.Members(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(found) < q.Limit {
			return all, nil
		}
		q.After = found[len(found)-1].Position
	}
}

func (a *app) showPlanned(name string, to dualtone.Side, who []cutover.Member) error {
	return showList(a, list[cutover.Member]{Items: who}, "Nobody in "+name+" would be moved.", func(t *table) {
		t.row("#", "ID", "NAME", "FROM", "STATE", "LACKS")
		for _, m := range who {
			t.row(strconv.Itoa(m.Position), string(m.ID), m.Name, string(m.Side), dash(m.State), lacks(m.Accounts))
		}
		t.line("%d users would be moved to the %s side, in this order. dualtone switch USER --dry-run shows what is written for one.", len(who), to)
	})
}

// lacks names the systems on which nobody was matched.
func lacks(a dualtone.Accounts) string {
	var all []string
	for _, s := range []struct {
		name string
		id   dualtone.UserID
	}{{"crm", a.CRM}, {"old", a.Old}, {"new", a.New}} {
		if s.id == "" {
			all = append(all, s.name)
		}
	}
	return cmp.Or(strings.Join(all, " "), "-")
}

// watch is a cohort's move that somebody looks at.
type watch struct {
	cohort string
	to     dualtone.Side // empty for whichever
	total  int
}

const watchEvery = time.Second

// watchCohort shows how a cohort comes along until it comes to rest.
func (a *app) watchCohort(ctx context.Context, c *counter, w watch) error {
	m := a.meter(w.cohort)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		s, err := c.cohorts.CohortStatus(ctx, w.cohort)
		if err != nil {
			m.end()
			return hint(err, "the move goes on; dualtone cohort status "+w.cohort+" tells how it stands")
		}
		turned := w.to == "" || s.To == w.to
		if turned {
			m.at(s.Tally.Total(), max(w.total, s.Tally.Total()), statusNote(s))
		}
		if s.Verdict != "" && turned {
			m.end()
			if err := a.show(s, func(t *table) { statusTable(t, s) }); err != nil {
				return err
			}
			return cohortVerdict(s)
		}
		select {
		case <-ctx.Done():
			m.end()
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func statusNote(s workflows.CohortStatus) string {
	var notes []string
	if bad := tally(badOnes(s)); bad != "-" {
		notes = append(notes, bad)
	}
	switch {
	case s.Stopped != nil:
		notes = append(notes, "canceled by "+s.Stopped.Actor)
	case s.TurnBack != nil:
		notes = append(notes, "turning back")
	case s.Paused != nil:
		notes = append(notes, "paused by "+s.Paused.Actor)
	}
	return strings.Join(notes, ", ")
}

func badOnes(s workflows.CohortStatus) map[cutover.State]int {
	bad := map[cutover.State]int{}
	for state, n := range s.Tally {
		if !state.Good(s.To) {
			bad[state] = n
		}
	}
	return bad
}

// cohortVerdict is the command's error for a cohort of which not everybody was
// moved.
func cohortVerdict(s workflows.CohortStatus) error {
	switch s.Verdict {
	case cutover.AllMoved, cutover.AllRestored:
		return nil
	case cutover.Empty:
		return hint(fmt.Errorf("cohort %s: there was nobody to take to the %s side, nothing was changed: %w", s.Cohort, s.To, dualtone.ErrConflict),
			"dualtone cohort show "+s.Cohort+" tells where everybody is")
	case cutover.Stopped:
		return fmt.Errorf("cohort %s was stopped after %d users: %w", s.Cohort, s.Tally.Total(), errPartial)
	case cutover.Partial:
	}
	return hint(fmt.Errorf("cohort %s: %s: %w", s.Cohort, tally(s.Tally), errPartial),
		"dualtone cohort show "+s.Cohort+" names them, dualtone cohort retry "+s.Cohort+" tries those again")
}

func statusTable(t *table, s workflows.CohortStatus) {
	t.row("cohort", s.Cohort)
	t.row("to", string(s.To))
	t.row("verdict", cmp.Or(string(s.Verdict), "running"))
	t.row("ended", fmt.Sprintf("%d: %s", s.Tally.Total(), tally(s.Tally)))
	t.row("in flight", fmt.Sprintf("%d of at most %d", len(s.InFlight), s.Window))
	t.row("began", clock(s.Started))
	for _, o := range []struct {
		what  string
		order *workflows.Order
	}{{"paused", s.Paused}, {"canceled", s.Stopped}, {"turned back", s.TurnBack}} {
		if o.order != nil {
			t.row(o.what, fmt.Sprintf("by %s at %s%s", o.order.Actor, clock(o.order.At), because(o.order.Reason)))
		}
	}
	if len(s.InFlight) > 0 {
		users := texts(s.InFlight)
		slices.Sort(users)
		t.row("users in flight", strings.Join(users, " "))
	}
}
