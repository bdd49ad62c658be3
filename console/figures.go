package console

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// figures are the console's own, for Prometheus.
type figures struct {
	requests *prometheus.HistogramVec
	signIns  *prometheus.CounterVec
	streams  prometheus.Gauge
}

func newFigures() *figures {
	return &figures{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dualtone_console_request_seconds", Help: "How long requests took, by route and status class.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30},
		}, []string{"method", "route", "status"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dualtone_console_sign_ins_total", Help: "Attempts to sign in, by how they ended.",
		}, []string{"outcome"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dualtone_console_streams", Help: "Event streams that are open.",
		}),
	}
}

// Collectors are what Prometheus reads of the console.
func (s *Server) Collectors() []prometheus.Collector {
	return []prometheus.Collector{s.figures.requests, s.figures.signIns, s.figures.streams}
}

// Streaming counts a stream that is open until it is called.
func (s *Server) Streaming() (end func()) {
	s.figures.streams.Inc()
	return s.figures.streams.Dec
}

// request counts a request. How long a stream was followed says nothing of how fast
// it was answered.
func (f *figures) request(method string, v *visit, took time.Duration) {
	if v.stream {
		return
	}
	route := v.pattern
	if _, path, ok := strings.Cut(route, " "); ok {
		route = path
	}
	if route == "" {
		route, method = "none", "any" // whoever asks for what is not there makes no series
	}
	const class = 100
	f.requests.WithLabelValues(method, route, strconv.Itoa(v.status/class)+"xx").Observe(took.Seconds())
}
