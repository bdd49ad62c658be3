// Package asterisksim is a simulated Asterisk 22 over a small phone world: its
// manager interface (AMI) on TCP, and the call records that it leaves behind
// (cdr-csv/Master.csv, queue_log, rows of a cdr table).
//
// Wording, field order and the shape of lists follow a transcript of a real
// Asterisk 22.10.1 and the texts of its manager documentation. What differs from
// the real one on purpose: a refused login is answered at once and not after a
// second, and the extensions of the dialplan are those of FreePBX.
//
// People are PJSIP endpoints named by their extension. The CF family of the
// AstDB is their forward. Wrap-up has no channel in Asterisk: a queue member in
// wrap-up shows a LastCall, the second in which the last queue call ended, and a
// Wrapuptime such that both together reach to the end of the wrap-up; a member
// who is not in wrap-up shows a Wrapuptime of 0.
//
// The world's faults strike an action by its name. AMI knows no "come back
// later" and no session that expires, so refused, throttled and expired close
// the connection before anything is done; answer_lost closes it after, cut_short
// in the middle of the answer, and failed says that Asterisk is shutting down. A
// fault that names the operation Connect strikes a new connection.
package asterisksim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// errNoLogin is Start's answer to options without a login.
var errNoLogin = errors.New("asterisksim: options without username or secret")

// Options says how the simulated Asterisk is set up.
type Options struct {
	// Addr is where the manager interface listens; empty for a free port of
	// this machine.
	Addr string
	// Username and Secret are the manager's only login.
	Username, Secret string
	// Read and Write are the manager's classes, as in manager.conf. Without any
	// they are system,call,agent,reporting,cdr and system,agent,call,reporting.
	Read, Write []string
	// Trunks are endpoints that are nobody's phone. Calls from outside come in
	// through the first one; without any they come through an endpoint that the
	// inventory does not list.
	Trunks []string
	// Records is where call records go.
	Records Records
	// Log is told what went wrong in writing records.
	Log *slog.Logger
}

// Server is a running simulated Asterisk.
type Server struct {
	world   *sim.World
	opts    Options
	actions map[string]action
	started time.Time

	listener net.Listener
	desk     *desk
	database *database
	// variables are the global ones; nothing of them is in the AstDB.
	variables *database
	records   *recorder

	mu       sync.Mutex
	sessions map[*session]struct{}
	closed   bool
	running  sync.WaitGroup
}

// Start listens and serves until Close.
func Start(world *sim.World, opts Options) (*Server, error) {
	if opts.Username == "" || opts.Secret == "" {
		return nil, errNoLogin
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if len(opts.Read) == 0 {
		opts.Read = []string{"system", "call", "agent", "reporting", "cdr"}
	}
	if len(opts.Write) == 0 {
		opts.Write = []string{"system", "agent", "call", "reporting"}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	listen := net.ListenConfig{}
	listener, err := listen.Listen(context.Background(), "tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("asterisksim: listen: %w", err)
	}
	records, err := newRecorder(opts.Records, opts.Log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &Server{
		world: world, opts: opts, actions: actionTable(), started: world.Now(),
		listener: listener, database: newDatabase(world), variables: newDatabase(world), records: records,
		sessions: map[*session]struct{}{},
	}
	s.desk = newDesk(opts, world.Now(), s.publish, records)
	s.records.start(s.started)
	world.Watch(s.desk.see)
	s.desk.open()
	s.running.Go(s.accept)
	return s, nil
}

// Addr is where the manager interface listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends every session and waits until all records are written.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for session := range s.sessions {
		session.close()
	}
	s.mu.Unlock()
	err := s.listener.Close()
	s.running.Wait()
	return errors.Join(err, s.records.close())
}

// Flush waits until the records of every call that is over are written, and
// returns the first error met in writing any.
func (s *Server) Flush(ctx context.Context) error { return s.records.flush(ctx) }

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		session := newSession(s, conn)
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			session.close()
			return
		}
		s.sessions[session] = struct{}{}
		s.mu.Unlock()
		s.running.Go(func() {
			session.serve()
			s.mu.Lock()
			delete(s.sessions, session)
			s.mu.Unlock()
		})
	}
}

// publish hands an event to every session that may and wants to see its class.
func (s *Server) publish(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session := range s.sessions {
		session.offer(e)
	}
}
