package postgres

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest"
	"github.com/dualtone/dualtone/report"
)

// BenchmarkReport is the report of 90 days, two systems and 50 queues, side by side
// by day and queue. What it reads does not grow with the legs: so few fill nearly
// every quarter hour.
func BenchmarkReport(b *testing.B) {
	const legs, batch = 500_000, 20_000
	pool := newPool(b)
	calls, rollups, company := NewCalls(pool), NewRollups(pool), calllogtest.Large(legs)
	for n := 0; n < legs; n += batch {
		system := company.Systems[n/batch%2]
		in, err := calls.Begin(b.Context(), calllog.Source{System: system, Kind: calllog.Stream, Key: system, Name: system})
		if err != nil {
			b.Fatal(err)
		}
		to := in.At
		to.Line += batch
		if _, err := calls.Write(b.Context(), in.ID, calllog.Batch{From: in.At, To: to, Rows: company.Rows(system, n, batch)}); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := rollups.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			b.Fatal(err)
		}
		from := report.DateOf(company.From)
		q := report.Query{
			From: from, To: from.Next(company.Days - 1), Zone: zone, Interval: report.Day, Facet: report.ByQueue,
			Service: 20 * time.Second, Sides: map[string]dualtone.Side{"pbx": dualtone.Old, "cloud": dualtone.New},
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				made, err := report.Make(b.Context(), rollups, q)
				if err != nil {
					b.Fatal(err)
				}
				if len(made.Rows) < 4000 {
					b.Fatalf("%d rows", len(made.Rows))
				}
			}
		})
	}
}
