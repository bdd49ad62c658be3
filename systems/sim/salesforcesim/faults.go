package salesforcesim

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// Faults that only Salesforce has, beside those of every simulator.
const (
	// LockedRow fails the records that About names, or all that the request
	// writes, with UNABLE_TO_LOCK_ROW. The rest of a collection goes through.
	LockedRow sim.FaultKind = "locked_row"
	// LimitExceeded says that the org has used up its calls.
	LimitExceeded sim.FaultKind = "limit_exceeded"
	// TooMany says 429 with Retry-After, as a host in front of the org does.
	TooMany sim.FaultKind = "too_many_requests"
)

// suffer answers a call that a fault has struck. Slow waits by the org's clock.
func (s *Server) suffer(w http.ResponseWriter, r *http.Request, c *call) {
	switch c.fault.Kind {
	case sim.Slow:
		passed := make(chan struct{})
		stop := s.org.clock.AfterFunc(c.fault.Delay, func() { close(passed) })
		defer stop()
		select {
		case <-passed:
			write(w, s.serve(c, r.Host))
		case <-r.Context().Done():
		}
	case sim.Refused, sim.Throttled:
		write(w, s.later(c, http.StatusServiceUnavailable, "SERVER_UNAVAILABLE", "Server is currently unavailable"))
	case TooMany:
		write(w, s.later(c, http.StatusTooManyRequests, "REQUEST_LIMIT_EXCEEDED", "Too many requests"))
	case sim.Failed:
		write(w, s.later(c, http.StatusInternalServerError, "UNKNOWN_EXCEPTION",
			"An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (1)"))
	case sim.Expired:
		if strings.HasPrefix(c.path, "/services/oauth2/token") {
			write(w, (&denied{"invalid_grant", "expired access/refresh token"}).reply())
			return
		}
		s.forget(c)
		write(w, s.serve(c, r.Host))
	case sim.AnswerLost:
		s.serve(c, r.Host)
		panic(http.ErrAbortHandler)
	case sim.CutShort:
		cut(w, s.serve(c, r.Host))
	default:
		write(w, s.serve(c, r.Host))
	}
}

// later is the answer of a host that will not do it now.
func (s *Server) later(c *call, status int, code, message string) reply {
	r := answer(status, []any{map[string]any{"errorCode": code, "message": message}})
	if strings.HasPrefix(c.path, "/services/Soap/") {
		r = soapFault(code, message)
		r.status = status
	}
	if c.fault.RetryAfter > 0 {
		seconds := (c.fault.RetryAfter + time.Second - 1) / time.Second
		r = r.with("Retry-After", strconv.Itoa(int(seconds)))
	}
	return r
}

// forget ends the session that the call came with.
func (s *Server) forget(c *call) {
	s.org.mu.Lock()
	defer s.org.mu.Unlock()
	delete(s.org.sessions, bearer(c.header))
	delete(s.org.sessions, soapSession(c))
}

// cut promises a whole answer, sends half and breaks the connection. An answer
// without a body is broken off before it begins.
func cut(w http.ResponseWriter, r reply) {
	text, kind := r.text()
	if len(text) > 1 {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.WriteHeader(r.status)
		_, _ = w.Write(text[:len(text)/2]) //nolint:gosec // as in write
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler)
}

// locks says whether the call's fault keeps a record locked.
func (c *call) locks(id string) bool {
	if c.fault.Kind != LockedRow {
		return false
	}
	about, isID := longForm(c.fault.About)
	return !isID || about == id
}
