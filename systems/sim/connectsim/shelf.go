package connectsim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// shelf keeps things by id and in the order in which they came.
type shelf[T any] struct {
	things map[string]T
	places map[string]uint64
	order  []place
	last   uint64
}

type place struct {
	nth uint64
	id  string
}

func newShelf[T any]() *shelf[T] {
	return &shelf[T]{things: map[string]T{}, places: map[string]uint64{}}
}

func (s *shelf[T]) get(id string) (T, bool) {
	thing, ok := s.things[bare(id)]
	return thing, ok
}

func (s *shelf[T]) put(id string, thing T) {
	if _, there := s.things[id]; !there {
		s.last++
		s.places[id] = s.last
		s.order = append(s.order, place{s.last, id})
	}
	s.things[id] = thing
}

func (s *shelf[T]) remove(id string) {
	if i, found := s.find(s.places[id]); found {
		s.order = slices.Delete(s.order, i, i+1)
	}
	delete(s.places, id)
	delete(s.things, id)
}

func (s *shelf[T]) find(nth uint64) (int, bool) {
	return slices.BinarySearchFunc(s.order, nth, func(p place, nth uint64) int {
		switch {
		case p.nth < nth:
			return -1
		case p.nth > nth:
			return 1
		default:
			return 0
		}
	})
}

// page returns up to n of the things behind a place that are wanted, and the
// place to go on from; 0 at the end.
func (s *shelf[T]) page(after uint64, n int, wanted func(T) bool) ([]T, uint64) {
	start, _ := s.find(after + 1)
	var found []T
	for i, p := range s.order[start:] {
		thing := s.things[p.id]
		if !wanted(thing) {
			continue
		}
		if len(found) == n {
			return found, s.order[start+i].nth - 1
		}
		found = append(found, thing)
	}
	return found, 0
}

func all[T any](T) bool { return true }

// token hides a place from the client; it is good for one operation only.
func (s *Server) token(op string, at uint64) any {
	if at == 0 {
		return nil
	}
	raw := binary.BigEndian.AppendUint64(nil, at)
	return base64.RawURLEncoding.EncodeToString(append(raw, s.seal(op, raw)...))
}

func (s *Server) place(op, token string) (uint64, error) {
	if token == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 16 || string(s.seal(op, raw[:8])) != string(raw[8:]) {
		return 0, invalidParameter("NextToken is invalid")
	}
	return binary.BigEndian.Uint64(raw), nil
}

func (s *Server) seal(op string, raw []byte) []byte {
	h := sha256.Sum256(append([]byte(s.opts.InstanceID+op), raw...))
	return h[:8]
}

// window is the part of a list that a request asks for.
type window struct {
	after uint64
	size  int
}

const defaultPage = 100

// window reads the page that the query or the message asks for.
func (s *Server) window(c *call) (window, error) {
	token, size := c.query.Get("nextToken"), 0
	if v, ok := c.message["NextToken"].(string); ok {
		token = v
	}
	if v, ok := c.message["MaxResults"].(float64); ok {
		size = int(v)
	}
	if v := c.query.Get("maxResults"); v != "" {
		size = atoi(v)
	}
	if size == 0 {
		size = defaultPage
	}
	if s.opts.MaxPage > 0 {
		size = min(size, s.opts.MaxPage)
	}
	after, err := s.place(c.op.name, token)
	return window{after, size}, err
}

// listed answers one page of a shelf.
func listed[T any](s *Server, c *call, list string, from *shelf[T], wanted func(T) bool, show func(T) object) (object, error) {
	w, err := s.window(c)
	if err != nil {
		return nil, err
	}
	things, next := from.page(w.after, w.size, wanted)
	shown := make([]object, 0, len(things))
	for _, thing := range things {
		shown = append(shown, show(thing))
	}
	return without(object{list: shown, "NextToken": s.token(c.op.name, next)}), nil
}
