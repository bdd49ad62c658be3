package asterisk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// client asks one Asterisk. It keeps one session, opens another when that ends,
// and shares it among all who ask.
type client struct {
	name string
	Config
	systems.Deps

	// turn holds the present session, which may be nil; who takes it out may
	// replace it.
	turn chan *session
	// users keeps two changes of one user from this program apart.
	users locks
	forms *forms
}

func newClient(name string, config Config, deps systems.Deps) *client {
	c := &client{name: name, Config: config, Deps: deps, turn: make(chan *session, 1), forms: newForms()}
	c.turn <- nil
	return c
}

// close ends the session, if there is one.
func (c *client) close() error {
	s := <-c.turn
	c.turn <- nil
	if s != nil {
		s.end(errors.New("closed"))
	}
	return nil
}

// session returns the one that is open, and opens one when there is none.
func (c *client) session(ctx context.Context) (*session, error) {
	var s *session
	select {
	case s = <-c.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { c.turn <- s }()
	if s != nil && s.alive() {
		return s, nil
	}
	if err := c.Pace(ctx, c.name); err != nil {
		return nil, err
	}
	fresh, err := connect(ctx, c.Config)
	if err != nil {
		return nil, err
	}
	if err := fresh.login(ctx, c.Config); err != nil {
		fresh.end(err)
		return nil, fmt.Errorf("login: %w", err)
	}
	s = fresh
	return s, nil
}

// ask puts a question, which may be put twice: once more on a fresh session
// when the one it was put on is no good.
func (c *client) ask(ctx context.Context, name string, parameters message) ([]message, error) {
	answer, err := c.once(ctx, name, parameters)
	if errors.Is(err, errLost) || errors.Is(err, errSignedOut) {
		answer, err = c.once(ctx, name, parameters)
	}
	return answer, c.failure(name, err)
}

// write makes a change, which is sent once: who loses its answer gets
// ErrUnknown and reads back. Only when Asterisk cannot have done it, because it
// never left or we were not signed in, is it sent again.
func (c *client) write(ctx context.Context, name string, parameters message) error {
	_, err := c.once(ctx, name, parameters)
	if errors.Is(err, errSignedOut) || errors.Is(err, errUnsent) && errors.Is(err, errLost) {
		_, err = c.once(ctx, name, parameters)
	}
	if _, told := errors.AsType[*refusedError](err); err != nil && !told && !errors.Is(err, errUnsent) {
		return fmt.Errorf("asterisk: %s: %w: %w", name, dualtone.ErrUnknown, err)
	}
	return c.failure(name, err)
}

var (
	// errSignedOut says that Asterisk no longer takes the session for signed in.
	errSignedOut = errors.New("signed out")
	// errUnsent says that an action never left.
	errUnsent = errors.New("not sent")
)

func (c *client) once(ctx context.Context, name string, parameters message) ([]message, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout(), fmt.Errorf("no answer in %s: %w", c.timeout(), dualtone.ErrUnavailable))
	defer cancel()
	s, err := c.session(ctx)
	if err == nil {
		err = c.Pace(ctx, c.name)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsent, err)
	}
	traced, ended := c.Following(ctx, name)
	answer, err := s.do(traced, name, parameters)
	ended(err)
	if refused, ok := errors.AsType[*refusedError](err); ok && signedOut(refused.message) {
		s.end(errSignedOut)
		return nil, errSignedOut
	}
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), dualtone.ErrUnavailable) {
		// Whoever does not answer for so long will not answer others either.
		s.end(context.Cause(ctx))
	}
	return answer, err
}

// signedOut recognizes what Asterisk answers to a stranger. It says "Permission
// denied" both to a stranger and to an administrator without the class.
func signedOut(message string) bool {
	return strings.Contains(message, "Authentication Required") || strings.Contains(message, "not logged in")
}

func (c *client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 10 * time.Second
}

// failure names an error in the words that every part of the program knows.
func (*client) failure(name string, err error) error {
	refused, ok := errors.AsType[*refusedError](err)
	switch {
	case err == nil:
		return nil
	case ok && strings.Contains(refused.message, "Permission denied"):
		err = fmt.Errorf("%w: %w", dualtone.ErrDenied, err)
	case ok && strings.Contains(refused.message, "Invalid/unknown command"):
		err = fmt.Errorf("%w: %w", dualtone.ErrUnsupported, err)
	case ok && (strings.Contains(refused.message, "not found") || strings.Contains(refused.message, "Unable to retrieve") ||
		strings.Contains(refused.message, "No such queue")):
		err = fmt.Errorf("%w: %w", dualtone.ErrNotFound, err)
	case ok, errors.Is(err, errLost), errors.Is(err, errSignedOut):
		err = fmt.Errorf("%w: %w", dualtone.ErrUnavailable, err)
	}
	return fmt.Errorf("asterisk: %s: %w", name, err)
}
