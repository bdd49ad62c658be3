// Package curriedge is a route server for Cisco Unified CM's external call control
// (CURRI): XACML 2.0 requests over HTTP, answered with a decision and an instruction
// in CIXML. Through it, calls that start inside the PBX are routed too.
package curriedge

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
)

// Name is what the server is called in measures and records.
const Name = "curri"

// maxBody is how long a request may be; one of Unified CM has less than 3 kB.
const maxBody = 32 << 10

// Server answers the route requests of a Unified CM.
type Server struct {
	Core   *edge.Core
	Access *edge.Access
	// Side is the one that the Unified CM is.
	Side dualtone.Side
	// Divert makes what the Unified CM dials to reach the other side, from
	// {number} or {digits}. A route pattern must lead it to the SBC.
	Divert string
}

// Check names what is missing or wrong.
func (s *Server) Check() error {
	if _, err := dualtone.ParseSide(string(s.Side)); err != nil {
		return fmt.Errorf("curri: %w", err)
	}
	rest := strings.NewReplacer("{number}", "", "{digits}", "").Replace(s.Divert)
	if rest == s.Divert || strings.Trim(rest, "0123456789*#+") != "" {
		return fmt.Errorf("curri: divert %q: want digits and {number} or {digits}: %w", s.Divert, dualtone.ErrInvalid)
	}
	return nil
}

// Handler answers POST with a decision and HEAD, Unified CM's keep-alive, with
// whether there is a table.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, ok := s.Access.From(r)
		if !ok {
			s.Core.Measures.Count(edge.Refused)
			edge.Problem{Status: http.StatusForbidden, Detail: "this address may not ask"}.Write(w)
			return
		}
		switch r.Method {
		case http.MethodPost:
			s.ask(w, r, peer)
		case http.MethodHead, http.MethodGet:
			s.Core.Measures.Count(edge.KeepAlive)
			if !s.Core.Ready() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		default:
			s.Core.Measures.Count(edge.Invalid)
			w.Header().Set("Allow", "POST, HEAD, GET")
			edge.Problem{Status: http.StatusMethodNotAllowed}.Write(w)
		}
	})
}

// request is what of a request is read, whatever its namespace's prefix.
type request struct {
	XMLName  xml.Name `xml:"Request"`
	Subjects []struct {
		Attributes []attribute `xml:"Attribute"`
	} `xml:"Subject"`
}

type attribute struct {
	ID     string   `xml:"AttributeId,attr"`
	Values []string `xml:"AttributeValue"`
}

const attributes = "urn:Cisco:uc:1.0:"

// call reads the call from a request.
func (q *request) call() routing.Call {
	known := map[string]string{}
	for _, s := range q.Subjects {
		for _, a := range s.Attributes {
			if name, ok := strings.CutPrefix(a.ID, attributes); ok && len(a.Values) > 0 {
				known[name] = strings.TrimSpace(a.Values[0])
			}
		}
	}
	first := func(names ...string) string {
		for _, n := range names {
			if known[n] != "" {
				return known[n]
			}
		}
		return ""
	}
	// The transformed numbers are the ones that Unified CM has made global.
	return routing.Call{
		Called: first("transformedcdpn", "callednumber"), Caller: first("transformedcgpn", "callingnumber"),
	}
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request, peer *edge.Peer) {
	start := s.Core.Now()
	call, err := read(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || call.Called == "" {
		s.Core.Measures.Count(edge.Invalid)
		s.write(w, http.StatusBadRequest, answer{Decision: indeterminate, Status: syntaxError})
		return
	}
	call.Ingress, call.Country, call.Location, call.At = peer.Ingress, peer.Country, peer.Location, start
	d := s.Core.Decide(call)
	s.Core.Measures.From(d.Revision)
	w.Header().Set("X-Dualtone-Revision", strconv.FormatInt(int64(d.Revision), 10))
	if s.Core.Limit.Over(start) && !d.Emergency {
		s.Core.Measures.Count(edge.Overloaded)
		s.write(w, http.StatusOK, answer{Decision: indeterminate, Status: processingError})
		return
	}
	s.write(w, http.StatusOK, s.answer(&d))
	s.Core.Measures.Answered(edge.Of(d.Result), s.Core.Now().Sub(start))
	if s.Core.Recorder != nil {
		s.Core.Recorder.Keep(&routing.Record{Edge: Name, Call: call, Decision: d, Peer: r.RemoteAddr})
	}
}

func read(in io.Reader) (routing.Call, error) {
	d := xml.NewDecoder(in)
	d.CharsetReader = charset
	var q request
	if err := d.Decode(&q); err != nil {
		return routing.Call{}, fmt.Errorf("curri: %w: %w", err, dualtone.ErrInvalid)
	}
	return q.call(), nil
}

// charset lets through what is ASCII wherever it matters: numbers.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii", "iso-8859-1":
		return in, nil
	default:
		return nil, fmt.Errorf("character set %q: %w", label, dualtone.ErrUnsupported)
	}
}

// answer says what Unified CM does with the call.
func (s *Server) answer(d *routing.Decision) answer {
	switch {
	case d.Result == routing.NoTable:
		// Unified CM does what its call treatment on failure says.
		return answer{Decision: indeterminate, Status: processingError}
	case d.Result == routing.Loop:
		return answer{Decision: deny, Status: statusOK, cixml: `<reject></reject>`}
	case d.Result == routing.NotFound, d.Emergency, len(d.Targets) == 0, s.rings(d):
		return answer{Decision: permit, Status: statusOK, cixml: `<continue></continue>`}
	default:
		return answer{Decision: permit, Status: statusOK, cixml: `<divert><destination>` + escaped(s.destination(d)) + `</destination></divert>`}
	}
}

// rings reports whether the phone of the Unified CM is to ring. It cannot ring
// another one at the same time: both sides at once is its own one here.
func (s *Server) rings(d *routing.Decision) bool {
	if d.Order != routing.Parallel {
		return d.Targets[0].Side == s.Side
	}
	for _, t := range d.Targets {
		if t.Side == s.Side {
			return true
		}
	}
	return false
}

func (s *Server) destination(d *routing.Decision) string {
	number := string(d.Number)
	return strings.NewReplacer("{number}", number, "{digits}", strings.TrimPrefix(number, "+")).Replace(s.Divert)
}
