// Package simctl is the control plane of a simulator that runs as its own
// process: it sends calls in, moves them, signs people in and out, plans faults
// and tells the truth of every call. It is JSON over HTTP, for demos and tests;
// it has no login and belongs on a loopback address.
//
// Durations are written as Go duration strings such as "1.5s"; a bare number is
// read as milliseconds. Errors are {"error": "...", "kind": "..."} with kind
// no_person, no_queue, no_member, no_call, not_free or invalid.
//
//	POST   /calls                offer a call (Incoming), answers Answer
//	GET    /calls                the truth of all calls; ?in_progress=true for those not over
//	GET    /calls/{id}           the truth of one call
//	POST   /calls/{id}/{verb}    pickup, hold, resume, hangup, or transfer with {"person": "1002"}
//	GET    /people               everybody
//	PUT    /people               add or replace a list of people
//	GET    /people/{id}          one person
//	PATCH  /people/{id}          change signed_in, away, forward, name, number and so on
//	DELETE /people/{id}          take a person out of the world
//	GET    /queues               all queues with their members
//	PUT    /queues               add or replace a list of queues
//	POST   /faults               plan a failure
//	DELETE /faults               forget all planned failures
//	GET    /faults/struck        the failures that happened
//	GET    /healthz              200 once the simulator is there
//
// A simulator without a phone world serves only the last four, and what it adds
// itself.
package simctl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// Options says what a control plane controls. Every part may be missing.
type Options struct {
	World *sim.World
	// Faults are those of the world unless a simulator without one has its own.
	Faults *sim.Faults
	// Extra adds a simulator's own handlers by pattern, such as "GET /org".
	Extra map[string]http.Handler
}

// Handler serves the control plane.
func Handler(opts Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	if opts.World != nil {
		handleWorld(mux, opts.World)
		if opts.Faults == nil {
			opts.Faults = opts.World.Faults
		}
	}
	if opts.Faults != nil {
		handleFaults(mux, opts.Faults)
	}
	for pattern, handler := range opts.Extra {
		mux.Handle(pattern, handler)
	}
	return mux
}

// Server is a running control plane.
type Server struct {
	listener net.Listener
	http     *http.Server
	done     chan error
}

// Start listens on addr, such as 127.0.0.1:0, and serves until Close.
func Start(addr string, opts Options) (*Server, error) {
	listen := net.ListenConfig{}
	listener, err := listen.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("simctl: listen: %w", err)
	}
	s := &Server{
		listener: listener, done: make(chan error, 1),
		http: &http.Server{Handler: Handler(opts), ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { s.done <- s.http.Serve(listener) }()
	return s, nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends it and every connection.
func (s *Server) Close() error {
	err := s.http.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func handleWorld(mux *http.ServeMux, world *sim.World) {
	handleCalls(mux, world)
	handlePeople(mux, world)
	mux.HandleFunc("GET /queues", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, world.Queues())
	})
	mux.HandleFunc("PUT /queues", func(w http.ResponseWriter, r *http.Request) {
		var queues []sim.Queue
		if !decode(w, r, &queues) {
			return
		}
		for _, q := range queues {
			if q.ID == "" {
				refuse(w, errNoID)
				return
			}
		}
		for _, q := range queues {
			world.PutQueue(q)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func handleFaults(mux *http.ServeMux, faults *sim.Faults) {
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		var f wireFault
		if !decode(w, r, &f) {
			return
		}
		if !known(f.Kind) {
			refuse(w, fmt.Errorf("%w: fault kind %q", errInvalid, f.Kind))
			return
		}
		faults.Inject(f.fault())
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		faults.Clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /faults/struck", func(w http.ResponseWriter, _ *http.Request) {
		struck := []wireStruck{}
		for _, s := range faults.Struck() {
			struck = append(struck, wireStruck{Fault: wireOfFault(s.Fault), Op: s.Op, At: s.At})
		}
		reply(w, http.StatusOK, struck)
	})
}

func known(kind sim.FaultKind) bool {
	switch kind {
	case sim.Slow, sim.Refused, sim.CutShort, sim.Throttled, sim.Expired, sim.AnswerLost, sim.Failed:
		return true
	default:
		return false
	}
}
