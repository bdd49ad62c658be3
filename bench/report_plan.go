package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (f *findings) reportPlan(b *strings.Builder) {
	r := f.Plan
	if r == nil {
		return
	}
	b.WriteString("\n## A plan\n")
	if r.Seconds > 0 {
		r.reportReal(b)
	}
	if r.Skipped != nil {
		r.Skipped.report(b)
	}
}

func (p *planned) reportReal(b *strings.Builder) {
	bare := median(p.Bare, pass.rate)
	fmt.Fprintf(b, `
A wave of %d users with %d in flight, prechecked, approved, switched and read back, between two cohorts of %d bare
workflows, which have as many activities and do nothing. The whole command starts a process and connects; through a
server it asks one that is connected; what it reads is the same question from a process that is there. Beside the bare
workflows a command that does nothing, dualtone version, is started as often: it waits for the same processors. An
operator's machine has no part in that work: for one wave all servers are kept to all processors but one, and that one
is the operator's, who asks from there.

| | measured | beside it | ratio | goal |
| --- | --- | --- | --- | --- |
| users in a second | %.1f | %.1f bare | **%.2f** | 0.80 |
| everybody read back on all systems, once the wave has soaked | %.1f s | | | |
| bytes in dualtone's database a user, after vacuum | %.0f | | | |
| bytes in Temporal's databases a user, after vacuum | %.0f | | | |

| plan status | times | half within | 99 %% within | goal |
| --- | --- | --- | --- | --- |
`, p.Users, p.Window, p.Bare[0].Users, p.rate(), bare, p.rate()/bare, p.Reconciled, p.Bytes.dualtone(), p.Bytes.Temporal)
	p.Moving.report(b, "while they move as fast as it goes")
	if p.Apart.Rows > 0 {
		p.Apart.report(b, "while they move as fast as it goes on all processors but the asker's")
	}
	for _, w := range p.Paced {
		w.report(b, fmt.Sprintf("while they move at %d a minute, %d %% of that", w.PerMinute, w.Percent))
	}
	p.Large.report(b, "over a plan")
	fmt.Fprintf(b, "| a command that does nothing, beside the bare workflows | %d | %.1f ms | %.1f ms | |\n", p.Start.Times, p.Start.Half, p.Start.P99)
	b.WriteString("\n| longest history of | events | bytes | a server warns at |\n| --- | --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(p.Longest)) {
		fmt.Fprintf(b, "| %s | %d | %d | 10,240 events or 10 MB |\n", name, p.Longest[name].Events, p.Longest[name].Bytes)
	}
}

// report writes three rows: the whole command, the same through a server, and what it
// reads.
func (s statuses) report(b *strings.Builder, when string) {
	const goal = 200
	fmt.Fprintf(b, "| %d users, %s: the whole command | %d | %.1f ms | %.1f ms | %d ms |\n", s.Rows, when, s.Program.Times, s.Program.Half, s.Program.P99, goal)
	fmt.Fprintf(b, "| %d users, %s: the same through a server | %d | %.1f ms | %.1f ms | %d ms |\n", s.Rows, when, s.Served.Times, s.Served.Half, s.Served.P99, goal)
	fmt.Fprintf(b, "| %d users, %s: what it reads | %d | %.1f ms | %.1f ms | %d ms |\n", s.Rows, when, s.Reading.Times, s.Reading.Half, s.Reading.P99, goal)
}

func (r *skipped) report(b *strings.Builder) {
	m := r.Metrics
	fmt.Fprintf(b, `
The same workflows with %d users in three waves with nightly windows and a week's soak each, run to the end and rolled
back in skipped time (%.0f days in %.0f s, every switch played). Histories are counted at worst: each thing that comes
has a workflow task of its own. Memory is what is alive after a collection, with all people of the plan kept in it.

| workflow | runs | longest history, events | bytes |
| --- | --- | --- | --- |
`, r.People, m["days"], r.Seconds)
	for _, name := range []string{"plan", "stage", "cohort"} {
		fmt.Fprintf(b, "| %s | %.0f | %.0f | %.0f |\n", name, m[name+"-runs"], m[name+"-events"], m[name+"-bytes"])
	}
	b.WriteString("\n| memory alive | before | after a tenth | half | nine tenths |\n| --- | --- | --- | --- | --- |\n")
	for _, way := range []string{"forth", "back"} {
		fmt.Fprintf(b, "| %s |", way)
		for _, tenths := range []int{0, 10, 50, 90} {
			fmt.Fprintf(b, " %.0f MB |", m[fmt.Sprintf("MB-%s-%d%%", way, tenths)])
		}
		b.WriteString("\n")
	}
}
