package postgres

import (
	"slices"
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/calllog/stitch"
)

// BenchmarkStitch is putting together the legs of three days, and then one late leg
// in a hundred.
func BenchmarkStitch(b *testing.B) {
	world := truth.Usual(1, 60_000)
	world.Days = 3
	legs, _ := truth.Make(world)
	var now, late []calllog.Leg
	for i, l := range legs {
		if i%100 == 99 {
			late = append(late, l)
		} else {
			now = append(now, l)
		}
	}
	for b.Loop() {
		b.StopTimer()
		calls := NewCalls(newPool(b))
		log := NewStitches(calls)
		began := time.Now()
		streamLegs(b, calls, now)
		b.ReportMetric(float64(len(now))/time.Since(began).Seconds(), "written/s")
		b.StartTimer()
		began = time.Now()
		if _, err := stitch.Run(b.Context(), log, time.Time{}, nil); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(now))/time.Since(began).Seconds(), "stitched/s")
		b.StopTimer()
		streamLegs(b, calls, late)
		began = time.Now()
		if _, err := stitch.Run(b.Context(), log, time.Time{}, nil); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(began).Seconds(), "late-s")
		b.StartTimer()
	}
}

func streamLegs(b *testing.B, calls *Calls, legs []calllog.Leg) {
	b.Helper()
	for part := range slices.Chunk(legs, 20_000) {
		for _, system := range []string{truth.Old, truth.New} {
			in, err := calls.Begin(b.Context(), calllog.Source{System: system, Kind: calllog.Stream, Key: "made up", Name: "made up"})
			if err != nil {
				b.Fatal(err)
			}
			batch := calllog.Batch{From: in.At, To: in.At}
			for i := range part {
				if part[i].System == system {
					batch.To.Line++
					batch.Rows = append(batch.Rows, calllog.Row{Line: batch.To.Line, Legs: part[i : i+1]})
				}
			}
			if _, err := calls.Write(b.Context(), in.ID, batch); err != nil {
				b.Fatal(err)
			}
		}
	}
}
