package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
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

// connections are those of an SBC that keeps some and asks one question at a time on each.
const connections = 64

func (l *lookups) ask(ctx context.Context, p pace) (_ probed, err error) {
	line := &lookupLine{lookups: l, ready: make([]unix.EpollEvent, connections)}
	if line.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return probed{}, err
	}
	defer func() { _ = unix.Close(line.epoll) }()
	for range connections {
		file, err := l.dial(ctx)
		if err != nil {
			return probed{}, err
		}
		defer func() { _ = file.Close() }()
		c := &connection{file: int(file.Fd())}
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(len(line.all))} //nolint:gosec // There are few.
		if err := errors.Join(unix.SetNonblock(c.file, true), unix.EpollCtl(line.epoll, unix.EPOLL_CTL_ADD, c.file, &event)); err != nil {
			return probed{}, err
		}
		line.all, line.free = append(line.all, c), append(line.free, c)
	}
	l.runs++
	return converse(ctx, line, questionBlock(l.runs), p)
}

func (l *lookups) dial(ctx context.Context) (*os.File, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.to)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // the file is a copy
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, fmt.Errorf("%s: no TCP", l.to)
	}
	return tcp.File()
}

// lookupLine measures from when a question was due: it may have to wait for a connection.
type lookupLine struct {
	*lookups

	epoll     int
	ready     []unix.EpollEvent
	all, free []*connection
	out       []byte
}

// connection is one that is kept, and what was asked on it.
type connection struct {
	file int
	n    int
	due  time.Time
	in   []byte
}

func (l *lookupLine) send(n int, due time.Time) (bool, error) {
	if len(l.free) == 0 {
		return false, nil
	}
	// All take their turns: a server closes a connection that asks nothing for long.
	c := l.free[0]
	l.free = l.free[:copy(l.free, l.free[1:])]
	c.n, c.due, c.in = n, due, c.in[:0]
	l.out = fmt.Appendf(l.out[:0], "GET "+l.path+" HTTP/1.1\r\nHost: edge\r\n\r\n", probedNumber(n), n)
	wrote, err := unix.Write(c.file, l.out)
	if err == nil && wrote < len(l.out) {
		err = io.ErrShortWrite
	}
	return true, err
}

func (l *lookupLine) hear(h *heard) error {
	ready, err := unix.EpollWait(l.epoll, l.ready, 0)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	for _, event := range l.ready[:max(0, ready)] {
		c := l.all[event.Fd]
		const most = 4 << 10
		c.in = append(c.in, make([]byte, most)...)
		got, err := unix.Read(c.file, c.in[len(c.in)-most:])
		c.in = c.in[:len(c.in)-most+max(0, got)]
		switch {
		case errors.Is(err, unix.EAGAIN):
			continue
		case err != nil:
			return err
		case got == 0:
			return fmt.Errorf("a connection was closed: %w", io.ErrUnexpectedEOF)
		}
		body, whole, err := bodyOf(c.in)
		if err != nil {
			return err
		}
		if !whole {
			continue
		}
		h.note(rightIf(bytes.HasPrefix(c.in, []byte("HTTP/1.1 200 ")) && l.right(c.n, body)), time.Since(c.due))
		l.free = append(l.free, c)
	}
	return nil
}

// bodyOf is the body of an answer, once all of it is there.
func bodyOf(answer []byte) (body []byte, whole bool, err error) {
	head, body, whole := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !whole {
		return nil, false, nil
	}
	for line := range bytes.Lines(head) {
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
			length, err := strconv.Atoi(string(bytes.TrimSpace(value)))
			return body, err == nil && len(body) >= length, err
		}
	}
	return nil, false, fmt.Errorf("an answer without Content-Length: %.80q", head)
}
