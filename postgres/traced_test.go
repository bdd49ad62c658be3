package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// A trace goes on into the database, and tells of no number and no name that is
// asked for there.
//
//nolint:paralleltest // The tracer of a process is one.
func TestATraceReachesTheDatabaseAndTellsNoNumber(t *testing.T) {
	const number = "+442071838750"
	spans := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	pool := newPool(t, Traced)
	ctx, root := otel.Tracer("test").Start(context.WithoutCancel(t.Context()), "a click")
	for _, sql := range []string{`SELECT id FROM people WHERE extension = $1`, `SELECT id FROM people WHERE extension = '` + number + `' AND $1 <> ''`} {
		if _, err := pool.Exec(ctx, sql, number); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = pool.Exec(ctx, `SELECT $1::text::date`, number) // refused with the number in its words
	root.End()
	if _, err := pool.Exec(t.Context(), `SELECT FROM people`); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range spans.Ended() {
		names = append(names, s.Name())
		if s.SpanContext().TraceID() != root.SpanContext().TraceID() {
			t.Errorf("%s is of no trace", s.Name())
		}
		for _, a := range s.Attributes() {
			if strings.Contains(a.Value.String(), number[1:]) {
				t.Errorf("%s tells the number: %s", s.Name(), a.Key)
			}
		}
	}
	if n := len(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name != "query SELECT people" })); n != 2 {
		t.Errorf("spans %q, want two that select people", names)
	}
}

func TestAStatementIsNamedByWhatItDoes(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"\n\t\tSELECT a, b\n\tFROM call_legs WHERE n = 1":             "SELECT call_legs",
		"INSERT INTO audit (a) VALUES ($1)":                           "INSERT audit",
		"UPDATE plan_tasks SET state = $1":                            "UPDATE plan_tasks",
		"WITH x AS (DELETE FROM tokens RETURNING id) SELECT 1 FROM x": "WITH tokens",
		"begin isolation level repeatable read":                       "BEGIN",
		"":                                                            "nothing",
	} {
		if got := spanName(sql); got != want {
			t.Errorf("%q is named %q, want %q", sql, got, want)
		}
	}
}
