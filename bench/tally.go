package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// tally counts the requests that reach a simulated system, each with the moment
// at which it came.
type tally struct {
	began time.Time

	mu  sync.Mutex
	ops map[string]int
	at  []time.Duration
}

func newTally() *tally { return &tally{began: time.Now(), ops: map[string]int{}} }

func (t *tally) add(op string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ops[op]++
	t.at = append(t.at, time.Since(t.began))
}

// counted is a tally at one moment.
type counted struct {
	Ops map[string]int  `json:"ops"`
	At  []time.Duration `json:"at"`
}

func (t *tally) counted() counted {
	t.mu.Lock()
	defer t.mu.Unlock()
	return counted{maps.Clone(t.ops), slices.Clone(t.at)}
}

// ask reads a simulator's tally.
func (r ready) ask(ctx context.Context) (counted, error) {
	var c counted
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Tally, nil)
	if err != nil {
		return c, err
	}
	answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		return c, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	return c, json.NewDecoder(answer.Body).Decode(&c)
}

// since is what was counted after an earlier moment.
func (c counted) since(before counted) counted {
	later := counted{Ops: map[string]int{}, At: c.At[len(before.At):]}
	for op, n := range c.Ops {
		if n > before.Ops[op] {
			later.Ops[op] = n - before.Ops[op]
		}
	}
	return later
}

// busiest is the largest number of requests in any span of this length, wherever
// it begins.
func (c counted) busiest(span time.Duration) int {
	most, first := 0, 0
	for i, at := range c.At {
		for at-c.At[first] >= span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
