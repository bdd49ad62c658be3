package rollouttest

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
)

func usages(t *testing.T, b *bench) {
	t.Helper()
	hour := noon().Truncate(time.Hour)
	of := func(stage, system string, hour time.Time, n int) rollout.Usage {
		return rollout.Usage{Plan: "emea", Stage: stage, System: system, Hour: hour, Requests: n}
	}
	keep := func(worker string, all ...rollout.Usage) {
		t.Helper()
		must(t, b.Rollouts.KeepUsage(t.Context(), worker, all))
	}
	keep("one", of("pilot", "crm", hour, 7), of("pilot", "pbx", hour, 3), of("pilot", "crm", hour.Add(time.Hour), 1))
	keep("two", of("pilot", "crm", hour, 5), of("", "crm", hour, 2))
	keep("one", of("pilot", "crm", hour, 7), of("pilot", "pbx", hour, 2)) // told again, and late
	keep("one", of("pilot", "crm", hour, 9))
	keep("one", rollout.Usage{Plan: "apac", Stage: "pilot", System: "crm", Hour: hour, Requests: 100})
	keep("one")

	found, err := b.Rollouts.Usage(t.Context(), "emea", noon())
	must(t, err)
	same(t, "usage", []rollout.Usage{
		of("", "crm", hour, 2), of("pilot", "crm", hour, 14), of("pilot", "pbx", hour, 3), of("pilot", "crm", hour.Add(time.Hour), 1),
	}, found)
	found, err = b.Rollouts.Usage(t.Context(), "emea", hour.Add(time.Hour))
	must(t, err)
	same(t, "usage of the next hour", []rollout.Usage{of("pilot", "crm", hour.Add(time.Hour), 1)}, found)
}
