package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

// timed is how long one operation takes.
type timed struct {
	What string        `json:"what"`
	Took time.Duration `json:"took"`
}

// large is how many numbers and people the small measurements work with.
const large = 100_000

// micro measures single operations on large tables.
func micro(ctx context.Context, s settings, found *findings) error {
	found.Micro = nil
	pool, done, err := openDatabase(ctx, s, "micro")
	if err != nil {
		return err
	}
	defer done()
	if err := found.routes(ctx, pool); err != nil {
		return err
	}
	found.match()
	for _, m := range found.Micro {
		s.say("%-60s %s", m.What, m.Took)
	}
	return nil
}

// time adds the mean over some repetitions.
func (f *findings) time(what string, times int, do func(i int) error) error {
	began := time.Now()
	for i := range times {
		if err := do(i); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	f.Micro = append(f.Micro, timed{what, time.Since(began) / time.Duration(times)})
	return nil
}

func routeOf(i int, sides ...dualtone.Side) routing.Route {
	return routing.Route{Number: number(i), Person: personID(i), Sides: sides}
}

func (f *findings) routes(ctx context.Context, pool *pgxpool.Pool) error {
	table, why := postgres.NewRouter(pool), routing.Provenance{Actor: "bench", Reason: "measured"}
	var revision routing.Revision
	const batch = 10_000
	err := f.time("routing table: fill 10,000 of 100,000 numbers in one revision", large/batch, func(n int) (err error) {
		changes := make([]routing.Change, batch)
		for i := range changes {
			changes[i] = routing.Change{To: routeOf(n*batch+i, dualtone.Old)}
		}
		revision, err = table.Apply(ctx, changes, why)
		return err
	})
	if err != nil {
		return err
	}
	const flips = 500
	if err := f.time("routing table of 100,000: flip one number, durably", flips, func(i int) error {
		at := i * (large / flips)
		_, err := table.Apply(ctx, []routing.Change{{From: routeOf(at, dualtone.Old), To: routeOf(at, dualtone.New)}}, why)
		return err
	}); err != nil {
		return err
	}
	if err := f.time("routing table of 100,000: the 500 that changed since a revision", 50, func(int) error {
		got, err := table.Since(ctx, revision)
		if err == nil && len(got.Routes) != flips {
			err = fmt.Errorf("%d routes", len(got.Routes))
		}
		return err
	}); err != nil {
		return err
	}
	return f.time("routing table of 100,000: read it whole", 5, func(int) error {
		got, err := table.Since(ctx, 0)
		if err == nil && len(got.Routes) != large {
			err = fmt.Errorf("%d routes", len(got.Routes))
		}
		return err
	})
}

func (f *findings) match() {
	persons, users := make([]dualtone.Person, large), make([]dualtone.User, large)
	for i := range large {
		users[i] = dualtone.User{
			ID: dualtone.UserID(fmt.Sprintf("u%06d", i)), Email: fmt.Sprintf("agent%d@example.com", i),
			Extension: extension(i), Numbers: []dualtone.Number{number(i)}, Active: true,
		}
		persons[i] = dualtone.Person{
			ID: personID(i), Email: users[i].Email, Extension: users[i].Extension, Numbers: users[i].Numbers,
		}
	}
	_ = f.time("match 100,000 people with 300,000 accounts", 3, func(int) error { // it returns no error
		people.Match(persons, users, users, users)
		return nil
	})
}
