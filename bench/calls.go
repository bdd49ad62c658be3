package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report"
)

// kept is what the call log costs: writing it, beside a raw COPY of the same rows
// in turns, and reading it.
type kept struct {
	Legs   int         `json:"legs"`
	Rounds []keptRound `json:"rounds"`
	// Settle is seconds to bring all rounds into the rollups, Fill those to write
	// what the rounds left out.
	Settle float64 `json:"settle"`
	Fill   float64 `json:"fill"`
	Filled int     `json:"filled"`
	// Heap is the most that this process held while it wrote.
	Heap uint64 `json:"heap"`
	// Bytes are those of the database once it is filled.
	Bytes   int64   `json:"bytes"`
	Reports []timed `json:"reports"`
	Late    *late   `json:"lateness"`
}

// keptRound is rows a second.
type keptRound struct {
	Raw, One, Two, Again    float64
	Asterisk, AsteriskAgain float64
	UCM, UCMAgain           float64
}

const (
	keptBatch   = 20_000
	roundOfLegs = 3 * keptBatch
)

// callLog measures the call log on a Postgres of its own.
func callLog(ctx context.Context, s settings, found *findings) error {
	pool, done, err := openDatabase(ctx, s, "calls")
	if err != nil {
		return err
	}
	defer done()
	k := &keeping{
		settings: s, pool: pool, calls: postgres.NewCalls(pool), rollups: postgres.NewRollups(pool),
		company: calllogtest.Large(max(s.legs, (s.rounds*3+1)*roundOfLegs)), kept: &kept{Legs: s.legs},
	}
	if err := k.run(ctx); err != nil {
		return err
	}
	found.Kept = k.kept
	return nil
}

// keeping is the measurement.
type keeping struct {
	settings
	*kept

	pool    *pgxpool.Pool
	calls   *postgres.Calls
	rollups *postgres.Rollups
	company calllogtest.Company
	next    int // the first leg that is not written yet
	mixed   int // the first leg that is of its own system: those before are the PBX's
}

func (k *keeping) run(ctx context.Context) error {
	if _, err := k.write(ctx, "warm up", k.take()); err != nil {
		return err
	}
	for n := range k.rounds {
		r, err := k.round(ctx, n)
		if err != nil {
			return err
		}
		k.say("rows a second: raw COPY %.0f, one writer %.0f (%.2f), two %.0f (%.2f), again %.0f (%.2f)",
			r.Raw, r.One, r.One/r.Raw, r.Two, r.Two/r.Raw, r.Again, r.Again/r.Raw)
		k.say("from files: Asterisk %.0f (%.2f), again %.0f; UCM %.0f (%.2f), again %.0f",
			r.Asterisk, r.Asterisk/r.Raw, r.AsteriskAgain, r.UCM, r.UCM/r.Raw, r.UCMAgain)
		k.Rounds = append(k.Rounds, r)
	}
	if err := k.fill(ctx); err != nil {
		return err
	}
	return k.read(ctx)
}

// take makes a round's rows, those that come next, in batches.
func (k *keeping) take() [][]calllog.Row {
	var all [][]calllog.Row
	for n := 0; n < roundOfLegs; n += keptBatch {
		all = append(all, k.company.Rows("pbx", k.next, keptBatch))
		k.next += keptBatch
	}
	return all
}

func (k *keeping) round(ctx context.Context, n int) (r keptRound, err error) {
	name := fmt.Sprintf("round %d", n)
	one, left, right := k.take(), k.take(), k.take()
	if r.One, err = k.write(ctx, name+" one", one); err != nil {
		return r, err
	}
	if r.Raw, err = k.raw(ctx, roundOfLegs); err != nil {
		return r, err
	}
	began := time.Now()
	group, inner := errgroup.WithContext(ctx)
	for side, batches := range map[string][][]calllog.Row{" left": left, " right": right} {
		group.Go(func() error {
			_, err := k.write(inner, name+side, batches)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return r, err
	}
	r.Two = 2 * roundOfLegs / time.Since(began).Seconds()
	if r.Again, err = k.write(ctx, name+" again", one); err != nil {
		return r, err
	}
	return r, k.files(ctx, n, &r)
}

// write writes batches of the PBX as a source of their own and returns rows a second.
func (k *keeping) write(ctx context.Context, name string, batches [][]calllog.Row) (float64, error) {
	return k.writeOf(ctx, "pbx", name, batches)
}

func (k *keeping) writeOf(ctx context.Context, system, name string, batches [][]calllog.Row) (float64, error) {
	in, err := k.calls.Begin(ctx, calllog.Source{System: system, Kind: calllog.File, Key: name, Name: name})
	if err != nil {
		return 0, err
	}
	began, rows := time.Now(), 0
	for _, b := range batches {
		to := in.At
		to.Line += int64(len(b))
		if _, err := k.calls.Write(ctx, in.ID, calllog.Batch{From: in.At, To: to, Rows: b}); err != nil {
			return 0, err
		}
		in.At, rows = to, rows+len(b)
	}
	return float64(rows) / time.Since(began).Seconds(), nil
}

// raw copies so many of the log's own rows, as CSV, into an unlogged table
// without any index, and returns rows a second.
func (k *keeping) raw(ctx context.Context, legs int) (float64, error) {
	conn, err := k.pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	var csv strings.Builder
	pg := conn.Conn().PgConn()
	if _, err := pg.CopyTo(ctx, &csv, fmt.Sprintf(`COPY (SELECT * FROM call_legs LIMIT %d) TO STDOUT (FORMAT csv)`, legs)); err != nil {
		return 0, err
	}
	if _, err := conn.Exec(ctx, `CREATE UNLOGGED TABLE raw AS SELECT * FROM call_legs WITH NO DATA`); err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := pg.CopyFrom(ctx, strings.NewReader(csv.String()), `COPY raw FROM STDIN (FORMAT csv)`); err != nil {
		return 0, err
	}
	took := time.Since(began)
	_, err = conn.Exec(ctx, `DROP TABLE raw`)
	return float64(legs) / took.Seconds(), err
}

// fill writes what is left of the company's calls, and settles it.
func (k *keeping) fill(ctx context.Context) error {
	began := time.Now()
	k.mixed, k.Filled = k.next, max(0, k.company.Calls-k.next)
	for k.next < k.company.Calls {
		for system, rows := range k.company.Each(k.next, keptBatch) {
			if _, err := k.writeOf(ctx, system, fmt.Sprintf("fill %d", k.next), [][]calllog.Row{rows}); err != nil {
				return err
			}
		}
		k.next += keptBatch
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		k.Heap = max(k.Heap, m.HeapAlloc)
		if k.next%1_000_000 == 0 {
			k.say("%d legs after %s, %d MB held", k.next, time.Since(began).Round(time.Second), m.HeapAlloc>>20)
		}
	}
	k.Fill = time.Since(began).Seconds()
	began = time.Now()
	if _, err := k.rollups.Settle(ctx); err != nil {
		return err
	}
	k.Settle = time.Since(began).Seconds()
	if _, err := k.pool.Exec(ctx, `VACUUM ANALYZE`); err != nil {
		return err
	}
	err := k.pool.QueryRow(ctx, `SELECT pg_database_size(current_database())`).Scan(&k.Bytes)
	k.say("%d MB in the database", k.Bytes>>20)
	return err
}

// read measures what is asked, and what late records cost.
func (k *keeping) read(ctx context.Context) error {
	var err error
	if k.Reports, err = k.ask(ctx); err != nil {
		return err
	}
	return k.lately(ctx)
}

// ask measures reports over 90 days, and one leg.
func (k *keeping) ask(ctx context.Context) ([]timed, error) {
	f := &findings{}
	from := report.DateOf(k.company.From)
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			return nil, err
		}
		q := report.Query{
			From: from, To: from.Next(k.company.Days - 1), Zone: zone, Interval: report.Day, Facet: report.ByQueue,
			Service: 20 * time.Second, Sides: map[string]dualtone.Side{"pbx": dualtone.Old, "cloud": dualtone.New},
		}
		if err := f.time("90 days by day and queue in "+name, 10, func(int) error {
			_, err := report.Make(ctx, k.rollups, q)
			return err
		}); err != nil {
			return nil, err
		}
	}
	sample := k.company.Leg(k.company.Calls / 2)
	if k.company.Calls/2 < k.mixed {
		sample.System = "pbx"
	}
	if err := f.time("one leg with its versions", 50, func(int) error {
		_, err := k.calls.Versions(ctx, sample.Place())
		return err
	}); err != nil {
		return nil, err
	}
	if err := f.time("one leg by its record alone", 20, func(int) error {
		_, err := k.calls.Find(ctx, sample.LegID)
		return err
	}); err != nil {
		return nil, err
	}
	if err := f.time("the legs of a system's own key of a call", 20, func(int) error {
		_, err := k.calls.Legs(ctx, calllog.LegQuery{Call: sample.Call, Limit: 50})
		return err
	}); err != nil {
		return nil, err
	}
	stitched := postgres.NewStitches(k.calls)
	if err := f.time("one call with its legs", 50, func(int) error {
		call, err := stitched.CallOf(ctx, sample.Place())
		for _, m := range call.Members {
			if err == nil {
				_, err = k.calls.Leg(ctx, calllog.Place{Started: m.Started, LegID: m.Leg})
			}
		}
		return err
	}); err != nil {
		return nil, err
	}
	if err := f.time("the latest 50 legs of a number", 5, func(int) error {
		_, err := k.calls.Legs(ctx, calllog.LegQuery{Number: sample.Caller.Number, Limit: 50})
		return err
	}); err != nil {
		return nil, err
	}
	for _, m := range f.Micro {
		k.say("%-60s %s", m.What, m.Took)
	}
	return f.Micro, nil
}

func (f *findings) reportKept(b *strings.Builder) {
	k := f.Kept
	if k == nil || len(k.Rounds) == 0 {
		return
	}
	mid := func(of func(keptRound) float64) float64 {
		all := make([]float64, len(k.Rounds))
		for i, r := range k.Rounds {
			all[i] = of(r)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	fmt.Fprintf(b, `
## The call log

Legs of 50 columns into monthly partitions with their key and two indexes, versions kept, rollups and marks written in the
same transaction; beside it COPY of the same rows as CSV into an unlogged table without an index. Ratios are medians of
the rounds' own.

| rows a second | rate | to raw COPY | goal |
| --- | --- | --- | --- |
| raw COPY | %.0f | 1 | |
| one writer | %.0f | %.2f | 0.45 |
| two writers | %.0f | %.2f | 0.70 |
| the same rows again | %.0f | %.2f | as one writer |
| an Asterisk CSV file, parsed, normalised and kept as received | %.0f | %.2f | 0.25 |
| the same file again | %.0f | %.2f | as the first time |
| a Cisco UCM CDR file of 133 columns, likewise | %.0f | %.2f | 0.25 |
| the same file again | %.0f | %.2f | as the first time |

`, mid(func(r keptRound) float64 { return r.Raw }),
		mid(func(r keptRound) float64 { return r.One }), mid(func(r keptRound) float64 { return r.One / r.Raw }),
		mid(func(r keptRound) float64 { return r.Two }), mid(func(r keptRound) float64 { return r.Two / r.Raw }),
		mid(func(r keptRound) float64 { return r.Again }), mid(func(r keptRound) float64 { return r.Again / r.Raw }),
		mid(func(r keptRound) float64 { return r.Asterisk }), mid(func(r keptRound) float64 { return r.Asterisk / r.Raw }),
		mid(func(r keptRound) float64 { return r.AsteriskAgain }), mid(func(r keptRound) float64 { return r.AsteriskAgain / r.Raw }),
		mid(func(r keptRound) float64 { return r.UCM }), mid(func(r keptRound) float64 { return r.UCM / r.Raw }),
		mid(func(r keptRound) float64 { return r.UCMAgain }), mid(func(r keptRound) float64 { return r.UCMAgain / r.Raw }))
	fmt.Fprintf(b, "%d legs in all, written at %.0f a second while the log grew; settling what was written last took %.1f s; at most %d MB were held. The database has %d MB.\n",
		k.Legs, k.fillRate(), k.Settle, k.Heap>>20, k.Bytes>>20)
	k.Late.report(b)
	b.WriteString("\n| reading | time | while late records come |\n| --- | --- | --- |\n")
	for i, m := range k.Reports {
		fmt.Fprintf(b, "| %s | %s | %s |\n", m.What, m.Took.Round(10*time.Microsecond), k.Late.Reports[i].Took.Round(10*time.Microsecond))
	}
}

// fillRate is legs a second of those that the rounds left out.
func (k *kept) fillRate() float64 { return float64(k.Filled) / k.Fill }
