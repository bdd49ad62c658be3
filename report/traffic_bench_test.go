package report

import (
	"fmt"
	"testing"

	"github.com/dualtone/dualtone/calllog"
)

// BenchmarkTraffic is what a report of 90 days, 50 queues and two systems costs
// once its sums are read.
func BenchmarkTraffic(b *testing.B) {
	q := monday()
	q.Interval, q.To = Day, q.From.Next(89)
	f := Of(leg(calllog.Answered, nil))
	var sums []Sum
	for day := range 90 {
		for queue := range 50 {
			for _, system := range []string{"pbx", "cloud"} {
				sums = append(sums, Sum{Interval: day, System: system, Key: fmt.Sprintf("queue-%02d", queue), Figures: &f})
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Make(b.Context(), fixed(sums), q); err != nil {
			b.Fatal(err)
		}
	}
}
