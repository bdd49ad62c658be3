package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

func here() machine {
	m := machine{
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), At: time.Now().UTC(),
	}
	m.Processor = lineOf("/proc/cpuinfo", "model name")
	_, _ = fmt.Sscan(lineOf("/proc/meminfo", "MemTotal"), &m.Memory)
	load, _ := os.ReadFile("/proc/loadavg")
	m.Load, _, _ = strings.Cut(string(load), " ")
	return m
}

// lineOf is the value of a line such as "model name : ..." of one of the
// kernel's own texts.
func lineOf(file, key string) string {
	text, _ := os.ReadFile(file) //nolint:gosec // one of the kernel's own
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// report is what bench/RESULTS.md says.
func (f *findings) report() string {
	var b strings.Builder
	m := f.Machine
	fmt.Fprintf(&b, `# What dualtone costs

Written by `+"`make bench`"+` on %s: %s, %d cores, %.0f GB, %s, %s. Load of the machine at the end: %s.

Everything shares this one machine: the dualtone worker, three simulated systems without any delay of their own,
Postgres and Temporal, each in processes of its own and both durable (fsync on). Rates are of the whole, so read the
ratio to what stands beside them in the same run rather than the figure.
`, m.At.Format("2006-01-02 15:04"), m.Processor, m.Cores, float64(m.Memory)/(1<<20), m.Go, m.System, m.Load)
	f.reportThroughput(&b)
	f.reportLimit(&b)
	f.reportMemory(&b)
	f.reportPlan(&b)
	f.reportMicro(&b)
	f.reportKept(&b)
	f.reportStitching(&b)
	f.reportFinance(&b)
	f.reportRouting(&b)
	f.reportFlips(&b)
	f.reportFormats(&b)
	f.reportConsole(&b)
	return b.String()
}

func (f *findings) reportThroughput(b *strings.Builder) {
	r := f.Throughput
	if r == nil {
		return
	}
	moved, bare := median(r.Moved, pass.rate), median(r.Bare, pass.rate)
	fmt.Fprintf(b, `
## Users in a second

Cohorts of %d with %d in flight, dualtone and the bare workflow in turns, medians of %d rounds. The bare workflow has the
same number of activities, which do nothing, with 140 bytes of argument; dualtone's own cohort starts and awaits it. A
ratio is the median of the rounds' own ratios, since what else the machine does changes from minute to minute.

| | dualtone | bare workflow | ratio | goal |
| --- | --- | --- | --- | --- |
| users in a second | %.1f | %.1f | **%.2f** | 0.80 |
| processor time a user, everything that takes part | %.0f ms | %.0f ms | %.2f | |
| history of a user, events | %d | %d | | 30 |
| history of a user, bytes | %d | %d | | |
| the cohort's own history, events a user | %.1f | | | |
| requests to the three systems a user | %.1f | 0 | | |
| transactions on dualtone's database a user | %.1f | 0 | | |
| bytes in dualtone's database a user, after vacuum | %.0f | 0 | | |
| bytes in Temporal's databases a user, after vacuum | %.0f | | | |
`, r.Moved[0].Users, r.Window, len(r.Moved), moved, bare, r.ratio(pass.rate),
		median(r.Moved, pass.cpu), median(r.Bare, pass.cpu), 1/r.ratio(pass.cpu),
		r.User.Events, r.Hollow.Events, r.User.Bytes, r.Hollow.Bytes, r.Cohort, requestsOf(r.Requests),
		r.Transactions, r.Bytes.dualtone(), r.Bytes.Temporal)
	b.WriteString("\nEach round: ")
	for i := range r.Moved {
		fmt.Fprintf(b, "%.1f of %.1f, ", r.Moved[i].rate(), r.Bare[i].rate())
	}
	b.WriteString("users a second.\n")
	reportParts(b, r)
}

func requestsOf(by map[string]map[string]float64) float64 {
	var all float64
	for _, ops := range by {
		for _, n := range ops {
			all += n
		}
	}
	return all
}

// reportParts says where the time goes.
func reportParts(b *strings.Builder, r *through) {
	b.WriteString("\nWhere the processor time goes, ms a user:\n\n| part | dualtone | bare workflow |\n| --- | --- | --- |\n")
	parts := map[string]bool{}
	for _, p := range slices.Concat(r.Moved, r.Bare) {
		for part := range p.CPU {
			parts[part] = true
		}
	}
	of := func(all []pass, part string) float64 { return median(all, func(p pass) float64 { return p.CPU[part] }) }
	for _, part := range slices.SortedFunc(maps.Keys(parts), func(x, y string) int {
		return cmp.Or(cmp.Compare(of(r.Moved, y), of(r.Moved, x)), cmp.Compare(x, y))
	}) {
		fmt.Fprintf(b, "| %s | %.1f | %.1f |\n", part, of(r.Moved, part), of(r.Bare, part))
	}
	b.WriteString("\nRequests of a user:\n\n| system | operation | times |\n| --- | --- | --- |\n")
	for _, kind := range slices.Sorted(maps.Keys(r.Requests)) {
		ops := r.Requests[kind]
		for _, op := range slices.SortedFunc(maps.Keys(ops), func(x, y string) int {
			return cmp.Or(cmp.Compare(ops[y], ops[x]), cmp.Compare(x, y))
		}) {
			fmt.Fprintf(b, "| %s | %s | %.2f |\n", kind, op, ops[op])
		}
	}
	b.WriteString("\nBytes a user by table, with indexes:\n\n| table | bytes |\n| --- | --- |\n")
	for _, table := range slices.Sorted(maps.Keys(r.Bytes.Tables)) {
		fmt.Fprintf(b, "| %s | %.0f |\n", table, r.Bytes.Tables[table])
	}
}

func (f *findings) reportLimit(b *strings.Builder) {
	r := f.Limit
	if r == nil {
		return
	}
	fmt.Fprintf(b, `
## A vendor's limit

The new system allows %g requests a second; %d workers move %d users, which takes %d requests. The simulated system counts
each as it comes. Use is the mean while there is demand, which is all but the last tenth of the requests.

| | measured | allowed | ratio | goal |
| --- | --- | --- | --- | --- |
| used, over %.0f s | %.2f a second | %g a second | %.3f | at least 0.95 |
`, r.Limit, r.Workers, r.Users, r.Requests, r.Seconds, r.Mean, r.Limit, r.Mean/r.Limit)
	for _, s := range r.Busiest {
		allowed, goal := r.Limit*s.Seconds, "at most 1.02"
		if allowed < 200 {
			goal = "" // one request is more than 2 % of so few
		}
		fmt.Fprintf(b, "| most in any %g s | %d | %g | %.3f | %s |\n", s.Seconds, s.Requests, allowed, float64(s.Requests)/allowed, goal)
	}
}

func (f *findings) reportMemory(b *strings.Builder) {
	if len(f.Memory) == 0 {
		return
	}
	b.WriteString(`
## Large cohorts

One worker, the cohorts one after the other. Resident is the most that the worker's process held during the cohort; heap is
what its garbage collector found alive, at the most.

| cohort | time | users a second | worker before | worker resident | heap alive | longest history of the cohort's workflow |
| --- | --- | --- | --- | --- | --- | --- |
`)
	for _, g := range f.Memory {
		fmt.Fprintf(b, "| %d | %.0f s | %.1f | %d MB | %d MB | %d MB | %d events |\n",
			g.Users, g.Seconds, float64(g.Users)/g.Seconds, g.Idle>>20, g.Resident>>20, g.Heap>>20, g.Parent)
	}
}

func (f *findings) reportMicro(b *strings.Builder) {
	if len(f.Micro) == 0 {
		return
	}
	b.WriteString("\n## Single operations\n\n| operation | time |\n| --- | --- |\n")
	for _, m := range f.Micro {
		fmt.Fprintf(b, "| %s | %s |\n", m.What, m.Took.Round(10*time.Microsecond))
	}
}
