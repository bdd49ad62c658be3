package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/dualtone/dualtone/routing"
)

// askedEdge is an edge's process with somebody who asks it all the time.
type askedEdge struct {
	*process

	address string
	end     context.CancelFunc
	askers  sync.WaitGroup

	mu     sync.Mutex
	moved  *sync.Cond
	served []served
	took   []time.Duration
	failed int64
}

// served is when an edge first answered from a revision.
type served struct {
	revision routing.Revision
	at       time.Time
}

// askers ask an edge, each as often as askEvery says.
const (
	askers   = 1
	askEvery = 5 * time.Millisecond
)

// startEdge starts an edge and waits until it answers from a table.
func startEdge(ctx context.Context, s settings, dir, database string) (*askedEdge, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := ln.Addr().String()
	_ = ln.Close() // the edge takes the port
	file := filepath.Join(dir, "dualtone.yaml")
	text := fmt.Sprintf(`data_dir: %s
database: {url: env:BENCH_DATABASE}
edge:
  name: %s
  http: {listen: %s}
  peers: [{network: 127.0.0.1, ingress: carrier, country: US}]
  old: {host: old.example.test}
  new: {host: new.example.test}
`, dir, filepath.Base(dir), address)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	program, err := filepath.Abs(s.dualtone)
	if err != nil {
		return nil, err
	}
	p, err := startProcess(dir, "edge", []string{"BENCH_DATABASE=" + database}, program, "--config", file, "edge")
	if err != nil {
		return nil, err
	}
	e := &askedEdge{process: p, address: address}
	e.moved = sync.NewCond(&e.mu)
	ctx, e.end = context.WithCancel(ctx)
	for range askers {
		e.askers.Go(func() { e.ask(ctx) })
	}
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := e.answeredFrom(within, 1); err != nil {
		e.stop()
		return nil, fmt.Errorf("edge does not answer, see %s: %w", p.log, err)
	}
	return e, nil
}

// ask asks about one number after the other over a connection that stays.
func (e *askedEdge) ask(ctx context.Context) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 2 * time.Second}
	next := time.NewTicker(askEvery)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		where := "http://" + e.address + "/word?to=" + url.QueryEscape(string(number(rand.IntN(flipTable)))) //nolint:gosec // Any number will do.
		began := time.Now()
		revision, err := asked(ctx, client, where)
		e.note(revision, began, err)
	}
}

func asked(ctx context.Context, client *http.Client, where string) (routing.Revision, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(answer.Header.Get("X-Dualtone-Revision"), 10, 64)
	return routing.Revision(n), err
}

func (e *askedEdge) note(revision routing.Revision, began time.Time, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		if len(e.served) > 0 { // it is up
			e.failed++
		}
		return
	}
	e.took = append(e.took, time.Since(began))
	if n := len(e.served); revision > 0 && (n == 0 || e.served[n-1].revision < revision) {
		e.served = append(e.served, served{revision, time.Now()})
		e.moved.Broadcast()
	}
}

// answeredFrom waits for the first answer from a revision or a later one, and
// says when it came.
func (e *askedEdge) answeredFrom(ctx context.Context, revision routing.Revision) (time.Time, error) {
	woken := context.AfterFunc(ctx, e.moved.Broadcast)
	defer woken()
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		for _, s := range e.served {
			if s.revision >= revision {
				return s.at, nil
			}
		}
		if ctx.Err() != nil {
			return time.Time{}, fmt.Errorf("%s does not serve revision %d: %w", e.address, revision, ctx.Err())
		}
		e.moved.Wait()
	}
}

// asked returns how long answers took, and how many questions failed.
func (e *askedEdge) asked() ([]time.Duration, int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.took, e.failed
}

func (e *askedEdge) stop() {
	e.end()
	e.askers.Wait()
	e.process.stop()
}
