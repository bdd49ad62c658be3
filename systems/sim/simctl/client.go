package simctl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/dualtone/dualtone/systems/sim"
)

// errRefused is an answer that the client does not know by name.
var errRefused = errors.New("simctl: refused")

// Client talks to the control plane of a simulator in another process. Its
// errors are those of the world, such as sim.ErrNoCall.
type Client struct {
	base string
	http *http.Client
}

// NewClient returns a client for a control plane at base, such as
// http://127.0.0.1:7001.
func NewClient(base string, client *http.Client) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: client}
}

// Healthy returns nil once the simulator answers.
func (c *Client) Healthy(ctx context.Context) error {
	return c.Do(ctx, http.MethodGet, "/healthz", nil, nil)
}

// Arrive offers a call to the system.
func (c *Client) Arrive(ctx context.Context, in sim.Incoming) (sim.Answer, error) {
	var answer sim.Answer
	err := c.Do(ctx, http.MethodPost, "/calls", wireOfIncoming(in), &answer)
	return answer, err
}

// Calls returns the truth about every call.
func (c *Client) Calls(ctx context.Context) ([]sim.Call, error) { return c.calls(ctx, "/calls") }

// InProgress returns the calls that are not over.
func (c *Client) InProgress(ctx context.Context) ([]sim.Call, error) {
	return c.calls(ctx, "/calls?in_progress=true")
}

func (c *Client) calls(ctx context.Context, path string) ([]sim.Call, error) {
	var wire []wireCall
	if err := c.Do(ctx, http.MethodGet, path, nil, &wire); err != nil {
		return nil, err
	}
	calls := make([]sim.Call, 0, len(wire))
	for _, w := range wire {
		calls = append(calls, w.call())
	}
	return calls, nil
}

// Call returns the truth about one call.
func (c *Client) Call(ctx context.Context, id string) (sim.Call, error) {
	var wire wireCall
	err := c.Do(ctx, http.MethodGet, "/calls/"+url.PathEscape(id), nil, &wire)
	return wire.call(), err
}

// Pickup answers a ringing call.
func (c *Client) Pickup(ctx context.Context, id string) error { return c.move(ctx, id, "pickup", nil) }

// Hold puts a call on hold.
func (c *Client) Hold(ctx context.Context, id string) error { return c.move(ctx, id, "hold", nil) }

// Resume goes on with a held call.
func (c *Client) Resume(ctx context.Context, id string) error { return c.move(ctx, id, "resume", nil) }

// HangUp ends a call.
func (c *Client) HangUp(ctx context.Context, id string) error { return c.move(ctx, id, "hangup", nil) }

// Transfer hands a call to another person.
func (c *Client) Transfer(ctx context.Context, id, person string) error {
	return c.move(ctx, id, "transfer", transferTo{Person: person})
}

func (c *Client) move(ctx context.Context, id, verb string, body any) error {
	return c.Do(ctx, http.MethodPost, "/calls/"+url.PathEscape(id)+"/"+verb, body, nil)
}

// People lists everybody.
func (c *Client) People(ctx context.Context) ([]sim.Person, error) {
	var people []sim.Person
	err := c.Do(ctx, http.MethodGet, "/people", nil, &people)
	return people, err
}

// Person returns what is known of a person.
func (c *Client) Person(ctx context.Context, id string) (sim.Person, error) {
	var p sim.Person
	err := c.Do(ctx, http.MethodGet, "/people/"+url.PathEscape(id), nil, &p)
	return p, err
}

// PutPeople adds people or replaces what is known of them.
func (c *Client) PutPeople(ctx context.Context, people []sim.Person) error {
	return c.Do(ctx, http.MethodPut, "/people", people, nil)
}

// RemovePerson takes a person out of the world.
func (c *Client) RemovePerson(ctx context.Context, id string) error {
	return c.Do(ctx, http.MethodDelete, "/people/"+url.PathEscape(id), nil, nil)
}

// SignIn makes a person's phone ring again.
func (c *Client) SignIn(ctx context.Context, id string) error {
	return c.patch(ctx, id, map[string]any{"signed_in": true})
}

// SignOut turns a person's phone off; it cuts their calls.
func (c *Client) SignOut(ctx context.Context, id string) error {
	return c.patch(ctx, id, map[string]any{"signed_in": false})
}

// Leave makes a person take no queue calls until Return.
func (c *Client) Leave(ctx context.Context, id string) error {
	return c.patch(ctx, id, map[string]any{"away": true})
}

// Return makes a person take queue calls again.
func (c *Client) Return(ctx context.Context, id string) error {
	return c.patch(ctx, id, map[string]any{"away": false})
}

// Forward sends a person's calls elsewhere; an empty target ends that.
func (c *Client) Forward(ctx context.Context, id, target string) error {
	return c.patch(ctx, id, map[string]any{"forward": target})
}

func (c *Client) patch(ctx context.Context, id string, body map[string]any) error {
	return c.Do(ctx, http.MethodPatch, "/people/"+url.PathEscape(id), body, nil)
}

// Queues lists all queues with their members.
func (c *Client) Queues(ctx context.Context) ([]sim.Queue, error) {
	var queues []sim.Queue
	err := c.Do(ctx, http.MethodGet, "/queues", nil, &queues)
	return queues, err
}

// PutQueues adds queues or replaces them, members included.
func (c *Client) PutQueues(ctx context.Context, queues []sim.Queue) error {
	return c.Do(ctx, http.MethodPut, "/queues", queues, nil)
}

// Inject plans a failure.
func (c *Client) Inject(ctx context.Context, fault sim.Fault) error {
	return c.Do(ctx, http.MethodPost, "/faults", wireOfFault(fault), nil)
}

// ClearFaults forgets all planned failures.
func (c *Client) ClearFaults(ctx context.Context) error {
	return c.Do(ctx, http.MethodDelete, "/faults", nil, nil)
}

// Struck lists the failures that happened.
func (c *Client) Struck(ctx context.Context) ([]sim.Struck, error) {
	var wire []wireStruck
	if err := c.Do(ctx, http.MethodGet, "/faults/struck", nil, &wire); err != nil {
		return nil, err
	}
	struck := make([]sim.Struck, 0, len(wire))
	for _, s := range wire {
		struck = append(struck, sim.Struck{Fault: s.Fault.fault(), Op: s.Op, At: s.At})
	}
	return struck, nil
}

// Do sends a JSON body, if any, and reads the answer into a value, if any. It is
// for the handlers that a simulator adds itself.
func (c *Client) Do(ctx context.Context, method, path string, body, into any) error {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("simctl: %s %s: %w", method, path, err)
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return fmt.Errorf("simctl: %s %s: %w", method, path, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("simctl: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("simctl: %s %s: %w", method, path, problemOf(resp))
	}
	if into == nil || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("simctl: %s %s: %w", method, path, err)
	}
	return nil
}

func problemOf(resp *http.Response) error {
	var p problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err == nil {
		if known, ok := kinds()[p.Kind]; ok {
			return fmt.Errorf("%w (%s)", known, p.Error)
		}
	}
	return fmt.Errorf("%w: %s %s", errRefused, resp.Status, p.Error)
}
