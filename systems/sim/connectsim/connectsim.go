// Package connectsim is a simulator of Amazon Connect's REST-JSON interface over
// the small phone world of systems/sim. It is written from the service's
// published model and checks what the service checks: signatures, members and
// their sizes, page tokens, request rates.
package connectsim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// Options is what a simulated instance is made of. Its zero value is an
// instance in us-east-1 on a free port of this machine, open to DefaultKey.
type Options struct {
	// Addr is where to listen; 127.0.0.1:0 if empty.
	Addr string
	// AccessKeyID and SecretAccessKey sign requests; SessionToken must come with
	// them where it is set.
	AccessKeyID, SecretAccessKey, SessionToken string

	Region     string
	Account    string
	InstanceID string
	// IdentityManagement is CONNECT_MANAGED (if empty), SAML or EXISTING_DIRECTORY.
	IdentityManagement string
	// Rates limit operations by name; "" is for those that are not named. No
	// operation is limited by default; PublishedRates are the service's own.
	Rates map[string]Rate
	// MaxPage makes pages smaller than asked for, which the service may do as well.
	MaxPage int
	// IndexDelay is how long an ended contact cannot be searched yet.
	IndexDelay time.Duration
	// Denied are the operations that the key's policy does not allow.
	Denied []string
}

// DefaultKey signs requests where Options name no key.
const (
	DefaultKey    = "AKIAIOSFODNN7EXAMPLE"                     //nolint:gosec // the example key of AWS's own documents
	DefaultSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" //nolint:gosec // the example key of AWS's own documents
)

// Server is a running simulator.
type Server struct {
	world *sim.World
	opts  Options
	ops   map[string]*operation
	http  *http.Server
	url   string
	done  chan struct{}
	feed  feed

	mu       sync.Mutex
	inst     *instance
	buckets  map[string]*bucket
	requests map[string]int
}

// Start brings up an instance over the world. People and queues are added with
// Populate or one by one.
func Start(world *sim.World, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	ops, err := readOperations(operationsText)
	if err != nil {
		return nil, err
	}
	s := &Server{
		world: world, opts: opts, ops: ops,
		done: make(chan struct{}), inst: newInstance(),
		buckets: map[string]*bucket{}, requests: map[string]int{},
	}
	s.attend()
	mux, err := s.routes()
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("connectsim: %w", err)
	}
	s.url = "http://" + listener.Addr().String()
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // always ErrServerClosed after Close
	}()
	return s, nil
}

// URL is the endpoint that stands for https://connect.REGION.amazonaws.com.
func (s *Server) URL() string { return s.url }

// InstanceID and InstanceARN name the simulated instance.
func (s *Server) InstanceID() string { return s.opts.InstanceID }

// InstanceARN is the instance's full name.
func (s *Server) InstanceARN() string {
	return fmt.Sprintf("arn:aws:connect:%s:%s:instance/%s", s.opts.Region, s.opts.Account, s.opts.InstanceID)
}

// World is the phone world behind the instance.
func (s *Server) World() *sim.World { return s.world }

// Requests counts the requests of each operation that reached the instance.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// Close stops the simulator and breaks what is still open.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&o.Addr, "127.0.0.1:0"},
		{&o.AccessKeyID, DefaultKey},
		{&o.SecretAccessKey, DefaultSecret},
		{&o.Region, "us-east-1"},
		{&o.Account, "123456789012"},
		{&o.InstanceID, "12345678-1234-1234-1234-123456789012"},
		{&o.IdentityManagement, "CONNECT_MANAGED"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	return o
}

// arn is the full name of a resource of the instance.
func (s *Server) arn(kind, id string) string { return s.InstanceARN() + "/" + kind + "/" + id }
