package sipedge

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/dualtone/dualtone/routing/edge"
)

const (
	batch       = 64
	maxDatagram = 64 << 10
	usualAnswer = 2 << 10
	// standing is how long a socket must be full before new calls are turned away: a
	// burst that is worked off sooner than an SBC's timer ends (300 to 500 ms) is
	// answered.
	standing = 250 * time.Millisecond
	// leaving is how long a socket that takes no more requests is read for the ones
	// that it still holds.
	leaving = 200 * time.Millisecond
	// sipPort is where answers go whose Via names no port.
	sipPort = 5060
)

// socket reads and answers the datagrams of one UDP socket.
type socket struct {
	responder

	packet *ipv4.PacketConn
	memory *memory
	in     []ipv4.Message
	out    []ipv4.Message
	// answers holds a buffer for each message of out.
	answers [][]byte
	asked   []asking
	full    time.Time
}

// ServeUDP answers what comes to a socket until the context ends, and then what
// the socket still holds. Several sockets on one port (see edge.ListenUDP) share the
// load, also those of several processes. It closes the socket.
func (s *Server) ServeUDP(ctx context.Context, conn *net.UDPConn) error {
	defer func() { _ = conn.Close() }()
	k := newSocket(s)
	k.packet = ipv4.NewPacketConn(conn)
	stop := context.AfterFunc(ctx, func() {
		s.closing.Store(true)
		edge.Leave(conn)
		_ = conn.SetReadDeadline(time.Now().Add(leaving))
	})
	defer stop()
	for {
		n, err := k.packet.ReadBatch(k.in, 0)
		switch {
		case err == nil:
			k.serve(k.in[:n], s.Core.Now())
		case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
	}
}

func newSocket(s *Server) *socket {
	k := &socket{
		responder: responder{Server: s},
		memory:    newMemory(),
		in:        make([]ipv4.Message, batch), out: make([]ipv4.Message, 0, batch),
		answers: make([][]byte, batch), asked: make([]asking, batch),
	}
	for i := range k.in {
		k.in[i].Buffers = [][]byte{make([]byte, maxDatagram)}
		k.answers[i] = make([]byte, 0, usualAnswer)
	}
	return k
}

// serve answers one batch.
func (k *socket) serve(in []ipv4.Message, now time.Time) {
	overload := k.backlog(len(in), now)
	k.out = k.out[:0]
	for i := range in {
		m := &in[i]
		from, ok := m.Addr.(*net.UDPAddr)
		if !ok {
			continue
		}
		ask := &k.asked[len(k.out)]
		*ask = asking{from: from.AddrPort(), at: now, overload: overload}
		ask.from = netip.AddrPortFrom(ask.from.Addr().Unmap(), ask.from.Port())
		answer := k.datagram(m.Buffers[0][:m.N], k.answers[len(k.out)][:0], ask)
		if len(answer) == 0 {
			k.Core.Measures.Count(ask.outcome)
			continue
		}
		k.answers[len(k.out)] = answer
		k.out = k.out[:len(k.out)+1]
		reply := &k.out[len(k.out)-1]
		if reply.Buffers == nil {
			reply.Buffers = make([][]byte, 1)
		}
		reply.Buffers[0], reply.Addr = answer, k.replyTo(from)
	}
	k.send(k.out)
	took := k.Core.Now().Sub(now)
	for i := range k.out {
		k.Core.Measures.Answered(k.asked[i].outcome, took)
	}
}

// backlog reports whether more comes than is answered.
func (k *socket) backlog(n int, now time.Time) bool {
	if n < batch {
		k.full = time.Time{}
		return false
	}
	if k.full.IsZero() {
		k.full = now
	}
	return now.Sub(k.full) > standing
}

// datagram appends the answer to one datagram.
func (k *socket) datagram(b, dst []byte, ask *asking) []byte {
	peer, ok := k.Access.Peer(ask.from.Addr())
	if !ok {
		// Silence: an answer could be sent to somebody who never asked.
		ask.outcome = edge.Refused
		return dst
	}
	ask.peer = peer
	invite := len(b) > 7 && string(b[:7]) == "INVITE "
	var key uint64
	if invite {
		key = k.memory.key(b, ask.from)
		if before := k.memory.answer(key, ask.at); before != nil {
			// The request is read for where its answer goes.
			k.req.read(b)
			ask.outcome = edge.Repeated
			return append(dst, before...)
		}
	}
	if !k.req.read(b) {
		ask.outcome = edge.Other
		return dst
	}
	if k.req.contentLength > len(b)-k.req.head {
		k.req.fail(badRequest)
	}
	if invite && !ask.overload {
		ask.overload = k.Core.Limit.Over(ask.at)
	}
	dst = k.respond(dst, ask)
	if invite && ask.outcome != edge.Overloaded && ask.outcome != edge.NoTable && len(dst) > 0 {
		k.memory.keep(key, dst, ask.at)
	}
	return dst
}

// replyTo is where the answer to the request that was read goes: to the address
// that it came from, and to the port that it came from or that its Via names
// (RFC 3261 section 18.2.2). A maddr is not followed: nobody is sent anything who
// has not asked.
func (k *socket) replyTo(from *net.UDPAddr) *net.UDPAddr {
	if k.req.vias == 0 {
		return from
	}
	v := readVia(k.req.via[0])
	if v.rport > 0 {
		return from
	}
	port := sipPort
	if n, ok := number(v.port, 1<<16-1); ok && n > 0 {
		port = n
	}
	if port == from.Port {
		return from
	}
	return &net.UDPAddr{IP: from.IP, Port: port, Zone: from.Zone}
}

// send sends all answers. One that cannot be sent does not hold up the others;
// its request comes again.
func (k *socket) send(out []ipv4.Message) {
	for len(out) > 0 {
		n, err := k.packet.WriteBatch(out, 0)
		if err != nil && n <= 0 {
			n = 1
		}
		out = out[n:]
	}
}
