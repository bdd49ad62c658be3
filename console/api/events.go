package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
)

// Event is something that changed. Its id goes on where a stream ended; one without
// an id says that something may have changed, and is not told again.
type Event struct {
	ID     int64     `json:"id,omitempty"`
	Action string    `json:"action"`
	Object string    `json:"object"`
	Actor  string    `json:"actor,omitempty"`
	At     time.Time `json:"at"`
}

// Feed is what changes, in the order in which it did.
type Feed interface {
	// After returns changes after one, oldest first.
	After(ctx context.Context, id int64, limit int) ([]Event, error)
	// Last is the id of the latest.
	Last(ctx context.Context) (int64, error)
	// Wait calls told whenever something may have changed, with what has no id,
	// until the context ends or the database is lost.
	Wait(ctx context.Context, told func(*Event)) error
}

// hub reads the feed once for all streams of this process. A stream that does not
// keep up is ended; it comes again with the id of the last event that it saw.
type hub struct {
	feed Feed

	mu      sync.Mutex
	streams map[chan Event]struct{}
}

const (
	// behind is how many events a stream may lag.
	behind = 256
	// maxStreams bounds the memory that streams take.
	maxStreams = 2000
	eachRead   = 500
	// lookEvery bounds how late an event is if an announcement is lost.
	lookEvery = 2 * time.Second
	// aliveEvery keeps proxies from closing a quiet stream.
	aliveEvery = 20 * time.Second
)

func newHub(f Feed) *hub { return &hub{feed: f, streams: map[chan Event]struct{}{}} }

// Run reads the feed until the context ends.
func (a *API) Run(ctx context.Context) error {
	h := a.hub
	last, err := h.feed.Last(ctx)
	for err != nil {
		if !pause(ctx, lookEvery) {
			return nil
		}
		last, err = h.feed.Last(ctx)
	}
	look := make(chan struct{}, 1)
	go h.wait(ctx, look)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look:
		case <-tick.C:
		}
		// What cannot be read now is read at the next look.
		last, _ = h.read(ctx, last, func(e Event) error {
			h.tell(e)
			return nil
		})
	}
}

// wait says when to look, until the context ends.
func (h *hub) wait(ctx context.Context, look chan<- struct{}) {
	for {
		_ = h.feed.Wait(ctx, func(e *Event) {
			if e != nil {
				h.tell(*e)
			}
			select {
			case look <- struct{}{}:
			default:
			}
		})
		if !pause(ctx, lookEvery) {
			return
		}
	}
}

// read gives each event after one, and returns the id of the last that was taken.
func (h *hub) read(ctx context.Context, last int64, each func(Event) error) (int64, error) {
	for {
		found, err := h.feed.After(ctx, last, eachRead)
		if err != nil {
			return last, err
		}
		for _, e := range found {
			if err := each(e); err != nil {
				return last, err
			}
			last = e.ID
		}
		if len(found) < eachRead {
			return last, nil
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (h *hub) tell(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams {
		select {
		case s <- e:
		default:
			delete(h.streams, s)
			close(s)
		}
	}
}

func (h *hub) join() (chan Event, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= maxStreams {
		return nil, false
	}
	s := make(chan Event, behind)
	h.streams[s] = struct{}{}
	return s, true
}

func (h *hub) leave(s chan Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, in := h.streams[s]; in {
		delete(h.streams, s)
		close(s)
	}
}

// Subscribe gives what changes after an id to a page of this process, until the
// context ends or it does not keep up. Without an id it begins now.
func (a *API) Subscribe(ctx context.Context, after int64, each func(Event) error) error {
	s, ok := a.hub.join()
	if !ok {
		return fmt.Errorf("too many streams: %w", context.DeadlineExceeded)
	}
	defer a.hub.leave(s)
	if after > 0 {
		last, err := a.hub.read(ctx, after, each)
		if err != nil {
			return err
		}
		after = last
	}
	return follow(ctx, s, after, each)
}

// follow gives each event of a stream that comes after one, and a sign of life where
// none comes.
func follow(ctx context.Context, s <-chan Event, last int64, each func(Event) error) error {
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-alive.C:
			if err := each(Event{}); err != nil {
				return err
			}
		case e, open := <-s:
			if !open {
				return nil
			}
			if e.ID != 0 && e.ID <= last {
				continue // it was read before the stream joined
			}
			if err := each(e); err != nil {
				return err
			}
		}
	}
}

// streamed names the operation whose answer does not end.
const streamed = "stream-events"

func (a *API) events() {
	pattern := "GET " + Prefix + "/events"
	a.routes = append(a.routes, console.Route{Pattern: pattern, Action: access.PlanRead})
	a.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: streamed, Method: http.MethodGet, Path: "/events", Tags: []string{"events"},
		Summary:     "What changes, as it does, for as long as the client stays",
		Description: "Takes " + string(access.PlanRead) + ": " + roles(access.Who(access.PlanRead)) + ".",
		Parameters: []*huma.Param{{
			Name: "Last-Event-ID", In: "header", Description: "Go on after this event; from now on, if it is left out", Schema: &huma.Schema{Type: huma.TypeInteger},
		}},
		Responses: map[string]*huma.Response{
			"200": {Description: "Server-sent events, each with an id, and in data what changed", Content: map[string]*huma.MediaType{
				"text/event-stream": {Schema: a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Event](), true, "Event")},
			}},
			"401": {}, "403": {},
		},
		Extensions: map[string]any{"x-action": string(access.PlanRead)},
	})
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		console.Named(r, pattern)
		ctx, _, err := a.server.Gate().Enter(r.Context(), access.Ask{Action: access.PlanRead, Object: "events"})
		if err != nil {
			a.server.Refuse(w, r, err)
			return
		}
		after, _ := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
		a.stream(ctx, w, after)
	})
}

// stream sends events until the client leaves.
func (a *API) stream(ctx context.Context, w http.ResponseWriter, after int64) {
	out := http.NewResponseController(w)
	// A stream lasts; each event has to be taken within a while.
	const within = 10 * time.Second
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	send := func(text string) error {
		if err := out.SetWriteDeadline(time.Now().Add(within)); err != nil {
			return err
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return err
		}
		return out.Flush()
	}
	_ = out.SetReadDeadline(time.Time{})
	defer a.server.Streaming()()
	if send("retry: 2000\n\n") != nil {
		return
	}
	_ = a.Subscribe(ctx, after, func(e Event) error {
		if e.Action == "" {
			return send(": alive\n\n")
		}
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		id := ""
		if e.ID > 0 {
			id = fmt.Sprintf("id: %d\n", e.ID)
		}
		return send(id + "data: " + string(data) + "\n\n")
	})
}
