package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/dualtone/dualtone"
)

// RefusedError is what a server says of a request that it does not do, RFC 9457.
// It is the error of the root package whose kind it names.
type RefusedError struct {
	Status  int      `json:"status"`
	Detail  string   `json:"detail"`
	Kind    string   `json:"kind"`
	Next    string   `json:"next"`
	Missing []string `json:"missing_roles"`
	Request string   `json:"request_id"`
	Faults  []Fault  `json:"errors"`
}

// Fault is one thing that is wrong with what was sent.
type Fault struct {
	Place   string `json:"location"`
	Value   any    `json:"value"`
	Problem string `json:"message"`
	Want    string `json:"want"`
}

// Error tells it in the server's words, with every fault on a line of its own.
func (e *RefusedError) Error() string {
	var text strings.Builder
	text.WriteString(e.Detail)
	for _, f := range e.Faults {
		fmt.Fprintf(&text, "\n  %s: %s", f.Place, f.Problem)
		if f.Want != "" {
			text.WriteString("; " + f.Want)
		}
	}
	return text.String()
}

// Unwrap is the error of this program that the server's was.
func (e *RefusedError) Unwrap() error {
	for _, kind := range []error{
		dualtone.ErrInvalid, dualtone.ErrNotFound, dualtone.ErrConflict, dualtone.ErrDenied, dualtone.ErrUnavailable, dualtone.ErrUnsupported, dualtone.ErrUnknown,
	} {
		if dualtone.Kind(kind) == e.Kind {
			return kind
		}
	}
	return kindOf(e.Status)
}

// kindOf is the error for a server, or a proxy before it, that says no kind.
func kindOf(status int) error {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return dualtone.ErrDenied
	case status == http.StatusNotFound:
		return dualtone.ErrNotFound
	case status == http.StatusConflict:
		return dualtone.ErrConflict
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests:
		return dualtone.ErrUnavailable
	default:
		return dualtone.ErrInvalid
	}
}

// refused reads what a server says of a request that it does not do.
func (c *Client) refused(got *http.Response) error {
	const enough = 1 << 20
	text, _ := io.ReadAll(io.LimitReader(got.Body, enough))
	e := &RefusedError{}
	if json.Unmarshal(text, e) != nil || e.Detail == "" {
		e.Detail = fmt.Sprintf("%s answers %s", c.base.Host, got.Status)
	}
	e.Status = got.StatusCode
	if after := got.Header.Get("Retry-After"); after != "" && e.Next == "" {
		e.Next = "try again in " + after + " s"
	}
	return e
}
