package edge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/dualtone/dualtone"
)

const (
	// DefaultConnections is how many connections a listener holds open at once.
	DefaultConnections = 1000
	// An address may have half of them, so that one SBC cannot shut out another, and
	// all who may not ask together an eighth: they are told so, and no more.
	shareOfAddress   = 2
	shareOfStrangers = 8
)

// Bounded is a listener that holds a bounded number of connections open. One more is
// closed at once, and whoever opened it goes to another edge: a connection that waits
// for its turn would be waited for.
type Bounded struct {
	net.Listener

	// Max is how many there are at most; 0 for DefaultConnections.
	Max int
	// Access tells who may ask; nil for everybody.
	Access *Access
	// Measures counts those that are turned away; nil for nowhere.
	Measures *Measures

	mu        sync.Mutex
	open      int
	strangers int
	held      map[netip.Addr]int
}

// Accept returns the next connection that has a place.
func (b *Bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if leave, ok := b.enter(conn.RemoteAddr()); ok {
			return &placed{Conn: conn, leave: leave}, nil
		}
		if b.Measures != nil {
			b.Measures.Count(Overloaded)
		}
		_ = conn.Close()
	}
}

// enter takes a place for who connects; false when there is none.
func (b *Bounded) enter(remote net.Addr) (leave func(), ok bool) {
	from, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return nil, false
	}
	who := from.Addr().Unmap()
	stranger := 0
	if b.Access != nil {
		if _, known := b.Access.Peer(who); !known {
			stranger = 1
		}
	}
	most := b.Max
	if most <= 0 {
		most = DefaultConnections
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open >= most || b.held[who] >= max(1, most/shareOfAddress) || stranger == 1 && b.strangers >= max(1, most/shareOfStrangers) {
		return nil, false
	}
	if b.held == nil {
		b.held = map[netip.Addr]int{}
	}
	b.open++
	b.held[who]++
	b.strangers += stranger
	return sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.open--
		b.strangers -= stranger
		if b.held[who]--; b.held[who] == 0 {
			delete(b.held, who)
		}
	}), true
}

// placed is a connection that gives its place back when it is closed.
type placed struct {
	net.Conn

	leave func()
}

// Close closes the connection.
func (c *placed) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite lets the other end read all that it was sent before the connection is
// closed; net/http wants it.
func (c *placed) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// ServeConnections hands each connection of a listener to a goroutine of its own
// until the context ends, and waits for them. It closes the listener, and each
// connection when its goroutine is done.
func ServeConnections(ctx context.Context, ln net.Listener, serve func(context.Context, net.Conn)) error {
	var open sync.WaitGroup
	defer open.Wait()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				continue
			}
			return fmt.Errorf("connections to %s: %w: %w", ln.Addr(), err, dualtone.ErrUnavailable)
		}
		open.Go(func() {
			defer func() { _ = conn.Close() }()
			serve(ctx, conn)
		})
	}
}
