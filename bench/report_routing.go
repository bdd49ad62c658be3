package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func (f *findings) reportRouting(b *strings.Builder) {
	r := f.Routing
	if r == nil {
		return
	}
	fmt.Fprintf(b, `
## Where calls go

`+"`dualtone edge`"+` with %d numbers in its table beside a peer with the same ones, in turns, medians of the rounds; every answer is
checked. Each server has one processor alone and the prober another, as if they were two machines, and the kernel lets each server run
before all ordinary programs there (edge.real_time; the peers likewise): what else the machine does is otherwise in every figure, some
milliseconds at a time. The closed loop has %d questions outstanding. Clean is the highest rate of an open loop at which every question was
answered rightly within %s, which is when a SIP client asks again. Latency is at %.0f %% of that, from the question's sending to the
answer's arrival as the kernel stamps it (over HTTP: from when it was due to when it was read).

`, probedNumbers, callersAtOnce, probePatience, 100*loadedShare)
	if r.Journal != "" {
		fmt.Fprintf(b, "The edge's decisions are kept in: %s. The peers keep none.\n\n", r.Journal)
	}
	if len(r.HeldUp) > 0 {
		fmt.Fprintf(b, "An ordinary loop that only looks at the clock, alone on the servers' processor, was kept from it for more than %s at a time during %.1f to %.1f %%\n"+
			"of the time: from 1 %% on, no ordinary program has its p99 below that.\n\n", longHeldUp, 100*slices.Min(r.HeldUp), 100*slices.Max(r.HeldUp))
	}
	for _, m := range r.Missing {
		fmt.Fprintf(b, "NOT MEASURED: %s.\n\n", m)
	}
	for i := range r.Compared {
		r.Compared[i].report(b)
	}
	t := r.Table
	fmt.Fprintf(b, `### A table of %d numbers

| loaded in | memory a number, with its person | a decision, in no order | a flip of one number |
| --- | --- | --- | --- |
| %s | %.0f bytes | %.2f us | %.2f ms |
`, t.Numbers, t.Load.Round(time.Millisecond), t.Bytes, float64(t.Lookup.Nanoseconds())/1000, float64(t.Flip.Microseconds())/1000)
}

func (c *compared) report(b *strings.Builder) {
	goals := map[string][2]string{"SIP 302": {"above 1", "below 1000"}}[c.Interface]
	fmt.Fprintf(b, "### %s beside %s\n\n| | dualtone edge | %s | ratio | goal |\n| --- | --- | --- | --- | --- |\n", c.Interface, c.Peer, c.Peer)
	row := func(what, goal string, higher bool, format string, of func(*figures, int) float64) {
		var ours, theirs, ratios []float64
		for i := range c.Ours.Closed {
			x, y := of(&c.Ours, i), of(&c.Theirs, i)
			ours, theirs, ratios = append(ours, x), append(theirs, y), append(ratios, x/y)
		}
		ratio := fmt.Sprintf("%.2f", middle(ratios))
		if higher {
			ratio = "**" + ratio + "**"
		}
		fmt.Fprintf(b, "| %s | "+format+" | "+format+" | %s | %s |\n", what, middle(ours), middle(theirs), ratio, goal)
	}
	row("answers a second of one core", goals[0], true, "%.0f", func(f *figures, i int) float64 { return f.Closed[i].perCore() })
	row("processor time an answer, closed loop, us", "", false, "%.1f", func(f *figures, i int) float64 { return f.Closed[i].CPU })
	row("answers a second, closed loop", "", false, "%.0f", func(f *figures, i int) float64 { return f.Closed[i].rate() })
	row("clean up to, a second", "", false, "%.0f", func(f *figures, i int) float64 { return f.Capacity[i] })
	row("processor time an answer at 80 %, us", "", false, "%.1f", func(f *figures, i int) float64 { return f.Loaded[i].CPU })
	row("p50 at 80 %, us", "", false, "%.0f", func(f *figures, i int) float64 { return float64(f.Loaded[i].P50) })
	row("p99 at 80 %, us", goals[1], false, "%.0f", func(f *figures, i int) float64 { return float64(f.Loaded[i].P99) })
	if len(c.Ours.Alike) == len(c.Ours.Closed) {
		row("p99 of both at 80 % of the peer's capacity, us", "", false, "%.0f", func(f *figures, i int) float64 { return float64(f.Alike[i].P99) })
	}
	floor := ""
	if len(c.Floor) == len(c.Ours.Closed) {
		p50, p99 := latencies(c.Floor)
		alike50, alike99 := latencies(c.FloorAlike)
		floor = fmt.Sprintf("An echo that only sends each question back takes %.0f us (p50) and %.0f us (p99) at the rate of the edge's 80 %%, and %.0f us and\n"+
			"%.0f us at that of the peer's: so much is the prober's, the kernel's and that of whoever else has the processors.\n\n", p50, p99, alike50, alike99)
	}
	fmt.Fprintf(b, "| resident memory, MB | %d | %d | | |\n", c.Ours.Resident>>20, c.Theirs.Resident>>20)
	fmt.Fprintf(b, "\nAnswered of asked at 80 %%, with the wrong ones and those that were turned away:")
	for i := range c.Ours.Loaded {
		x, y := c.Ours.Loaded[i], c.Theirs.Loaded[i]
		fmt.Fprintf(b, " %d of %d (%d, %d) beside %d of %d (%d, %d);",
			x.Answered, x.Asked, x.Wrong, x.TurnedAway, y.Answered, y.Asked, y.Wrong, y.TurnedAway)
	}
	b.WriteString("\n\n" + floor)
}

// latencies are the medians of the rounds.
func latencies(all []probed) (p50, p99 float64) {
	var half, most []float64
	for _, p := range all {
		half, most = append(half, float64(p.P50)), append(most, float64(p.P99))
	}
	return middle(half), middle(most)
}
