package asterisk

import (
	"bufio"
	"context"
	"crypto/md5" //nolint:gosec // What AMI's challenge asks for.
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/dualtone/dualtone"
)

// session is one connection on which we are signed in. Any number of actions
// are on their way at once; the ActionID tells whose an answer is.
type session struct {
	conn net.Conn
	in   *bufio.Reader

	mu      sync.Mutex
	last    int
	pending map[string]*waiting
	// failed says why the session is over; nil while it is not.
	failed error
}

// waiting is an action whose answer is not complete.
type waiting struct {
	answer []message
	done   chan struct{}
	err    error
}

// errLost says that the session ended before the answer was complete.
var errLost = errors.New("the connection was lost")

// connect opens a connection and reads the banner.
func connect(ctx context.Context, c Config) (*session, error) {
	conn, err := dial(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", dualtone.ErrUnavailable, err)
	}
	s := &session{conn: conn, in: bufio.NewReader(conn), pending: map[string]*waiting{}}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	banner, err := readLine(s.in)
	if !stop() {
		return nil, ctx.Err()
	}
	if err == nil && !strings.HasPrefix(banner, "Asterisk Call Manager") {
		err = errNotAMI
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("banner: %w: %w", dualtone.ErrUnavailable, err), conn.Close())
	}
	go s.read()
	return s, nil
}

func dial(ctx context.Context, c Config) (net.Conn, error) {
	if c.TLS {
		d := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.Host}}
		return d.DialContext(ctx, "tcp", c.address())
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", c.address())
}

// login signs in: by a challenge, so that the secret stays here, or plainly for
// a PBX that wants it so.
func (s *session) login(ctx context.Context, c Config) error {
	action := message{{"Username", c.Username}, {"Secret", c.Secret}, {"Events", "off"}}
	if c.Login != "plain" {
		answer, err := s.do(ctx, "Challenge", message{{"AuthType", "MD5"}})
		if err != nil {
			return err
		}
		sum := md5.Sum([]byte(answer[0].get("Challenge") + c.Secret)) //nolint:gosec // What AMI asks for.
		action = message{
			{"AuthType", "MD5"},
			{"Username", c.Username},
			{"Key", hex.EncodeToString(sum[:])},
			{"Events", "off"},
		}
	}
	_, err := s.do(ctx, "Login", action)
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return fmt.Errorf("%s: %w", refused.message, dualtone.ErrDenied)
	}
	return err
}

// do sends one action and waits for its answer and the events that belong to it.
func (s *session) do(ctx context.Context, name string, parameters message) ([]message, error) {
	id, w, err := s.expect()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsent, err)
	}
	text, err := append(message{{"Action", name}, {"ActionID", id}}, parameters...).encode()
	if err != nil {
		s.forget(id)
		return nil, fmt.Errorf("%w: %w", errUnsent, err)
	}
	if _, err := s.conn.Write(text); err != nil {
		s.end(err)
	}
	select {
	case <-w.done:
		return w.answer, w.err
	case <-ctx.Done():
		s.forget(id)
		return nil, ctx.Err()
	}
}

func (s *session) expect() (string, *waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return "", nil, s.failed
	}
	s.last++
	id := "dualtone-" + strconv.Itoa(s.last)
	w := &waiting{done: make(chan struct{})}
	s.pending[id] = w
	return id, w, nil
}

func (s *session) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
}

// alive reports whether the session may still be asked.
func (s *session) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed == nil
}

// end closes the session and tells everybody who waits.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return
	}
	s.failed = fmt.Errorf("%w: %w", errLost, why)
	_ = s.conn.Close()
	for id, w := range s.pending {
		w.err = s.failed
		close(w.done)
		delete(s.pending, id)
	}
}

// read hands out what Asterisk says until the connection ends.
func (s *session) read() {
	in := messages{in: s.in}
	for {
		m, err := in.next()
		if err != nil {
			s.end(err)
			return
		}
		s.deliver(m)
	}
}

func (s *session) deliver(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := m.get("ActionID")
	w, ok := s.pending[id]
	if !ok {
		// An event that we did not ask for, or an answer given up waiting for.
		return
	}
	w.answer = append(w.answer, m)
	over, err := complete(w.answer)
	if !over {
		return
	}
	w.err = err
	delete(s.pending, id)
	close(w.done)
}

// refusedError is what Asterisk says when it will not do something.
type refusedError struct{ message string }

func (e *refusedError) Error() string { return "asterisk says: " + e.message }

// complete reports whether an answer has come to its end, and what is wrong
// with it. A list ends with an event that counts what came before it.
func complete(answer []message) (bool, error) {
	last := answer[len(answer)-1]
	if response := last.get("Response"); response != "" {
		if strings.EqualFold(response, "Error") {
			return true, &refusedError{last.get("Message")}
		}
		return !strings.EqualFold(last.get("EventList"), "start"), nil
	}
	switch strings.ToLower(last.get("EventList")) {
	case "complete":
		items := len(answer) - 2
		if told := last.get("ListItems"); told != "" && told != strconv.Itoa(items) {
			return true, fmt.Errorf("a list of %d items says that it has %s: %w", items, told, dualtone.ErrUnavailable)
		}
		return true, nil
	case "cancelled": //nolint:misspell // As Asterisk spells it.
		return true, fmt.Errorf("the list was canceled: %w", dualtone.ErrUnavailable)
	default:
		return false, nil
	}
}
