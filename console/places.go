package console

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// places are the connections that a server has room for: so many in all, and so
// many from one address. Where there is no room, a connection that waits makes room
// for one that comes: first the oldest that has not yet asked for anything, which is
// what a slow client holds open, then the oldest that is idle. Nobody who is being
// served makes room for anybody.
type places struct {
	net.Listener

	most, each int
	// exempt are addresses behind which there are many clients, as behind a proxy.
	exempt proxies

	mu     sync.Mutex
	freed  *sync.Cond
	held   int
	closed bool
	guests map[netip.Addr]*guest
}

// guest is an address and what it holds; the lists are the oldest first.
type guest struct {
	held         int
	silent, idle list.List
}

// place is a connection that holds one.
type place struct {
	net.Conn

	of   *places
	from netip.Addr
	// in is which of its guest's lists it is on, at element; none while it is served.
	in      *list.List
	element *list.Element
	gone    bool
}

// newPlaces limits the connections of a listener. An address has half of all places
// if each is 0.
func newPlaces(ln net.Listener, most, each int, exempt proxies) *places {
	const half = 2
	if each == 0 {
		each = max(most/half, 1)
	}
	p := &places{Listener: ln, most: most, each: each, exempt: exempt, guests: map[netip.Addr]*guest{}}
	p.freed = sync.NewCond(&p.mu)
	return p
}

// Accept waits for a connection for which there is room. One from an address that
// has all of its places in use is closed.
func (p *places) Accept() (net.Conn, error) {
	for {
		conn, err := p.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &place{Conn: conn, of: p}
		if at, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
			c.from = at.Addr().Unmap()
		}
		out, ok := p.take(c)
		if out != nil {
			_ = out.Close() // it has waited longest
		}
		if ok {
			return c, nil
		}
		_ = conn.Close() // there is no place for it
	}
}

// take gives a connection a place, and returns the one that is to be closed for it.
func (p *places) take(c *place) (out *place, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.guests[c.from]
	if g != nil && g.held >= p.each && !p.exempt.trusts(c.from) {
		if out = g.waiting(); out == nil {
			return nil, false
		}
		p.leave(out)
	}
	for p.held >= p.most && !p.closed {
		if out = p.longest(); out != nil {
			p.leave(out)
			break
		}
		p.freed.Wait()
	}
	if g = p.guests[c.from]; g == nil {
		g = &guest{}
		p.guests[c.from] = g
	}
	g.held++
	p.held++
	c.wait(&g.silent)
	return out, true
}

// waiting is the connection of a guest that may be closed for another one.
func (g *guest) waiting() *place {
	for _, l := range []*list.List{&g.silent, &g.idle} {
		if first := l.Front(); first != nil {
			c, _ := first.Value.(*place)
			return c
		}
	}
	return nil
}

// longest is the connection that may be closed, of whoever has the most that may.
func (p *places) longest() *place {
	var of *guest
	for _, g := range p.guests {
		if of == nil || g.silent.Len()+g.idle.Len() > of.silent.Len()+of.idle.Len() {
			of = g
		}
	}
	if of == nil {
		return nil
	}
	return of.waiting()
}

// wait puts a connection on a list; none while it is served.
func (c *place) wait(l *list.List) {
	if c.in != nil {
		c.in.Remove(c.element)
	}
	if c.in, c.element = l, nil; l != nil {
		c.element = l.PushBack(c)
	}
}

// leave gives a connection's place back; done again it does nothing.
func (p *places) leave(c *place) {
	if c.gone {
		return
	}
	c.wait(nil)
	c.gone = true
	p.held--
	if g := p.guests[c.from]; g.held > 1 {
		g.held--
	} else {
		delete(p.guests, c.from)
	}
	p.freed.Signal()
}

// state follows what a server does with a connection; it is an http.Server's
// ConnState.
func (p *places) state(conn net.Conn, s http.ConnState) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	c, ok := conn.(*place)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c.gone:
	case s == http.StateIdle:
		c.wait(&p.guests[c.from].idle)
	case s == http.StateActive:
		c.wait(nil)
	}
}

// Close closes the connection and gives its place back.
func (c *place) Close() error {
	err := c.Conn.Close()
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.of.leave(c)
	return err
}

// Close ends the listening, also for one who waits for room.
func (p *places) Close() error {
	p.mu.Lock()
	p.closed = true
	p.freed.Broadcast()
	p.mu.Unlock()
	return p.Listener.Close()
}
