package httpedge

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/dualtone/dualtone/routing"
)

// document is the answer for whoever has no format of their own.
type document struct {
	routing.Decision

	Targets []documentTarget `json:"targets"`
}

type documentTarget struct {
	routing.Target

	URI string `json:"uri"`
	// Headers are what the SBC should add to the call, one a line.
	Headers string `json:"headers,omitempty"`
}

func (s *Server) document(w http.ResponseWriter, d *routing.Decision) {
	all := document{Decision: *d}
	for i := range d.Targets {
		t := &d.Targets[i]
		all.Targets = append(all.Targets, documentTarget{
			Target: *t, URI: string(s.Core.Targets.AppendURI(nil, d, t)), Headers: s.Core.Targets.Headers(d, t),
		})
	}
	write(w, all)
}

// rtjson is what Kamailio's rtjson module reads.
type rtjson struct {
	Version string        `json:"version"`
	Routing string        `json:"routing"`
	Routes  []rtjsonRoute `json:"routes"`
}

type rtjsonRoute struct {
	URI     string        `json:"uri"`
	Headers rtjsonHeaders `json:"headers"`
	// FrTimer is how long a target may stay silent, FrInvTimer how long it may
	// ring, in milliseconds.
	FrTimer    int `json:"fr_timer"`
	FrInvTimer int `json:"fr_inv_timer"`
}

type rtjsonHeaders struct {
	Extra string `json:"extra,omitempty"`
}

const (
	silentFor = 2000
	ringFor   = 30000
)

func (s *Server) rtjson(w http.ResponseWriter, d *routing.Decision) {
	all := rtjson{Version: "1.0", Routing: string(d.Order)}
	for i := range d.Targets {
		t := &d.Targets[i]
		all.Routes = append(all.Routes, rtjsonRoute{
			URI:     string(s.Core.Targets.AppendURI(nil, d, t)),
			Headers: rtjsonHeaders{Extra: s.Core.Targets.Headers(d, t)},
			FrTimer: silentFor, FrInvTimer: ringFor,
		})
	}
	if all.Routing == "" {
		all.Routing = string(routing.Serial)
	}
	write(w, all)
}

// word is the answer that a rule of an SBC can compare without reading it: the
// sides in the order in which they are tried, or both.
func (s *Server) word(w http.ResponseWriter, d *routing.Decision) {
	var sides []string
	for _, t := range d.Targets {
		sides = append(sides, string(t.Side))
	}
	text := strings.Join(sides, ",")
	if d.Order == routing.Parallel && len(sides) > 1 {
		text = "both"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text)
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
