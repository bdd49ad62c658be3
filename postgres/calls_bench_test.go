package postgres

import (
	"testing"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest"
)

// BenchmarkWrite is a batch of legs that are all new, and the same again.
func BenchmarkWrite(b *testing.B) {
	const batch = 20_000
	for _, again := range []bool{false, true} {
		b.Run(map[bool]string{false: "new", true: "again"}[again], func(b *testing.B) {
			calls, company := NewCalls(newPool(b)), calllogtest.Large(100*batch)
			in, err := calls.Begin(b.Context(), calllog.Source{System: "pbx", Kind: calllog.File, Key: "a", Name: "a"})
			if err != nil {
				b.Fatal(err)
			}
			write := func(rows []calllog.Row) {
				to := in.At
				to.Line += batch
				if _, err := calls.Write(b.Context(), in.ID, calllog.Batch{From: in.At, To: to, Rows: rows}); err != nil {
					b.Fatal(err)
				}
				in.At = to
			}
			rows := company.Rows("pbx", 0, batch)
			write(rows)
			n := batch
			for b.Loop() {
				if !again {
					b.StopTimer()
					rows = company.Rows("pbx", n, batch)
					n += batch
					b.StartTimer()
				}
				write(rows)
			}
			b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "legs/s")
		})
	}
}
