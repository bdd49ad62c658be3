package pages

import (
	"bytes"
	"context"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/cutover/rollout"
)

const (
	// lookEvery is how often something that browsers follow is looked at.
	lookEvery = 400 * time.Millisecond
	// sign is how often a silent stream says that it is alive.
	sign = 15 * time.Second
)

// hub shows many browsers the same thing: it is read and drawn once for all of
// them, and sent when it has changed. What nobody looks at is not read.
type hub struct {
	mu      sync.Mutex
	streams map[string]*stream
}

// stream is one thing that is followed. Each follower has room for one frame, the
// newest: a slow browser sees fewer, and holds nobody up.
type stream struct {
	followers map[chan []byte]struct{}
	last      []byte
	stop      context.CancelFunc
}

type drawing func(ctx context.Context) (templ.Component, error)

// follow joins the stream of a name, or begins it.
func (h *hub) follow(ctx context.Context, name string, draw drawing) (frames <-chan []byte, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.streams[name]
	if s == nil {
		if h.streams == nil {
			h.streams = map[string]*stream{}
		}
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		s = &stream{followers: map[chan []byte]struct{}{}, stop: stop}
		h.streams[name] = s
		go h.run(own, s, draw)
	}
	frame := make(chan []byte, 1)
	s.followers[frame] = struct{}{}
	if s.last != nil {
		frame <- s.last
	}
	return frame, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(s.followers, frame)
		if len(s.followers) == 0 && h.streams[name] == s {
			s.stop()
			delete(h.streams, name)
		}
	}
}

func (h *hub) run(ctx context.Context, s *stream, draw drawing) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var was uint64
	for {
		if c, err := draw(ctx); err == nil {
			frame, sum := event(ctx, c)
			if sum != was {
				was = sum
				h.send(s, frame)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (h *hub) send(s *stream, frame []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.last = frame
	for f := range s.followers {
		select {
		case <-f: // an older one that was not taken yet
		default:
		}
		f <- frame
	}
}

// event writes a component as a message of a stream.
func event(ctx context.Context, c templ.Component) ([]byte, uint64) {
	var drawn, out bytes.Buffer
	if err := c.Render(ctx, &drawn); err != nil {
		return nil, 0
	}
	for line := range strings.SplitSeq(drawn.String(), "\n") {
		out.WriteString("data: " + line + "\n")
	}
	out.WriteString("\n")
	sum := fnv.New64a()
	_, _ = sum.Write(drawn.Bytes())
	return out.Bytes(), sum.Sum64()
}

// live is what a stream shows: drawn once for all who are shown the same.
type live func(r *http.Request, v Viewer) (shared, error)

// shared is a drawing and for whom it is made: viewers with the same roles share
// it, unless it says more.
type shared struct {
	draw drawing
	who  string
}

// follow serves a stream.
func (d *Desk) follow(section string, h live) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := viewer(r)
		s, err := h(r, v)
		if err != nil {
			d.fail(w, r, page{viewer: v, section: section}, err)
			return
		}
		name := strings.Join([]string{r.URL.String(), v.Under, s.who, v.said()}, "\n")
		frames, leave := d.hub.follow(r.Context(), name, s.draw)
		defer leave()
		defer d.streaming()()
		serveStream(w, r, frames)
	})
}

// planLive draws a plan's page.
func (d *Desk) planLive(r *http.Request, v Viewer) (shared, error) {
	s := d.sightOf(r, v)
	kept, err := d.Plans.Store.Plan(r.Context(), s.name)
	if err != nil {
		return shared{}, err
	}
	tasks, err := d.Plans.Store.Tasks(r.Context(), rollout.TaskQuery{Plan: s.name, States: rollout.Unconfirmed(), Limit: 1})
	who := "" // the author alone may not approve, and nobody confirms their own work
	if kept.Author == v.Name || len(tasks) > 0 {
		who = v.Name
	}
	return shared{who: who, draw: func(ctx context.Context) (templ.Component, error) {
		now, err := d.look(ctx, s)
		s.document, s.hash = now.document, now.hash
		now.line.Now = now.line.Now.Truncate(time.Minute)
		return planBody(v, now), err
	}}, err
}

// cohortLive draws a cohort's page.
func (d *Desk) cohortLive(r *http.Request, v Viewer) (shared, error) {
	q, cohort := queryOf(r), r.PathValue("cohort")
	q.path = strings.TrimSuffix(q.path, "/live")
	_, err := d.Cohorts.Cohort(r.Context(), cohort)
	return shared{draw: func(ctx context.Context) (templ.Component, error) {
		g, err := d.lookAtCohort(ctx, q, cohort, v)
		return cohortBody(page{viewer: v}, q, g), err
	}}, err
}

func serveStream(w http.ResponseWriter, r *http.Request, frames <-chan []byte) {
	to := http.NewResponseController(w)
	_ = to.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	alive := time.NewTicker(sign)
	defer alive.Stop()
	for {
		var message []byte
		select {
		case <-r.Context().Done():
			return
		case message = <-frames:
		case <-alive.C:
			message = []byte(": alive\n\n")
		}
		_ = to.SetWriteDeadline(time.Now().Add(sign))
		if _, err := w.Write(message); err != nil {
			return
		}
		if err := to.Flush(); err != nil {
			return
		}
	}
}
