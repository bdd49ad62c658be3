// Package traces follows what somebody asks for through the program: from the
// request of a browser, through workflows and activities, to the requests to
// phone systems. Spans go to a collector over OTLP; without one nothing is traced
// and nothing is wrapped.
package traces

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// Config says where spans go.
type Config struct {
	// OTLP is a collector's address, http://localhost:4318; empty for nowhere.
	OTLP string
	// Sample is how many of a hundred requests that nobody traces yet are.
	Sample  int
	Version string
}

// Start sends spans to the collector until the returned function is called, which
// sends those that wait. A collector that is away costs spans and nothing else.
func Start(ctx context.Context, c Config) (stop func(context.Context) error, err error) {
	if c.OTLP == "" {
		return func(context.Context) error { return nil }, nil
	}
	out, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.OTLP+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	const hundred = 100
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&discreet{out}, sdktrace.WithBatchTimeout(time.Second)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(float64(c.Sample)/hundred))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "dualtone"), attribute.String("service.version", c.Version),
		)),
	)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return provider.Shutdown, nil
}

// discreet leaves out of spans what may hold numbers, names or tokens of people:
// paths and queries are such, the routes that they take are not.
type discreet struct{ sdktrace.SpanExporter }

// ExportSpans sends spans without what is nobody's business.
func (d *discreet) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	told := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		told[i] = toldSpan{s}
	}
	return d.SpanExporter.ExportSpans(ctx, told)
}

type toldSpan struct{ sdktrace.ReadOnlySpan }

// digits are what may be a number of somebody's.
var digits = regexp.MustCompile(`\+?\d[\d ()/-]{5,}\d`)

// Events are what happened in the span, without numbers: errors quote what they
// refuse.
func (s toldSpan) Events() []sdktrace.Event {
	told := slices.Clone(s.ReadOnlySpan.Events())
	for i := range told {
		told[i].Attributes = slices.Clone(told[i].Attributes)
		for j, a := range told[i].Attributes {
			if a.Value.Type() == attribute.STRING {
				told[i].Attributes[j].Value = attribute.StringValue(digits.ReplaceAllString(a.Value.AsString(), "***"))
			}
		}
	}
	return told
}

// Status is how the span ended, without numbers.
func (s toldSpan) Status() sdktrace.Status {
	told := s.ReadOnlySpan.Status()
	told.Description = digits.ReplaceAllString(told.Description, "***")
	return told
}

// Attributes are those that may be told.
func (s toldSpan) Attributes() []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(s.ReadOnlySpan.Attributes()), func(a attribute.KeyValue) bool {
		return slices.Contains([]attribute.Key{
			"url.path", "url.query", "url.full", "http.target", "http.url", "client.address", "network.peer.address", "user_agent.original",
		}, a.Key)
	})
}

// Handler traces requests, and goes on with the trace that a request is part of.
// Streams, which last, and what only machines ask are not traced.
func Handler(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "request", otelhttp.WithFilter(func(r *http.Request) bool {
		return !slices.Contains([]string{"/livez", "/readyz", "/api/v1/events"}, r.URL.Path) && !strings.HasSuffix(r.URL.Path, "/live")
	}))
}

// Transport traces requests to a system, and tells it the trace by a traceparent.
func Transport(system string, next http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(next, otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
		return r.Method + " " + system
	}))
}

// Request traces a request to a system over another protocol than HTTP, until it is
// told how it ended.
func Request(system string) func(ctx context.Context, request string) (traced context.Context, ended func(error)) {
	return func(ctx context.Context, request string) (context.Context, func(error)) {
		ctx, span := otel.Tracer("dualtone").Start(ctx, request+" "+system, trace.WithSpanKind(trace.SpanKindClient))
		return ctx, func(err error) {
			if err != nil {
				span.SetStatus(codes.Error, err.Error())
			}
			span.End()
		}
	}
}

// Temporal carries traces through workflows and activities.
func Temporal() (interceptor.Interceptor, error) {
	return opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{DisableQueryTracing: true})
}
