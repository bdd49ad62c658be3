package edge

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dualtone/dualtone"
)

const (
	// saying is how long clients are told that their connection will be closed
	// before it is: none is closed while a request is on its way.
	saying = 300 * time.Millisecond
	// finishing is how long requests in progress may take after that.
	finishing  = 5 * time.Second
	headWithin = 2 * time.Second
	restWithin = 5 * time.Second
	idleWithin = 2 * time.Minute
	maxHeader  = 16 << 10
)

// ServeHTTP serves until the context ends, and then what has been asked by then.
// Where another process has opened the address as well, no request is lost: new
// connections go there, and clients leave the old ones with their next answer.
func ServeHTTP(ctx context.Context, ln net.Listener, handler http.Handler, log *slog.Logger) error {
	var closing atomic.Bool
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if closing.Load() {
				w.Header().Set("Connection", "close")
			}
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: headWithin, ReadTimeout: restWithin, WriteTimeout: restWithin, IdleTimeout: idleWithin,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("http on %s: %w: %w", ln.Addr(), err, dualtone.ErrUnavailable)
	case <-ctx.Done():
	}
	closing.Store(true)
	timer := time.NewTimer(saying)
	defer timer.Stop()
	select {
	case <-timer.C:
	case err := <-done:
		return fmt.Errorf("http on %s: %w: %w", ln.Addr(), err, dualtone.ErrUnavailable)
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	if err := server.Shutdown(within); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http on %s: %w", ln.Addr(), err)
	}
	return nil
}

// Token is a bearer token that requests must carry; the zero one lets all in.
type Token struct {
	sum [sha256.Size]byte
	set bool
}

// NewToken takes the token's text.
func NewToken(text string) Token {
	if text == "" {
		return Token{}
	}
	return Token{sum: sha256.Sum256([]byte(text)), set: true}
}

// Allows reports whether a request carries the token.
func (t Token) Allows(r *http.Request) bool {
	if !t.set {
		return true
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(given))
	return ok && subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1
}

// From is who sends a request; false for one who may not ask.
func (a *Access) From(r *http.Request) (*Peer, bool) {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return nil, false
	}
	return a.Peer(remote.Addr())
}

// Problem is an error for programs, RFC 9457.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Revision is the one that the answer was made from.
	Revision int64 `json:"revision,omitempty"`
}

// Write sends the problem as problem+json.
func (p Problem) Write(w http.ResponseWriter) {
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}
