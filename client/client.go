package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// Client asks one server in the name of whoever holds a token. It may be used by
// several at once.
type Client struct {
	base  *url.URL
	token string
	// asks and orders wait differently long.
	asks, orders *http.Client
}

// prefix is before all paths of the API.
const prefix = "/api/v1"

// patience is how long a server may take to begin to answer a question, and lasting
// how long to do what it was told.
const (
	patience = time.Minute
	lasting  = 11 * time.Minute
)

// New returns a client of the server at an address such as
// https://dualtone.example. A token goes unencrypted to this machine alone.
func New(server, token string) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(server, "/"))
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("server %q: want an address such as https://dualtone.example: %w", server, dualtone.ErrInvalid)
	case base.Scheme == "http" && !loopback(base.Hostname()):
		return nil, fmt.Errorf("server %s: the token would go over the network unencrypted; want https: %w", server, dualtone.ErrInvalid)
	case token == "":
		return nil, fmt.Errorf("server %s: no token to show there; dualtone token create makes one: %w", server, dualtone.ErrInvalid)
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport is another one")
	}
	return &Client{base: base, token: token, asks: waiting(transport, patience), orders: waiting(transport, lasting)}, nil
}

// waiting is a client that waits so long for an answer to begin.
func waiting(transport *http.Transport, patience time.Duration) *http.Client {
	transport = transport.Clone()
	transport.ResponseHeaderTimeout = patience
	return &http.Client{
		Transport: transport,
		// Whoever a server sends on to does not get the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// Get asks for something and decodes the answer into a pointer.
func (c *Client) Get(ctx context.Context, path string, query url.Values, into any) error {
	return c.do(ctx, http.MethodGet, path, query, nil, into)
}

// Send orders something. It carries a key of its own, so that it is done once even
// where it reaches the server twice.
func (c *Client) Send(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return c.do(ctx, method, path, nil, bytes.NewReader(text), into)
}

// Delete has something ended or taken out, and decodes the answer into a pointer unless
// it is nil.
func (c *Client) Delete(ctx context.Context, path string, query url.Values, into any) error {
	return c.do(ctx, http.MethodDelete, path, query, nil, into)
}

// Open asks for a file. Whoever calls it closes it.
func (c *Client) Open(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	return c.file(ctx, http.MethodGet, path, query)
}

// Make has a file made, which may take long. Whoever calls it closes it.
func (c *Client) Make(ctx context.Context, path string) (io.ReadCloser, error) {
	return c.file(ctx, http.MethodPost, path, nil)
}

func (c *Client) file(ctx context.Context, method, path string, query url.Values) (io.ReadCloser, error) {
	r, err := c.request(ctx, method, path, query, nil)
	if err != nil {
		return nil, err
	}
	got, err := c.send(r)
	if err != nil {
		return nil, err
	}
	return got.Body, nil
}

// Upload sends a file of so many bytes, -1 where nobody knows, as it is read, and
// decodes the answer into a pointer. It may take as long as there is more to send.
func (c *Client) Upload(ctx context.Context, path string, query url.Values, file io.Reader, size int64, into any) error {
	r, err := c.request(ctx, http.MethodPost, path, query, io.NopCloser(file))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	r.ContentLength = size
	return c.read(r, into)
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values, body io.Reader, into any) error {
	r, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	return c.read(r, into)
}

// read sends a request and decodes the answer into a pointer, unless it is nil.
func (c *Client) read(r *http.Request, into any) error {
	got, err := c.send(r)
	if err != nil {
		return err
	}
	defer func() { _ = got.Body.Close() }()
	if into == nil || got.StatusCode == http.StatusNoContent {
		_, err := io.Copy(io.Discard, got.Body)
		return c.away(err)
	}
	if err := json.NewDecoder(got.Body).Decode(into); err != nil {
		return fmt.Errorf("the answer of %s to %s cannot be read: %w: %w", c.base.Host, r.URL.EscapedPath(), err, dualtone.ErrUnavailable)
	}
	return nil
}

// request puts a request together.
func (c *Client) request(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Request, error) {
	to := c.base.JoinPath(prefix)
	to.RawPath = to.EscapedPath() + path
	var err error
	if to.Path, err = url.PathUnescape(to.RawPath); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, err, dualtone.ErrInvalid)
	}
	to.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, to.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, err, dualtone.ErrInvalid)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", "application/json, application/problem+json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		r.Header.Set("Idempotency-Key", rand.Text())
	}
	return r, nil
}

// send sends a request; the answer is one that is good.
func (c *Client) send(r *http.Request) (*http.Response, error) {
	by := c.asks
	if r.Method != http.MethodGet {
		by = c.orders
	}
	got, err := by.Do(r)
	if err != nil {
		return nil, c.away(err)
	}
	if got.StatusCode >= http.StatusOK && got.StatusCode < http.StatusMultipleChoices {
		return got, nil
	}
	defer func() { _ = got.Body.Close() }()
	return nil, c.refused(got)
}

// away tells a server that cannot be reached from somebody who has left. It does
// not tell the request, in which numbers and names may stand.
func (c *Client) away(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	why := err.Error()
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		why = "it does not answer in time"
	}
	return &AwayError{Server: c.base.Host, Why: why}
}

// AwayError is a server that cannot be reached. It is an ErrUnavailable.
type AwayError struct{ Server, Why string }

// Error says which server, and why.
func (e *AwayError) Error() string { return "server " + e.Server + " cannot be reached: " + e.Why }

// Unwrap makes a server that is away unavailable.
func (*AwayError) Unwrap() error { return dualtone.ErrUnavailable }

// path puts names into a path.
func path(parts ...string) string {
	var out strings.Builder
	for i, p := range parts {
		out.WriteByte('/')
		if i%2 == 1 {
			p = strings.ReplaceAll(url.PathEscape(p), "+", "%2B")
		}
		out.WriteString(p)
	}
	return out.String()
}

// Path is the path of something by its name: Path("plans", "spring", "users") is
// /plans/spring/users. Every second part is a name that others chose.
func Path(parts ...string) string { return path(parts...) }
