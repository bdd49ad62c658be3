package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// skipped is a plan that ran to its end and back in skipped time, in the tests of
// the workflows.
type skipped struct {
	People  int     `json:"people"`
	Seconds float64 `json:"seconds"`
	// Metrics are what the benchmark reports, by their units.
	Metrics map[string]float64 `json:"metrics"`
}

// skippedPlan runs the benchmark of the workflows' own tests.
func skippedPlan(ctx context.Context, s settings) (*skipped, error) {
	name := fmt.Sprintf("Plan/people=%d", s.planSkipped)
	s.say("%s in skipped time, which takes minutes", name)
	out, err := exec.CommandContext(ctx, "go", "test", "./workflows", "-run", "^$", "-bench", name+"$", "-benchtime", "1x", "-timeout", "3h").CombinedOutput() //nolint:gosec // a number
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, out)
	}
	r := &skipped{People: s.planSkipped, Metrics: metricsOf(string(out))}
	if len(r.Metrics) == 0 {
		return nil, fmt.Errorf("%s reported nothing: %s", name, out)
	}
	r.Seconds = r.Metrics["ns/op"] / 1e9
	s.say("%d people forth and back in %.0f s, %g MB alive at the most", r.People, r.Seconds, r.heap())
	return r, nil
}

// metricsOf reads a line such as "BenchmarkX-2  1  123 ns/op  4 MB".
func metricsOf(out string) map[string]float64 {
	all := map[string]float64{}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				all[fields[i+1]] = v
			}
		}
	}
	return all
}

// heap is the most memory that was alive.
func (r *skipped) heap() float64 {
	var most float64
	for unit, v := range r.Metrics {
		if strings.HasPrefix(unit, "MB-") {
			most = max(most, v)
		}
	}
	return most
}
