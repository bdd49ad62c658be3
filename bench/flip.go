package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

// flipped is how soon flips of one size took effect on every edge.
type flipped struct {
	Numbers int `json:"numbers"`
	Flips   int `json:"flips"`
	// P50 and P99 are from asking for the flip to the last edge's first answer
	// that is made from it.
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
	// Applied is until the one who asked was told, which for many numbers is when
	// the table holds them as well.
	Applied time.Duration `json:"applied"`
	// Copied and Updated are the limit: so many rows copied into a table without
	// an index, and updated in one with a key, durably, in the same minute.
	Copied  time.Duration `json:"copied"`
	Updated time.Duration `json:"updated"`
}

// flips is what the part about flips found.
type flips struct {
	Edges  int       `json:"edges"`
	Table  int       `json:"table"`
	Asked  float64   `json:"asked"` // questions a second, at all edges together
	Slow   float64   `json:"slow"`  // milliseconds, of a hundred answers the slowest
	Sizes  []flipped `json:"sizes"`
	Failed int64     `json:"failed"`
	// Beside are flips of one number while a flip of many is made and folded, until
	// the one who asked was told.
	Beside beside `json:"beside"`
}

type beside struct {
	Flips   int           `json:"flips"`
	P50     time.Duration `json:"p50"`
	P99     time.Duration `json:"p99"`
	Longest time.Duration `json:"longest"`
}

// flipEdges is how many edges take part, and flipTable how many numbers the table
// has.
const (
	flipEdges = 3
	flipTable = 200_000
)

// flipping measures flips on edges which serve load.
func flipping(ctx context.Context, s settings, found *findings) error {
	dir, err := filepath.Abs(filepath.Join(s.dir, "flip"))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	server, err := devstack.StartPostgres(ctx, devstack.Options{Dir: filepath.Join(dir, "data")})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop(context.WithoutCancel(ctx)) }() // nothing is kept
	url, err := server.CreateDatabase(ctx, "flip")
	if err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	f := &flipper{settings: s, pool: pool, table: postgres.NewRouter(pool), moved: map[int]bool{}}
	if err := f.fill(ctx); err != nil {
		return err
	}
	defer func() {
		for _, e := range f.edges {
			e.stop()
		}
	}()
	for i := range flipEdges {
		e, err := startEdge(ctx, s, filepath.Join(dir, fmt.Sprintf("edge-%d", i+1)), url)
		if err != nil {
			return err
		}
		f.edges = append(f.edges, e)
	}
	return f.rounds(ctx, found)
}

// rounds measures flips of every size.
func (f *flipper) rounds(ctx context.Context, found *findings) (err error) {
	rounds := map[int]int{1: 300, 500: 60, large: 25}
	if f.quick {
		rounds = map[int]int{1: 20, 500: 5, large: 3}
	}
	found.Flips = &flips{Edges: flipEdges, Table: flipTable}
	began := time.Now()
	for _, size := range []int{1, 500, large} {
		r, err := f.measure(ctx, size, rounds[size])
		if err != nil {
			return err
		}
		f.say("flip of %d: p50 %s, p99 %s, told after %s; COPY %s, UPDATE %s", size, r.P50, r.P99, r.Applied, r.Copied, r.Updated)
		found.Flips.Sizes = append(found.Flips.Sizes, r)
	}
	if found.Flips.Beside, err = f.beside(ctx, max(1, rounds[large]/5)); err != nil {
		return err
	}
	f.say("flip of 1 beside a flip of %d: p50 %s, p99 %s, at most %s", large, found.Flips.Beside.P50, found.Flips.Beside.P99, found.Flips.Beside.Longest)
	var took []time.Duration
	for _, e := range f.edges {
		answers, failed := e.asked()
		took, found.Flips.Failed = append(took, answers...), found.Flips.Failed+failed
	}
	found.Flips.Asked = float64(len(took)) / time.Since(began).Seconds()
	found.Flips.Slow = ms(percentile(took, 0.99))
	return nil
}

// flipper flips numbers and watches the edges.
type flipper struct {
	settings

	pool  *pgxpool.Pool
	table *postgres.Router
	edges []*askedEdge
	next  int
	moved map[int]bool // is on the new side
}

func (f *flipper) fill(ctx context.Context) error {
	if _, err := postgres.Migrate(ctx, f.pool, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	changes := make([]routing.Change, flipTable)
	for i := range changes {
		changes[i] = routing.Change{To: routeOf(i, dualtone.Old)}
	}
	if _, err := f.table.Apply(ctx, changes, routing.Provenance{Actor: "bench", Reason: "filled"}); err != nil {
		return err
	}
	for _, sql := range []string{
		`CREATE TABLE raw_copied (number text COLLATE "C", rule text, person text)`,
		`CREATE TABLE raw (number text COLLATE "C" PRIMARY KEY, rule text, person text)`,
		`INSERT INTO raw SELECT number, rule, person FROM routes`,
		`VACUUM ANALYZE`,
	} {
		if _, err := f.pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func (f *flipper) measure(ctx context.Context, size, times int) (flipped, error) {
	r := flipped{Numbers: size, Flips: times}
	var effect, applied, copied, updated []time.Duration
	for range times {
		changes := f.changes(size)
		began := time.Now()
		revision, err := f.table.Apply(ctx, changes, routing.Provenance{Actor: "bench", Reason: "measured"})
		if err != nil {
			return r, err
		}
		applied = append(applied, time.Since(began))
		last := began
		for _, e := range f.edges {
			at, err := e.answeredFrom(ctx, revision)
			if err != nil {
				return r, err
			}
			if at.After(last) {
				last = at
			}
		}
		effect = append(effect, last.Sub(began))
		c, u, err := f.raw(ctx, changes)
		if err != nil {
			return r, err
		}
		copied, updated = append(copied, c), append(updated, u)
	}
	r.P50, r.P99, r.Applied = percentile(effect, 0.5), percentile(effect, 0.99), percentile(applied, 0.5)
	r.Copied, r.Updated = percentile(copied, 0.5), percentile(updated, 0.5)
	return r, nil
}

// beside flips one number after the other while a flip of many is made and folded:
// every other one is among the many, once they are flipped.
func (f *flipper) beside(ctx context.Context, times int) (beside, error) {
	var b beside
	var took []time.Duration
	for range times {
		changes := f.changes(large)
		first := f.next - large
		ended := make(chan error, 1)
		go func() {
			_, err := f.table.Apply(ctx, changes, routing.Provenance{Actor: "bench", Reason: "measured"})
			ended <- err
		}()
		folding := true
		for n := 0; folding; n++ {
			select {
			case err := <-ended:
				if err != nil {
					return b, err
				}
				folding = false
				continue
			case <-time.After(besideEvery):
			}
			one, err := f.flipOne(ctx, n, changes[n*besideApart%large].To)
			if err != nil {
				return b, err
			}
			took = append(took, one)
		}
		if err := f.recount(ctx, first); err != nil {
			return b, err
		}
	}
	b.Flips, b.P50, b.P99, b.Longest = len(took), percentile(took, 0.5), percentile(took, 0.99), percentile(took, 1)
	return b, nil
}

const (
	besideEvery = 10 * time.Millisecond
	besideApart = 6151 // spreads the numbers over all slices
)

// flipOne sends a number of nobody to its other side, or every other time one of
// many that are flipped, if it is already. It says how long the table took to take
// that.
func (f *flipper) flipOne(ctx context.Context, n int, flipped routing.Route) (time.Duration, error) {
	have, err := f.table.Routes(ctx, []dualtone.Number{dualtone.Number(fmt.Sprintf("+1999%07d", n)), flipped.Number})
	if err != nil {
		return 0, err
	}
	from, to := have[0], routing.Route{Number: have[0].Number, Sides: []dualtone.Side{dualtone.New}}
	if now := have[1]; n%2 == 1 && now.Sides[0] == flipped.Sides[0] {
		from, to = now, now
	}
	if len(from.Sides) > 0 {
		to.Sides = []dualtone.Side{from.Sides[0].Other()}
	}
	began := time.Now()
	_, err = f.table.Apply(ctx, []routing.Change{{From: from, To: to}}, routing.Provenance{Actor: "bench", Reason: "measured"})
	return time.Since(began), err
}

// recount notes where the numbers of a large flip are.
func (f *flipper) recount(ctx context.Context, first int) error {
	numbers := make([]dualtone.Number, large)
	for i := range numbers {
		numbers[i] = routeOf(first+i, dualtone.Old).Number
	}
	have, err := f.table.Routes(ctx, numbers)
	for i, r := range have {
		f.moved[first+i] = r.Sides[0] == dualtone.New
	}
	return err
}

// changes sends the next numbers to their other side.
func (f *flipper) changes(size int) []routing.Change {
	if f.next+size > flipTable {
		f.next = 0
	}
	changes := make([]routing.Change, size)
	for i := range changes {
		n := f.next + i
		from, to := dualtone.Old, dualtone.New
		if f.moved[n] {
			from, to = to, from
		}
		f.moved[n] = !f.moved[n]
		changes[i] = routing.Change{From: routeOf(n, from), To: routeOf(n, to)}
	}
	f.next += size
	return changes
}

// raw copies and updates as many rows as were flipped.
func (f *flipper) raw(ctx context.Context, changes []routing.Change) (copied, updated time.Duration, err error) {
	numbers := make([]string, len(changes))
	for i, c := range changes {
		numbers[i] = string(c.To.Number)
	}
	began := time.Now()
	if _, err := f.pool.CopyFrom(ctx, pgx.Identifier{"raw_copied"}, []string{"number", "rule", "person"},
		pgx.CopyFromSlice(len(changes), func(i int) ([]any, error) {
			return []any{numbers[i], string(changes[i].To.Sides[0]), string(changes[i].To.Person)}, nil
		})); err != nil {
		return 0, 0, err
	}
	copied = time.Since(began)
	began = time.Now()
	_, err = f.pool.Exec(ctx, `UPDATE raw SET rule = $2 FROM unnest($1::text[]) w (n) WHERE number = w.n`, numbers, string(changes[0].To.Sides[0]))
	return copied, time.Since(began), err
}

func percentile(all []time.Duration, p float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(math.Ceil(p*float64(len(sorted))))-1]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (f *findings) reportFlips(b *strings.Builder) {
	r := f.Flips
	if r == nil {
		return
	}
	fmt.Fprintf(b, `
## Flip to effect

%d edges, each a process, that follow a table of %d numbers and answer %.0f questions a second together (p99 %.1f ms, %d
failed). A flip is in effect when every edge has answered from it. COPY and UPDATE are of as many rows of the same table
with nothing else, durably, in turns with the flips: the limit of the database on this machine.

| numbers | flips | p50 | p99 | goal | told after | COPY | UPDATE | p50 : UPDATE |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`, r.Edges, r.Table, r.Asked, r.Slow, r.Failed)
	for _, s := range r.Sizes {
		goal := map[int]string{1: "100 ms", large: "1 s"}[s.Numbers]
		fmt.Fprintf(b, "| %d | %d | %.1f ms | %.1f ms | %s | %.1f ms | %.1f ms | %.1f ms | %.2f |\n",
			s.Numbers, s.Flips, ms(s.P50), ms(s.P99), goal, ms(s.Applied), ms(s.Copied), ms(s.Updated), float64(s.P50)/float64(s.Updated))
	}
	fmt.Fprintf(b, `
While %d numbers are flipped and folded into the table, flips of one number, half of them among these, are told after %.1f ms
(p50), %.1f ms (p99), at most %.1f ms (%d flips).
`, large, ms(r.Beside.P50), ms(r.Beside.P99), ms(r.Beside.Longest), r.Beside.Flips)
}
