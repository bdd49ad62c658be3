package main

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/systems"
)

const matchLong = `Lists the users of the CRM and of both phone systems and finds each person's
account on each, by the account that the user list names, else by federation id,
e-mail, extension and number. What two answers fit is not decided but told.
Who was never switched is taken to be on the side whose call center they are in.

It writes nothing unless --write asks to store what was matched.`

type matchFlags struct {
	write  bool
	afresh bool
	dryRun bool
	actor  string
}

type matchReport struct{ api.Matching }

func usersMatch(a *app) *cobra.Command {
	var f matchFlags
	cmd := &cobra.Command{
		Use: "match", Short: "Find everybody's accounts on the CRM and both phone systems", Long: matchLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := either(cmd.Context(), a, func(s server) (matchReport, error) {
				return sent[matchReport](cmd.Context(), s, "/users/match", api.PeopleMatch{Write: f.write, Afresh: f.afresh, DryRun: f.dryRun})
			}, func(cfg *config.Config, s *stores) (matchReport, error) {
				f.actor = actor(cfg)
				return a.match(cmd.Context(), cfg, s, f)
			})
			if err != nil {
				return err
			}
			if err := a.show(r, r.table); err != nil {
				return err
			}
			if r.Complete < r.People {
				return hint(fmt.Errorf("%d of %d people are matched on all three systems: %w", r.Complete, r.People, errPartial),
					"name the account in the user list's columns crm, old and new where keys do not tell, and import it again")
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.write, "write", false, "store what was matched")
	flags.BoolVar(&f.afresh, "afresh", false, "forget the accounts that are stored and look at the keys alone")
	flags.BoolVar(&f.dryRun, "dry-run", false, "store nothing, even with --write")
	return cmd
}

func (a *app) match(ctx context.Context, cfg *config.Config, s *stores, f matchFlags) (matchReport, error) {
	var r matchReport
	if !cfg.Migration.Set() {
		return r, errNoMigration
	}
	known, err := cutover.Everybody(ctx, s.people, cutover.PeopleQuery{})
	if err != nil {
		return r, err
	}
	if len(known) == 0 {
		return r, hint(fmt.Errorf("the user list is empty: %w", dualtone.ErrNotFound), "dualtone users import FILE.csv takes one in")
	}
	persons := make([]dualtone.Person, len(known))
	for i, p := range known {
		persons[i] = p.Person
		if f.afresh {
			persons[i].Accounts = dualtone.Accounts{}
		}
	}
	d, err := a.directories(ctx, cfg, s)
	if err != nil {
		return r, err
	}
	r.Report = people.Match(persons, d[0], d[1], d[2])
	r.Complete = r.Report.Complete()
	m := cfg.Migration.Cutover()
	sides := r.Sides(m.OldCallCenter, m.NewCallCenter)
	for _, side := range sides {
		if side == dualtone.New {
			r.OnNew++
		}
	}
	if f.write && !f.dryRun {
		why := cutover.Import{Actor: f.actor, Source: "users match"}
		if err := s.people.Match(ctx, r.Accounts(), why); err != nil {
			return r, err
		}
		if _, err := s.people.Place(ctx, sides, why); err != nil {
			return r, err
		}
		r.Written = true
	}
	return r, nil
}

// directories lists the users of the CRM, the old and the new side.
func (a *app) directories(ctx context.Context, cfg *config.Config, s *stores) (all [3][]dualtone.User, err error) {
	m := cfg.Migration
	f, err := openFleet(ctx, cfg, sharedPace(cfg, postgres.NewPacer(s.pool)), a.logger(cfg), m.Old, m.New, m.CRM)
	if err != nil {
		return all, err
	}
	defer func() { _ = f.Close() }()
	var read atomic.Int64
	defer a.count(&read, "reading users")()
	g, ctx := errgroup.WithContext(ctx)
	for i, from := range []struct {
		name string
		dir  systems.Directory
		need error
	}{
		{m.CRM, f.crms[m.CRM].Directory, nil},
		{m.Old, f.platforms[m.Old].Directory, f.platforms[m.Old].Need(systems.CanDirectory)},
		{m.New, f.platforms[m.New].Directory, f.platforms[m.New].Need(systems.CanDirectory)},
	} {
		if from.need != nil {
			return all, from.need
		}
		g.Go(func() (err error) {
			if all[i], err = collect(from.dir.Users(ctx), &read); err != nil {
				return fmt.Errorf("users of %s: %w", from.name, err)
			}
			return nil
		})
	}
	return all, g.Wait()
}

func collect(users iter.Seq2[dualtone.User, error], read *atomic.Int64) ([]dualtone.User, error) {
	var all []dualtone.User
	for u, err := range users {
		if err != nil {
			return nil, err
		}
		all = append(all, u)
		read.Add(1)
	}
	return all, nil
}

// count shows a number that grows, until the returned function is called.
func (a *app) count(n *atomic.Int64, what string) (stop func()) {
	m := a.meter(what)
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				m.end()
				return
			case <-tick.C:
				m.count(int(n.Load()))
			}
		}
	}()
	return func() { close(done); <-gone }
}

func (r matchReport) table(t *table) {
	for i, x := range r.Problems() {
		if i == 0 {
			t.row("PERSON", "SYSTEM", "PROBLEM")
		}
		t.row(string(x.Person), string(x.System), x.What)
	}
	for _, s := range []people.System{people.CRM, people.Old, people.New} {
		t.line("%s: %d of %d people matched%s", s, r.Matched(s), r.People, r.unclaimed(s))
	}
	if r.OnNew > 0 {
		t.line("%d people work on the new side, by their call center.", r.OnNew)
	}
	written := "nothing was written"
	if r.Written {
		written = "what was matched is stored"
	}
	t.line("%d of %d people are matched on all three; %s.", r.Complete, r.People, written)
}

func (r matchReport) unclaimed(s people.System) string {
	n := 0
	for _, u := range r.Unclaimed {
		if u.System == s {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return ", " + strconv.Itoa(n) + " accounts are nobody's"
}
