package sipedge

import (
	"context"
	"net"

	"github.com/dualtone/dualtone/routing/edge"
)

// sipPort is where answers go whose Via names no port.
const sipPort = 5060

// socket answers the datagrams of one UDP socket.
type socket struct {
	responder

	memory *memory
}

// ServeUDP answers what comes to a socket until the context ends; see
// edge.Core.ServeUDP.
func (s *Server) ServeUDP(ctx context.Context, conn *net.UDPConn) error {
	stop := context.AfterFunc(ctx, func() { s.closing.Store(true) })
	defer stop()
	return s.Core.ServeUDP(ctx, conn, newSocket(s))
}

func newSocket(s *Server) *socket {
	return &socket{responder: responder{Server: s}, memory: newMemory()}
}

// Answer appends the answer to one datagram.
func (k *socket) Answer(dst, b []byte, d *edge.Datagram) []byte {
	ask := asking{from: d.From, at: d.At, overload: d.Overload}
	dst = k.datagram(b, dst, &ask)
	d.Outcome = ask.outcome
	if len(dst) > 0 {
		d.Port = k.replyTo()
	}
	return dst
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

// replyTo is where the answer to the request that was read goes: to the port that its
// Via names, or 0 for the one that it came from (RFC 3261 section 18.2.2). A maddr is
// not followed: nobody is sent anything who has not asked.
func (k *socket) replyTo() uint16 {
	if k.req.vias == 0 {
		return 0
	}
	v := readVia(k.req.via[0])
	if v.rport > 0 {
		return 0
	}
	if n, ok := number(v.port, 1<<16-1); ok && n > 0 {
		return uint16(n) //nolint:gosec // It is at most that.
	}
	return sipPort
}
