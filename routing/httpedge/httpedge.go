// Package httpedge answers where a call goes over HTTP: to Kamailio in the JSON of
// its rtjson module, to AudioCodes call-setup rules in one word, and to everything
// else in a JSON of its own, which docs/sbc/http.md describes.
package httpedge

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
)

// Name is what the server is called in measures and records.
const Name = "http"

// maxBody is how long the body of a question may be.
const maxBody = 8 << 10

// Server answers look-ups of routes.
type Server struct {
	Core   *edge.Core
	Access *edge.Access
	// Token is what requests must carry; the zero one is for where a certificate tells
	// who asks.
	Token edge.Token
	// RetryAfter is how long those should stay away who are turned away.
	RetryAfter time.Duration
}

// Handler serves the paths of the look-ups:
//
//	/route   the documented JSON
//	/rtjson  for Kamailio
//	/word    for AudioCodes: old, new, old,new, new,old or both
//	/ready   200 with a table, 503 without
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, write := range map[string]writer{"/route": s.document, "/rtjson": s.rtjson, "/word": s.word} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.ask(w, r, write) })
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { s.ask(w, r, write) })
	}
	mux.HandleFunc("GET /ready", s.ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.Core.Measures.Count(edge.Invalid)
		edge.Problem{Status: http.StatusNotFound, Detail: "there are /route, /rtjson, /word and /ready, for GET and POST; not " + r.Method + " " + r.URL.Path}.Write(w)
	})
	return mux
}

// writer writes a decision that found targets.
type writer func(w http.ResponseWriter, d *routing.Decision)

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.Access.From(r); !ok {
		s.refuse(w, http.StatusForbidden, "this address may not ask")
		return
	}
	s.Core.Measures.Count(edge.KeepAlive)
	if !s.Core.Ready() {
		s.problem(w, http.StatusServiceUnavailable, "no table is loaded", 0)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, strconv.FormatInt(int64(s.Core.Decider.Revision()), 10)+"\n")
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request, write writer) {
	start := s.Core.Now()
	peer, ok := s.Access.From(r)
	if !ok {
		s.refuse(w, http.StatusForbidden, "this address may not ask")
		return
	}
	if !s.Token.Allows(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.refuse(w, http.StatusUnauthorized, "the token is missing or wrong")
		return
	}
	q, detail := read(w, r)
	if detail != "" {
		s.Core.Measures.Count(edge.Invalid)
		s.problem(w, http.StatusBadRequest, detail, 0)
		return
	}
	call := q.call(peer)
	call.At = start
	d := s.Core.Decide(call)
	s.Core.Measures.From(d.Revision)
	w.Header().Set("X-Dualtone-Revision", strconv.FormatInt(int64(d.Revision), 10))
	w.Header().Set("Cache-Control", "no-store")
	if s.Core.Limit.Over(start) && !d.Emergency {
		s.Core.Measures.Count(edge.Overloaded)
		s.problem(w, http.StatusServiceUnavailable, "more calls than this server may decide", d.Revision)
		return
	}
	s.answer(w, &d, write)
	s.Core.Measures.Answered(edge.Of(d.Result), s.Core.Now().Sub(start))
	if s.Core.Recorder != nil {
		s.Core.Recorder.Keep(&routing.Record{
			Edge: Name, Call: call, Decision: d, Peer: r.RemoteAddr,
			SessionID: q.SessionID, UserToUser: q.UserToUser,
		})
	}
}

func (s *Server) answer(w http.ResponseWriter, d *routing.Decision, write writer) {
	switch d.Result {
	case routing.Routed:
		write(w, d)
	case routing.NotFound:
		s.problem(w, http.StatusNotFound, d.Reason, d.Revision)
	case routing.Loop:
		s.problem(w, http.StatusLoopDetected, d.Reason, d.Revision)
	case routing.NoTable:
		s.problem(w, http.StatusServiceUnavailable, d.Reason, d.Revision)
	default:
		s.problem(w, http.StatusServiceUnavailable, d.Reason, d.Revision)
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int, detail string) {
	s.Core.Measures.Count(edge.Refused)
	s.problem(w, status, detail, 0)
}

func (s *Server) problem(w http.ResponseWriter, status int, detail string, r routing.Revision) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(s.RetryAfter.Seconds()))))
	}
	edge.Problem{Status: status, Detail: detail, Revision: int64(r)}.Write(w)
}

// question is a call that is asked about, in the parameters of a GET or the JSON
// of a POST.
type question struct {
	To         string   `json:"to"`
	From       string   `json:"from"`
	CallID     string   `json:"callid"`
	Ingress    string   `json:"ingress"`
	Country    string   `json:"country"`
	Location   string   `json:"location"`
	Diverted   []string `json:"diverted"`
	SessionID  string   `json:"session_id"`
	UserToUser string   `json:"user_to_user"`
}

// read returns the question, or what is wrong with it.
func read(w http.ResponseWriter, r *http.Request) (q question, detail string) {
	if r.Method == http.MethodPost {
		in := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		in.DisallowUnknownFields()
		if err := in.Decode(&q); err != nil {
			return q, "the body is not the JSON of a question: " + err.Error()
		}
		if _, err := in.Token(); err != io.EOF {
			return q, "the body holds more than one question"
		}
	} else {
		// SBCs send the plus sign of a number as it is; in a form it would be a space.
		values, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, "+", "%2B"))
		if err != nil {
			return q, "the parameters cannot be read: " + err.Error()
		}
		q = question{
			To: values.Get("to"), From: values.Get("from"), CallID: values.Get("callid"),
			Ingress: values.Get("ingress"), Country: values.Get("country"), Location: values.Get("location"),
			Diverted: values["diverted"], SessionID: values.Get("session_id"), UserToUser: values.Get("user_to_user"),
		}
	}
	if q.To == "" {
		return q, "to is missing: the number that was called"
	}
	if _, ok := edge.ParseIngress(q.Ingress); q.Ingress != "" && !ok {
		return q, "ingress is none of carrier, old, new and internal"
	}
	return q, ""
}

// call fills in what is true of all calls of whoever asks.
func (q *question) call(peer *edge.Peer) routing.Call {
	call := routing.Call{
		ID: q.CallID, Called: q.To, Caller: q.From,
		Ingress: peer.Ingress, Country: peer.Country, Location: peer.Location, Diverted: q.Diverted,
	}
	if q.Ingress != "" {
		call.Ingress = routing.Ingress(q.Ingress)
	}
	if q.Country != "" {
		call.Country = q.Country
	}
	if q.Location != "" {
		call.Location = q.Location
	}
	return call
}
