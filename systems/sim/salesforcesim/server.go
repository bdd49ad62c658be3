package salesforcesim

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options say how a server presents its org.
type Options struct {
	// Addr is where to listen; empty for a free port of this machine.
	Addr string
	// Apps are the connected apps that may ask for tokens.
	Apps []App
	// Password lets everybody in who knows it, by the username-password flow
	// and SOAP login. Empty refuses both, as new orgs do.
	Password string
	// TokenLife is how long a token is good; zero for two hours.
	TokenLife time.Duration
	// BatchSize is how many records one page of a query holds; zero for 2000.
	// A client can ask for fewer, down to 200, or to BatchSize where that is less.
	BatchSize int
	// RequestLimit is how many calls the org may get in 24 hours; zero for 15000.
	RequestLimit int
	// DeployTime is how long a deployment or retrieval takes; zero for at once.
	DeployTime time.Duration
}

// App is a connected app.
type App struct {
	ConsumerKey    string
	ConsumerSecret string
	// PublicKey verifies the app's JWTs; nil when it may not use them.
	PublicKey *rsa.PublicKey
	// RunAs is the username that the client-credentials flow acts as; empty
	// when the app may not use it.
	RunAs string
	// Approved are the usernames that may use the app with a JWT; nil for all.
	Approved []string
}

// Server is a Salesforce host in front of an org.
type Server struct {
	org     *Org
	options Options
	url     string
	http    *http.Server
	done    chan struct{}

	// The org's lock guards these.
	used      int
	since     time.Time
	limit     int
	cursors   map[string]*cursor
	cursorN   int
	deploys   map[string]*deployment
	retrieves map[string]*retrieval
	asyncN    int
	jobs      map[string]*job
	jobN      int
	runAs     map[string]string // consumer key to user id

	closing sync.Once
	closed  error
}

// Start serves an org over HTTP until Close.
func Start(org *Org, options Options) (*Server, error) {
	if options.Addr == "" {
		options.Addr = "127.0.0.1:0"
	}
	if options.TokenLife == 0 {
		options.TokenLife = 2 * time.Hour
	}
	if options.BatchSize == 0 {
		options.BatchSize = maxBatch
	}
	if options.RequestLimit == 0 {
		options.RequestLimit = 15_000
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", options.Addr)
	if err != nil {
		return nil, fmt.Errorf("salesforcesim: listening on %s: %w", options.Addr, err)
	}
	s := &Server{
		org: org, options: options, limit: options.RequestLimit,
		url: "http://" + listener.Addr().String(), done: make(chan struct{}), since: org.Now(),
		cursors: map[string]*cursor{}, deploys: map[string]*deployment{}, retrieves: map[string]*retrieval{},
		jobs: map[string]*job{}, runAs: map[string]string{},
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.closed = err
		}
	}()
	return s, nil
}

// URL is the org's My Domain.
func (s *Server) URL() string { return s.url }

// Org is what the server presents.
func (s *Server) Org() *Org { return s.org }

// Close ends the server and all its connections.
func (s *Server) Close() error {
	s.closing.Do(func() {
		err := s.http.Close()
		<-s.done
		if s.closed == nil && err != nil {
			s.closed = fmt.Errorf("salesforcesim: closing: %w", err)
		}
	})
	return s.closed
}

// ExpireSessions makes every token that was given out worthless.
func (s *Server) ExpireSessions() {
	s.org.mu.Lock()
	defer s.org.mu.Unlock()
	s.org.sessions = map[string]*session{}
}

// SetRequestLimit changes how many calls are allowed and how many count as used.
func (s *Server) SetRequestLimit(limit, used int) {
	s.org.mu.Lock()
	defer s.org.mu.Unlock()
	s.limit, s.used, s.since = limit, used, s.org.Now()
}
