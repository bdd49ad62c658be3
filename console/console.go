package console

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console/static"
	"github.com/dualtone/dualtone/internal/password"
)

// Config says how people and programs are served.
type Config struct {
	// URL is where browsers find the console, https://dualtone.example; empty where
	// they use whatever address it listens on.
	URL string
	// Secure: the console itself or a proxy before it speaks TLS, so cookies are for
	// TLS alone.
	Secure  bool
	Proxies []netip.Prefix
	// TLS is what the console itself speaks; nil where it does not.
	TLS *tls.Config
	// MaxBody is how many bytes a request may have.
	MaxBody int64
	// MaxUpload is how many bytes a file may have that is read as it comes.
	MaxUpload int64
	// MaxConnections is how many connections are open at a time, PerAddress how many of
	// them from one address, half of all if it is 0. Proxies have no limit of their own.
	MaxConnections, PerAddress int
	// Idle and Lasts are how long a session holds without and with use.
	Idle, Lasts time.Duration
	// PerSecond and Burst are what one caller may ask.
	PerSecond float64
	Burst     int
	// SignIns is how many attempts a minute may fail for one account; from one address,
	// which may be that of a whole office, ten times as many.
	SignIns int
	OIDC    *OIDC
	// Traced follows requests; nil where nobody does.
	Traced  func(http.Handler) http.Handler
	Version string
	// Now is the clock; nil for that of the machine.
	Now func() time.Time
}

// Stores are what the console itself keeps and asks.
type Stores struct {
	Accounts access.Accounts
	Tokens   access.Tokens
	Grants   access.Grants
	Sessions scs.Store
	Audit    audit.Log
	// Ready are checks of what the console cannot work without, by name.
	Ready map[string]func(context.Context) error
}

// Server serves pages and the API.
type Server struct {
	*Router

	config   Config
	stores   Stores
	log      *slog.Logger
	now      func() time.Time
	proxies  proxies
	sessions *scs.SessionManager
	hasher   *password.Hasher
	callers  *limits
	signIns  *limits // of one account, and of who guesses tokens and codes
	offices  *limits // of one address, which may be that of a whole office
	figures  *figures
	pages    Pages
	provider *provider
	setup    setup
	uploads  map[string]bool
}

// New returns a server that has the routes for signing in, health and static files.
// Pages and the API register theirs with its Router before it serves.
func New(config Config, stores Stores, log *slog.Logger) *Server {
	s := &Server{
		config: config, stores: stores, log: log, now: time.Now, proxies: config.Proxies,
		hasher: password.New(), figures: newFigures(), pages: plainPages{},
		uploads: map[string]bool{},
	}
	if config.Now != nil {
		s.now = config.Now
	}
	s.Router = &Router{mux: http.NewServeMux(), gate: &access.Gate{Audit: stores.Audit}, refuse: s.refuse}
	s.sessions = newSessions(config, stores.Sessions)
	s.callers = newLimits(time.Duration(float64(time.Second)/config.PerSecond), config.Burst, s.now)
	s.signIns = newLimits(time.Minute/time.Duration(config.SignIns), config.SignIns, s.now)
	s.offices = newLimits(time.Minute/time.Duration(config.SignIns*office), config.SignIns*office, s.now)
	s.registerSignIn()
	if config.OIDC != nil {
		s.provider = &provider{config: *config.OIDC, back: strings.TrimSuffix(config.URL, "/")}
		s.registerProvider()
	}
	return s
}

// Upload says that a path takes files, which are read as they come.
func (s *Server) Upload(path string) { s.uploads[path] = true }

// Handler is all of it, for a listener or a test.
func (s *Server) Handler() http.Handler {
	inside := s.sessions.LoadAndSave(s.identified(s.mux))
	outside := http.NewServeMux()
	outside.Handle("GET /livez", named("GET /livez", http.HandlerFunc(live)))
	outside.Handle("GET /readyz", named("GET /readyz", http.HandlerFunc(s.ready)))
	outside.Handle("GET /static/", named("GET /static/", static.Handler()))
	outside.Handle("/", inside)
	handler := s.visited(s.guarded(s.bounded(s.sameSite(outside))))
	if s.config.Traced != nil {
		handler = s.config.Traced(handler)
	}
	return handler
}

const (
	headWithin = 5 * time.Second
	restWithin = time.Minute
	idleWithin = 2 * time.Minute
	maxHeader  = 32 << 10
	// finishing is how long requests in progress may take at the end.
	finishing = 5 * time.Second
)

// Serve serves until the context ends, and then what has been asked by then.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	room := newPlaces(ln, s.config.MaxConnections, s.config.PerAddress, s.proxies)
	server := &http.Server{
		Handler: s.Handler(), ConnState: room.state,
		ReadHeaderTimeout: headWithin, ReadTimeout: restWithin, WriteTimeout: restWithin, IdleTimeout: idleWithin,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		// Streams end with the context, so that they do not hold up the end.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.openSetup(ctx, ln.Addr())
	done := make(chan error, 1)
	var on net.Listener = room
	if s.config.TLS != nil {
		on = tls.NewListener(room, s.config.TLS)
	}
	go func() { done <- server.Serve(on) }()
	select {
	case err := <-done:
		return fmt.Errorf("console on %s: %w: %w", ln.Addr(), err, dualtone.ErrUnavailable)
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	if err := server.Shutdown(within); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, server.Close())
	}
	return nil
}

// Refuse answers a request that failed, as every route does.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, err error) { s.refuse(w, r, err) }

// refuse answers a request that failed: with a page to people, else with a problem.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.Problem(r.Context(), err)
	_, signedIn := access.From(r.Context())
	if p.Status == http.StatusForbidden && !signedIn && !isDenied(err) {
		s.askToSignIn(w, r, p)
		return
	}
	s.answer(w, r, p)
}

// Problem is what the request of a context is told of an error. An answer that does not
// tell all of it leaves that to the log.
func (s *Server) Problem(ctx context.Context, err error) Problem {
	p := ProblemOf(err)
	p.Request = RequestID(ctx)
	if (p.Status == http.StatusInternalServerError || p.Status == http.StatusServiceUnavailable) && !errors.Is(err, context.Canceled) {
		s.log.ErrorContext(ctx, "request failed", "request", p.Request, "error", err)
	}
	return p
}

// answer tells people with a page, and programs with a problem.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, p Problem) {
	if wantsPage(r) {
		s.pages.Refused(w, r, p)
		return
	}
	p.Write(w)
}
