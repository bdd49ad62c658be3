package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

type switchFlags struct {
	to     dualtone.Side
	reason string
	dryRun bool
	noWait bool
	over   []string
	keep   []string
}

func switchCommand(a *app) *cobra.Command {
	var f switchFlags
	cmd := &cobra.Command{
		Use: "switch USER --to new|old", Short: "Move one user to a side, or back",
		Long: "Moves one user and waits for the end. Interrupting the command does not stop the switch. " +
			"With --dry-run it reads everything, shows what would be written, in order and with before and after, and writes nothing.",
		Args: takes("USER, the person's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.to == "" {
				return usage(cmd, "--to is missing: new or old")
			}
			person := dualtone.PersonID(args[0])
			return a.withMover(cmd.Context(), f.reason, func(m mover) error {
				if _, err := m.Person(cmd.Context(), person); err != nil {
					return hint(err, "dualtone users list shows who there is")
				}
				if f.dryRun {
					return a.preview(cmd.Context(), m, person, f.to)
				}
				return a.switchUser(cmd.Context(), m, person, f)
			})
		},
	}
	flags := cmd.Flags()
	choiceFlag(cmd, &f.to, "to", "the side to move to", dualtone.New, dualtone.Old)
	flags.StringVar(&f.reason, "reason", "", "why, for the journal")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be written, and write nothing")
	flags.StringSliceVar(&f.over, "over", nil, "old: also put this back, such as old.forward, although somebody else changed it; may be given often")
	flags.StringSliceVar(&f.keep, "keep", nil, "old, of somebody in restore_drift: agree that this stays as it is now, such as old.offering; may be given often")
	flags.BoolVar(&f.noWait, "no-wait", false, "start it and do not wait for its end")
	return cmd
}

func (a *app) preview(ctx context.Context, m mover, person dualtone.PersonID, to dualtone.Side) error {
	s, err := m.Preview(ctx, person, to)
	if err != nil {
		return err
	}
	if s.Actions == nil {
		s.Actions = []cutover.Action{}
	}
	return a.show(s, func(t *table) {
		t.line("%s to the %s side would be %d writes, in this order:", person, to, len(s.Actions))
		t.row("#", "STEP", "WHERE", "BEFORE", "AFTER")
		for i, action := range s.Actions {
			t.row(strconv.Itoa(i+1), string(action.Step), string(action.Facet), describe(action.From), describe(action.To))
		}
		t.line("Nothing was written.")
	})
}

func (a *app) switchUser(ctx context.Context, m mover, person dualtone.PersonID, f switchFlags) error {
	chosen, err := f.choose(ctx, m, person)
	if err != nil {
		return err
	}
	move, err := m.Move(ctx, person, f.to, chosen)
	if err != nil {
		return err
	}
	if f.noWait {
		return a.show(map[string]any{"person": person, "to": f.to, "started": true}, func(t *table) {
			t.line("The switch of %s has begun; dualtone users show %s tells how it stands.", person, person)
		})
	}
	end, err := a.follow(ctx, move)
	if err != nil {
		return hint(err, fmt.Sprintf("the switch goes on; dualtone users show %s tells how it stands", person))
	}
	verdict := switchVerdict(end)
	if verdict != nil && a.flags.output == asTable {
		return verdict // It says all that the table would.
	}
	return errors.Join(a.show(end, func(t *table) { switchTable(t, end) }), verdict)
}

// choose is what becomes of what somebody else changed, as it is now, so that nothing
// newer than that is overwritten or agreed to.
func (f *switchFlags) choose(ctx context.Context, m mover, person dualtone.PersonID) (c cutover.Choice, err error) {
	switch {
	case len(f.over)+len(f.keep) == 0:
		return c, nil
	case f.to != dualtone.Old:
		return c, fmt.Errorf("--over and --keep are for a way back: %w", dualtone.ErrInvalid)
	}
	read, err := m.Preview(ctx, person, f.to)
	if err != nil {
		return c, err
	}
	if c.Over, err = asRead("over", f.over, read.Before); err != nil {
		return c, err
	}
	c.Keep, err = asRead("keep", f.keep, read.Before)
	return c, err
}

// asRead are the values of some facets in what was read.
func asRead(flag string, facets []string, now cutover.Image) (cutover.Image, error) {
	all := cutover.Image{}
	for _, name := range facets {
		f := cutover.Facet(name)
		if !slices.Contains(cutover.Facets(), f) {
			return nil, hint(fmt.Errorf("--%s %q: %w", flag, name, dualtone.ErrInvalid), "there are "+joinTexts(cutover.Facets()))
		}
		all[f] = now[f]
	}
	return all, nil
}

const askEvery = 300 * time.Millisecond

// follow waits for a switch and tells each state that it sees on the way.
func (a *app) follow(ctx context.Context, move moving) (workflows.Progress, error) {
	type answer struct {
		progress workflows.Progress
		err      error
	}
	ended := make(chan answer, 1)
	go func() {
		p, err := move.Wait(ctx)
		ended <- answer{p, err}
	}()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	var seen cutover.State
	for {
		select {
		case end := <-ended:
			return end.progress, end.err
		case <-tick.C:
			// How it stands is a courtesy: the end alone decides.
			if p, err := move.Progress(ctx); err == nil && p.State != seen && !p.State.Final() {
				seen = p.State
				fmt.Fprintf(a.err, "%s: %s\n", p.Person, p.State)
			}
		}
	}
}

func switchTable(t *table, p workflows.Progress) {
	t.line("%s: %s%s", p.Person, p.State, because(p.Detail))
	t.line("dualtone journal %s tells every step.", p.Person)
}

func because(detail string) string {
	if detail == "" {
		return ""
	}
	return ": " + printable(detail)
}

// switchVerdict is the command's error for a switch that did not end as asked.
func switchVerdict(p workflows.Progress) error {
	what := fmt.Sprintf("%s is %s%s", p.Person, p.State, because(p.Detail))
	switch {
	case p.Unchanged:
		return fmt.Errorf("%s is on the %s side already, nothing was changed: %w", p.Person, p.To, dualtone.ErrConflict)
	case p.State.Good(p.To):
		return nil
	case p.State == cutover.Deferred:
		return hint(fmt.Errorf("%s: %w", what, dualtone.ErrUnavailable), "nothing is left written; try again when the user is free")
	case p.State == cutover.Unknown:
		return fmt.Errorf("%s: %w", what, dualtone.ErrUnknown)
	case p.State == cutover.RestoreDrift:
		return hint(fmt.Errorf("%s: %w", what, errPartial), fmt.Sprintf("dualtone journal %[1]s shows what somebody else changed; dualtone switch %[1]s --to old puts it back with --over, and agrees to it with --keep", p.Person))
	default:
		return hint(errors.New(what), fmt.Sprintf("nothing is left written; dualtone journal %s tells why", p.Person))
	}
}
