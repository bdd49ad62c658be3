package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/access"
)

// visit is what the middleware knows of a request, for its log line.
type visit struct {
	id      string
	pattern string
	from    netip.Addr
	secure  bool
	actor   access.Actor
	status  int
	bytes   int64
	// stream: the answer goes on for as long as somebody follows it.
	stream bool
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// RequestID is the id by which the log and the audit know a request.
func RequestID(ctx context.Context) string {
	if v := visitOf(ctx); v != nil {
		return v.id
	}
	return ""
}

// Secure reports whether a request came over TLS, as far as trusted proxies tell.
func Secure(ctx context.Context) bool {
	v := visitOf(ctx)
	return v != nil && v.secure
}

// answer counts what is written and remembers the status.
type answer struct {
	http.ResponseWriter

	visit *visit
}

func (a *answer) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// begin notes how the answer begins.
func (a *answer) begin(status int) {
	if a.visit.status == 0 {
		a.visit.status, a.visit.stream = status, a.Header().Get("Content-Type") == "text/event-stream"
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.begin(http.StatusOK)
	n, err := a.ResponseWriter.Write(b)
	a.visit.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// visited gives each request an id, logs how it ended, and keeps a handler that
// panics from taking the process along. What is logged holds no path and no
// query, since numbers and names stand in them.
func (s *Server) visited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.now()
		v := &visit{id: strings.ToLower(rand.Text())}
		v.from, v.secure = s.proxies.origin(r)
		w.Header().Set("X-Request-Id", v.id)
		out := &answer{ResponseWriter: w, visit: v}
		r = cause(r.WithContext(context.WithValue(r.Context(), visitKey{}, v)), v.id, "network "+v.from.String())
		defer func() {
			if went := recover(); went != nil {
				s.caught(out, r, went)
			}
			s.told(r, v, s.now().Sub(began))
		}()
		next.ServeHTTP(out, r)
	})
}

// caught answers a request whose handler panicked.
func (s *Server) caught(w *answer, r *http.Request, went any) {
	if went == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this
		panic(went)
	}
	s.log.ErrorContext(r.Context(), "handler panicked", "request", w.visit.id, "route", w.visit.pattern,
		"panic", fmt.Sprint(went), "stack", string(debug.Stack()))
	if w.visit.status == 0 {
		Problem{
			Type: "about:blank", Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError, Kind: "internal",
			Detail: "something went wrong inside", Next: "tell whoever runs dualtone the request's id", Request: w.visit.id,
		}.Write(w)
	}
}

func (s *Server) told(r *http.Request, v *visit, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case v.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		level = slog.LevelInfo
	}
	s.log.LogAttrs(r.Context(), level, "request", slog.String("request", v.id), slog.String("method", r.Method),
		slog.String("route", v.pattern), slog.Int("status", v.status), slog.Int64("bytes", v.bytes),
		slog.Duration("took", took), slog.String("actor", v.actor.Name), slog.String("from", v.from.String()))
	s.figures.request(r.Method, v, took)
}

// proxies are the networks whose word on where a request comes from is taken.
type proxies []netip.Prefix

func (p proxies) trusts(a netip.Addr) bool {
	for _, n := range p {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// origin is where a request comes from and whether it came over TLS, as far as
// trusted proxies tell: the last address in the chain that is not one of theirs.
func (p proxies) origin(r *http.Request) (from netip.Addr, secure bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	from, _ = netip.ParseAddr(host)
	from, secure = from.Unmap(), r.TLS != nil
	if !p.trusts(from) {
		return from, secure
	}
	secure = secure || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if from = a.Unmap(); !p.trusts(from) {
			break
		}
	}
	return from, secure
}
