package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// lookups asks over HTTP, on connections that are kept.
type lookups struct {
	to string
	// path is asked for; %s is the number and %d the question.
	path string
	// right judges the body of an answer to a question.
	right func(n int, body []byte) bool
	runs  int
}

// connections of an open loop.
const openConnections = 64

// lookup is one connection.
type lookup struct {
	*lookups

	conn net.Conn
	in   *bufio.Reader
	out  []byte
	body []byte
}

func (l *lookups) dial(ctx context.Context) (*lookup, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.to)
	if err != nil {
		return nil, err
	}
	return &lookup{lookups: l, conn: conn, in: bufio.NewReader(conn)}, nil
}

// ask asks one question and reads its answer. An error is of the connection.
func (l *lookup) ask(n int) (right bool, err error) {
	l.out = fmt.Appendf(l.out[:0], "GET "+l.path+" HTTP/1.1\r\nHost: edge\r\n\r\n", probedNumber(n), n)
	if err := l.conn.SetDeadline(time.Now().Add(probePatience)); err != nil {
		return false, err
	}
	if _, err := l.conn.Write(l.out); err != nil {
		return false, err
	}
	status, err := l.in.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	ok, length := bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")), 0
	for {
		line, err := l.in.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		if len(line) <= len("\r\n") {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return false, err
			}
		}
	}
	l.body = append(l.body[:0], make([]byte, length)...)
	_, err = io.ReadFull(l.in, l.body)
	return ok && l.right(n, l.body), err
}

func (l *lookups) closed(ctx context.Context, outstanding int, span time.Duration) (probed, error) {
	until := time.Now().Add(span)
	l.runs++
	all, err := l.each(ctx, outstanding, func(c *lookup, i int, h *heard) error {
		for n := questionBlock(l.runs, i); ctx.Err() == nil && time.Now().Before(until); n++ {
			if err := c.note(n, time.Now(), h); err != nil {
				return err
			}
		}
		return nil
	})
	return sum(all, span), err
}

// open measures from when a question was due: it may have to wait for a connection.
func (l *lookups) open(ctx context.Context, rate float64, span time.Duration) (probed, error) {
	type due struct {
		n  int
		at time.Time
	}
	l.runs++
	first := questionBlock(l.runs, 0)
	queue := make(chan due, int(rate*span.Seconds())+1)
	var late []time.Duration
	var paced error
	var pacing sync.WaitGroup
	pacing.Go(func() {
		defer close(queue)
		late, paced = pace(ctx, rate, span, func(n int, at time.Time) error {
			queue <- due{first + n, at}
			return nil
		})
	})
	all, err := l.each(ctx, openConnections, func(c *lookup, _ int, h *heard) error {
		for q := range queue {
			if err := c.note(q.n, q.at, h); err != nil {
				return err
			}
		}
		return nil
	})
	for range queue {
		// What nobody could ask any more is not left behind.
	}
	pacing.Wait()
	p := sum(all, span)
	p.Rate, p.Late = rate, percentile(late, 99)
	if err == nil {
		err = paced
	}
	return p, err
}

// note asks one question and notes how long after a moment it was answered.
func (l *lookup) note(n int, since time.Time, h *heard) error {
	h.asked++
	right, err := l.ask(n)
	if err != nil {
		return err
	}
	h.judge(rightIf(right))
	if took := time.Since(since); took < probePatience {
		h.took = append(h.took, took)
	}
	return nil
}

// each uses so many connections at the same time.
func (l *lookups) each(ctx context.Context, connections int, use func(c *lookup, i int, h *heard) error) ([]heard, error) {
	all, failed := make([]heard, connections), make([]error, connections)
	var open sync.WaitGroup
	for i := range connections {
		open.Go(func() {
			c, err := l.dial(ctx)
			if err != nil {
				failed[i] = err
				return
			}
			defer func() { _ = c.conn.Close() }()
			failed[i] = use(c, i, &all[i])
		})
	}
	open.Wait()
	for _, err := range failed {
		if err != nil {
			return all, err
		}
	}
	return all, ctx.Err()
}
