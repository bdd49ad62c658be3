package salesforcesim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

const (
	maxBody = 160 << 20
	maxURI  = 16_384
)

// call is one request, or one part of a composite one.
type call struct {
	method  string
	path    string // escaped, so that a key can hold a slash
	query   url.Values
	header  http.Header
	body    []byte
	session *session
	version string // such as v60.0
	tx      *tx    // of the composite request around it, if any
	fault   sim.Fault
}

// reply is an answer before it is written.
type reply struct {
	status int
	header http.Header
	body   any    // as JSON, nil for none
	raw    []byte // instead of body
	kind   string // content type of raw
}

func answer(status int, body any) reply { return reply{status: status, body: body} }

func refusal(err *Error) reply { return answer(err.Status, []any{err.asItem()}) }

func (r reply) with(key, value string) reply {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(key, value)
	return r
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/sim/") {
		s.Control().ServeHTTP(w, r)
		return
	}
	if len(r.RequestURI) > maxURI {
		write(w, answer(http.StatusRequestURITooLong, []any{badRequest("URI_TOO_LONG", "URI too long").asItem()}))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		write(w, refusal(badRequest("UNKNOWN_EXCEPTION", "unreadable request body")))
		return
	}
	c := &call{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.Query(), header: r.Header, body: body}
	// Clients that cannot send PATCH may name the method.
	if as := c.query.Get("_HttpMethod"); as != "" && r.Method == http.MethodPost {
		c.method = strings.ToUpper(as)
	}
	op := strings.TrimSpace(c.method + " " + c.path + " " + soapOperation(c))
	fault, struck := s.org.Faults.NextOf(op, func() string {
		return fmt.Sprintf("%s %s\n%s\n%s", c.method, r.RequestURI, c.query.Get("q"), body)
	})
	if !struck {
		write(w, s.serve(c, r.Host))
		return
	}
	c.fault = fault
	s.suffer(w, r, c)
}

// serve answers a call with the org locked.
func (s *Server) serve(c *call, host string) reply {
	s.org.mu.Lock()
	defer s.org.mu.Unlock()
	switch {
	case strings.HasPrefix(c.path, "/services/oauth2/"):
		return s.oauth(c, host)
	case strings.HasPrefix(c.path, "/services/Soap/"):
		return s.soap(c)
	case strings.HasPrefix(c.path, "/id/"):
		return s.identity(c)
	case c.path == "/services/data" || c.path == "/services/data/":
		return versions()
	case strings.HasPrefix(c.path, "/services/data/"):
		return s.metered(c)
	}
	return refusal(notFound())
}

// metered answers a REST call within the org's limit of calls.
func (s *Server) metered(c *call) reply {
	now, err := s.admit(c, bearer(c.header))
	var r reply
	switch {
	case err == nil:
		c.session = now
		r = s.rest(c)
	case err.Status == http.StatusUnauthorized:
		return refusal(err)
	default:
		r = refusal(err)
	}
	return r.with("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", s.used, s.limit))
}

// admit checks the session and counts the call.
func (s *Server) admit(c *call, token string) (*session, *Error) {
	now := s.org.session(token)
	if now == nil {
		return nil, expired()
	}
	if s.org.Now().Sub(s.since) >= 24*time.Hour {
		s.since, s.used = s.org.Now(), 0
	}
	if s.used >= s.limit || c.fault.Kind == LimitExceeded {
		return nil, limitExceeded()
	}
	s.used++
	return now, nil
}

func limitExceeded() *Error {
	return &Error{Status: http.StatusForbidden, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}
}

func expired() *Error {
	return &Error{Status: http.StatusUnauthorized, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"}
}

func bearer(h http.Header) string {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return ""
	}
	return strings.TrimSpace(token)
}

// write sends a reply. A body that cannot be sent any more is the client's loss.
func write(w http.ResponseWriter, r reply) {
	text, kind := r.text()
	maps.Copy(w.Header(), r.header)
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Token")
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(text) //nolint:gosec // it is JSON, CSV or XML for a program
}

func (r reply) text() (text []byte, kind string) {
	switch {
	case r.raw != nil:
		return r.raw, r.kind
	case r.body == nil:
		return nil, ""
	}
	var out bytes.Buffer
	if err := encode(&out, r.body); err != nil {
		return []byte(`[{"errorCode":"UNKNOWN_EXCEPTION","message":"answer cannot be encoded"}]`), "application/json;charset=UTF-8"
	}
	return out.Bytes(), "application/json;charset=UTF-8"
}

// read decodes the call's JSON body.
func (c *call) read(into any) *Error {
	coder := json.NewDecoder(bytes.NewReader(c.body))
	coder.UseNumber()
	err := coder.Decode(into)
	if err == nil && coder.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		return badRequest("JSON_PARSER_ERROR", "The HTTP entity body is not what was expected: %v", err)
	}
	return nil
}

// writes opens the transaction that the call's writes belong to.
func (s *Server) writes(c *call) *tx {
	if c.tx != nil {
		return c.tx
	}
	t := s.org.begin(c.session.user, "rest")
	t.locked = c.locks
	return t
}
