// Package wire carries HTTP to vendors: paced, bounded, honest about whether a
// write may have been done, and without secrets in what it says when it fails.
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/dualtone/dualtone"
)

// The bounds that a Client has when it names none.
const (
	DefaultMaxBody = 32 << 20
	DefaultTimeout = time.Minute
)

// Client sends requests to one system. It follows no redirect, so that a token
// never travels to a host that was not asked for. It is safe for concurrent use.
type Client struct {
	// System is the name under which errors and the pace know it.
	System    string
	Transport http.RoundTripper
	// Pace waits until the next request is due; nil for at once.
	Pace func(ctx context.Context, system string) error
	// Secrets are kept out of errors and logs; nil for none.
	Secrets *Secrets
	// Log tells each exchange at debug level; nil for silence.
	Log *slog.Logger
	// MaxBody is the largest answer taken, Timeout the longest wait for one.
	MaxBody int64
	Timeout time.Duration
}

// Request is one request with its whole body.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
	// Reads says that the request changes nothing, whatever its method, so that
	// a lost answer leaves nothing in doubt. GET and HEAD always read.
	Reads bool
}

func (r Request) reads() bool {
	return r.Reads || r.Method == http.MethodGet || r.Method == http.MethodHead
}

// Answer is one whole answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Reads repeats whether the request only read.
	Reads bool
}

// JSON reads the answer's body. A body that is cut short or is something else is
// ErrUnavailable, or ErrUnknown after a write.
func (a Answer) JSON(into any) error {
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("answer %d is not the JSON it should be: %w", a.Status, lost(a.Reads))
	}
	return nil
}

// Do sends a request and reads the whole answer, whatever its status. Without an
// answer the error is ErrUnavailable when nothing was changed, and ErrUnknown
// when a write may have been done.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	if c.Pace != nil {
		if err := c.Pace(ctx, c.System); err != nil {
			return Answer{}, fmt.Errorf("%s: waiting for its pace: %w", c.System, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, orElse(c.Timeout, DefaultTimeout))
	defer cancel()
	var sent sending
	req, err := http.NewRequestWithContext(sent.watch(ctx), r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		// The error repeats the URL, which may hold a key.
		return Answer{}, fmt.Errorf("%s: request %s: %w", c.System, r.Method, dualtone.ErrInvalid)
	}
	maps.Copy(req.Header, r.Header)
	start := time.Now()
	answer, err := c.exchange(req, r.reads())
	c.tell(ctx, req, answer, time.Since(start))
	if err != nil {
		return Answer{}, c.explain(ctx, r, &sent, err)
	}
	return answer, nil
}

func (c *Client) exchange(req *http.Request, reads bool) (Answer, error) {
	res, err := c.Transport.RoundTrip(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }() // What was wanted has been read.
	limit := orElse(c.MaxBody, DefaultMaxBody)
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return Answer{}, fmt.Errorf("answer %d cut short: %w", res.StatusCode, err)
	}
	if int64(len(body)) > limit {
		return Answer{}, fmt.Errorf("answer %d is larger than %d bytes", res.StatusCode, limit)
	}
	return Answer{Status: res.StatusCode, Header: res.Header, Body: body, Reads: reads}, nil
}

// explain turns transport trouble into the error that says whether the request
// may have been done. The transport's own error is told, not wrapped: it may
// print what must be hidden.
func (c *Client) explain(ctx context.Context, r Request, sent *sending, err error) error {
	kind := dualtone.ErrUnavailable
	if sent.maybe(err) {
		kind = lost(r.reads())
	}
	text := c.Secrets.Hide(err.Error())
	if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
		if errors.Is(kind, dualtone.ErrUnknown) {
			return fmt.Errorf("%s: %s: %s: %w: %w", c.System, r.Method, text, kind, cause)
		}
		return fmt.Errorf("%s: %s: %w", c.System, r.Method, cause)
	}
	return fmt.Errorf("%s: %s: %s: %w", c.System, r.Method, text, kind)
}

// tell logs one exchange, without query and headers: keys travel in both.
func (c *Client) tell(ctx context.Context, req *http.Request, answer Answer, took time.Duration) {
	if c.Log == nil {
		return
	}
	c.Log.DebugContext(ctx, "request",
		slog.String("system", c.System),
		slog.String("method", req.Method),
		slog.String("host", req.URL.Host),
		slog.String("path", c.Secrets.Hide(req.URL.Path)),
		slog.Int("status", answer.Status),
		slog.Duration("took", took))
}

// lost is what a missing answer means.
func lost(reads bool) error {
	if reads {
		return dualtone.ErrUnavailable
	}
	return dualtone.ErrUnknown
}

func orElse[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
