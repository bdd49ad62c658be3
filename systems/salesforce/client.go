package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/wire"
)

// client sends requests to one org: signed in, within its share of the org's
// daily requests, and never writing to another org than the registered one.
type client struct {
	name     string
	version  string
	now      func() time.Time
	http     *wire.Client
	tokens   *tokens
	usage    usage
	expected identity
}

// request is one request to the org's own host.
type request struct {
	method string
	path   string
	header http.Header
	// body makes the request's body for a session; nil for none.
	body  func(session) ([]byte, error)
	reads bool
}

// jsonRequest is a request whose body is JSON, or none.
func jsonRequest(method, path string, body any) request {
	r := request{method: method, path: path, header: http.Header{"Accept": {"application/json"}}}
	if body != nil {
		r.header.Set("Content-Type", "application/json")
		r.body = func(session) ([]byte, error) { return json.Marshal(body) }
	}
	return r
}

// data is a path under the REST API's version.
func (c *client) data(path string) string { return "/services/data/" + c.version + path }

// send sends a request and returns whatever was answered. When the session has
// ended it signs in once more. The org may be another by then, so that a write
// is only repeated after another look at which org it is.
func (c *client) send(ctx context.Context, r request) (wire.Answer, error) {
	current, err := c.tokens.after(ctx, session{})
	if err != nil {
		return wire.Answer{}, err
	}
	answer, err := c.once(ctx, current, r)
	if err != nil || !ended(answer) {
		return answer, err
	}
	current, err = c.tokens.after(ctx, current)
	if err != nil {
		return wire.Answer{}, err
	}
	if !r.reads && r.method != http.MethodGet {
		if err := c.guard(ctx); err != nil {
			return wire.Answer{}, err
		}
	}
	return c.once(ctx, current, r)
}

// ended reports whether an answer says that the session is no longer good. The
// SOAP API says so with a fault under 500.
func ended(answer wire.Answer) bool {
	return answer.Status == http.StatusUnauthorized ||
		answer.Status == http.StatusInternalServerError && bytes.Contains(answer.Body, []byte("INVALID_SESSION_ID"))
}

func (c *client) once(ctx context.Context, current session, r request) (wire.Answer, error) {
	if err := c.usage.allow(c.name, c.now()); err != nil {
		return wire.Answer{}, err
	}
	out := wire.Request{
		Method: r.method, URL: current.instance + r.path, Header: r.header.Clone(), Reads: r.reads,
	}
	if out.Header == nil {
		out.Header = http.Header{}
	}
	out.Header.Set("Authorization", "Bearer "+current.token)
	if r.body != nil {
		body, err := r.body(current)
		if err != nil {
			return wire.Answer{}, fmt.Errorf("%s: request: %w", c.name, err)
		}
		out.Body = body
	}
	answer, err := c.http.Do(ctx, out)
	if err != nil {
		return wire.Answer{}, err
	}
	c.usage.note(answer.Header.Get("Sforce-Limit-Info"), c.now())
	return answer, nil
}

// call sends a request and reads its answer into a value; refusals are errors.
func (c *client) call(ctx context.Context, r request, into any) error {
	answer, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	if err := c.refusal(answer); err != nil {
		return err
	}
	if err := answer.JSON(into); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// fetch reads one page of a query.
func (c *client) fetch(ctx context.Context, path string) (page, error) {
	r := jsonRequest(http.MethodGet, path, nil)
	r.reads = true
	var p page
	if err := c.call(ctx, r, &p); err != nil {
		return page{}, err
	}
	return p, c.check(p)
}

// check refuses a page that cannot be the whole of what it should be.
func (c *client) check(p page) error {
	switch {
	case p.Done == nil:
		return fmt.Errorf("%s: query answered without saying whether it is done: %w", c.name, dualtone.ErrUnavailable)
	case !*p.Done && (p.Next == "" || len(p.Records) == 0):
		return fmt.Errorf("%s: query answered a page that leads nowhere: %w", c.name, dualtone.ErrUnavailable)
	case !*p.Done && !strings.HasPrefix(p.Next, "/services/data/"):
		// A token goes to the org's own host only.
		return fmt.Errorf("%s: query answered a next page elsewhere: %w", c.name, dualtone.ErrInvalid)
	}
	return nil
}

// each hands on every record of a query whose first page is there, and refuses a
// list that ends before its announced size.
func (c *client) each(ctx context.Context, p page, yield func(json.RawMessage) error) error {
	total, seen := p.TotalSize, 0
	for {
		for _, record := range p.Records {
			if err := yield(record); err != nil {
				return err
			}
		}
		seen += len(p.Records)
		if *p.Done {
			break
		}
		var err error
		if p, err = c.fetch(ctx, p.Next); err != nil {
			return err
		}
	}
	if seen != total {
		return fmt.Errorf("%s: query answered %d of %d records: %w", c.name, seen, total, dualtone.ErrUnavailable)
	}
	return nil
}

// queries reads the first page of up to five queries with one request.
func (c *client) queries(ctx context.Context, soql ...string) ([]page, error) {
	if len(soql) == 1 {
		p, err := c.fetch(ctx, c.data("/query?q="+escape(soql[0])))
		return []page{p}, err
	}
	var body compositeRequest
	for i, q := range soql {
		body.Requests = append(body.Requests, subRequest{
			Method: http.MethodGet, URL: c.data("/query?q=" + escape(q)), Reference: reference(i),
		})
	}
	r := jsonRequest(http.MethodPost, c.data("/composite"), body)
	r.reads = true
	var answer compositeAnswer
	if err := c.call(ctx, r, &answer); err != nil {
		return nil, err
	}
	if len(answer.Answers) != len(soql) {
		return nil, fmt.Errorf("%s: %d of %d queries answered: %w", c.name, len(answer.Answers), len(soql), dualtone.ErrUnavailable)
	}
	pages := make([]page, len(soql))
	for i, sub := range answer.Answers {
		part := wire.Answer{Status: sub.Status, Body: sub.Body, Reads: true}
		if err := c.refusal(part); err != nil {
			return nil, err
		}
		if err := part.JSON(&pages[i]); err != nil || sub.Reference != reference(i) {
			return nil, fmt.Errorf("%s: query %d of %d answered something else: %w", c.name, i+1, len(soql), dualtone.ErrUnavailable)
		}
		if err := c.check(pages[i]); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

func reference(i int) string { return fmt.Sprintf("q%d", i) }

// all reads every record of a query whose first page is there.
func all[T any](ctx context.Context, c *client, first page) ([]T, error) {
	var records []T
	err := c.each(ctx, first, func(data json.RawMessage) error {
		var record T
		if err := json.Unmarshal(data, &record); err != nil {
			return fmt.Errorf("%s: a record is not what it should be: %w", c.name, dualtone.ErrUnavailable)
		}
		records = append(records, record)
		return nil
	})
	return records, err
}
