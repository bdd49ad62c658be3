package enumedge

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/dualtone/dualtone/routing/edge"
)

const (
	// udpSize is the most that an answer over UDP holds.
	udpSize = 1232
	// idle is how long a connection may say nothing, and patient how long an answer
	// may take to be sent.
	idle    = 10 * time.Second
	patient = 2 * time.Second
)

// ServeUDP answers what comes to a socket until the context ends; see
// edge.Core.ServeUDP.
func (s *Server) ServeUDP(ctx context.Context, conn *net.UDPConn) error {
	return s.Core.ServeUDP(ctx, conn, socket{s})
}

// ServeTCP answers what comes over the connections of a listener until the context
// ends, and then what they have already sent.
func (s *Server) ServeTCP(ctx context.Context, ln net.Listener) error {
	return edge.ServeConnections(ctx, ln, s.serveConn)
}

// socket answers the datagrams of one UDP socket.
type socket struct{ *Server }

// Answer appends the answer to one datagram.
func (k socket) Answer(dst, b []byte, d *edge.Datagram) []byte {
	peer, ok := k.Access.Peer(d.From.Addr())
	if !ok {
		// Silence: an answer could be sent to somebody who never asked.
		d.Outcome = edge.Refused
		return dst
	}
	if d.Overload {
		if failed, ok := turnAway(dst, b); ok {
			d.Outcome = edge.Overloaded
			return failed
		}
	}
	q := new(dns.Msg)
	if q.Unpack(b) != nil || q.Response {
		d.Outcome = edge.Invalid
		return malformed(dst, b)
	}
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = min(udpSize, max(size, int(opt.UDPSize())))
	}
	return k.answer(dst, q, &source{peer: peer, from: d.From}, size, &d.Outcome)
}

// answer appends the answer to a question in at most size bytes.
func (s *Server) answer(dst []byte, q *dns.Msg, from *source, size int, outcome *edge.Outcome) []byte {
	m := new(dns.Msg)
	*outcome = s.reply(m, q, from.peer, from.from)
	if q.IsEdns0() != nil {
		m.SetEdns0(udpSize, false)
	}
	m.Truncate(size)
	// Its buffer is used if the message fits into what is left of it.
	b, err := m.PackBuffer(dst[len(dst):cap(dst)])
	if err != nil {
		// Such as a target whose address is longer than a record holds. Whoever asks
		// hears so at once and does not wait for an answer that never comes.
		*outcome = edge.Invalid
		if b, err = new(dns.Msg).SetRcode(q, dns.RcodeServerFailure).PackBuffer(dst[len(dst):cap(dst)]); err != nil {
			return dst
		}
	}
	return append(dst, b...)
}

// The head of a message: its length, and of its flags those that are repeated or
// looked at.
const (
	headSize = 12
	response = 1 << 7
	repeated = 0xf<<3 | 1 // the opcode, and whether recursion is desired
)

// malformed appends that a message cannot be read; nothing where there is none to
// answer, or the message is an answer itself: two servers could answer each other
// for ever.
func malformed(dst, b []byte) []byte {
	if len(b) < headSize || b[2]&response != 0 {
		return dst
	}
	return failure(dst, b[:headSize], dns.RcodeFormatError)
}

// failure appends an error with what it repeats of a message: its head, and its
// question if it has one.
func failure(dst, b []byte, code byte) []byte {
	at := len(dst)
	dst = append(dst, b...)
	head := dst[at : at+headSize]
	head[2] = response | head[2]&repeated
	head[3] = code
	clear(head[6:]) // all counts but the question's
	if len(b) == headSize {
		clear(head[4:])
	}
	return dst
}

// turnAway appends a failure to a question about a number that is too long for a
// call for help, which is never turned away. It costs next to nothing: the question
// is sent back as it is.
func turnAway(dst, b []byte) (failed []byte, ok bool) {
	const (
		short        = 6
		kindAndClass = 4
	)
	if len(b) < headSize || b[2]&response != 0 || binary.BigEndian.Uint16(b[4:]) != 1 {
		return dst, false
	}
	at, digits := headSize, 0
	for at < len(b) && b[at] != 0 {
		if b[at] == 1 {
			digits++
		}
		at += 1 + int(b[at])
	}
	if at += 1 + kindAndClass; digits <= short || at > len(b) {
		return dst, false
	}
	return failure(dst, b[:at], dns.RcodeServerFailure), true
}

// serveConn answers the questions of one connection, one after the other.
func (s *Server) serveConn(ctx context.Context, conn net.Conn) {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return
	}
	from := &source{from: netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())}
	var known bool
	if from.peer, known = s.Access.Peer(from.from.Addr()); !known {
		s.Core.Measures.Count(edge.Refused)
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now().Add(edge.Leaving)) })
	defer stop()
	var in, out []byte
	for {
		_ = conn.SetReadDeadline(time.Now().Add(idle))
		if ctx.Err() != nil {
			_ = conn.SetReadDeadline(time.Now().Add(edge.Leaving))
		}
		if in, err = readMessage(conn, in); err != nil {
			return
		}
		if out = s.overTCP(conn, in, out[:0], from); out == nil {
			return
		}
	}
}

// lengthSize is how many bytes tell how long a message is over TCP.
const lengthSize = 2

// readMessage reads one message into b, or into more room.
func readMessage(in io.Reader, b []byte) ([]byte, error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return b, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if n > cap(b) {
		b = make([]byte, n)
	}
	_, err := io.ReadFull(in, b[:n])
	return b[:n], err
}

// overTCP answers one message and returns the buffer that the answer was made in; nil
// when the connection cannot be used any more.
func (s *Server) overTCP(conn net.Conn, in, out []byte, from *source) []byte {
	start := s.Core.Now()
	out = append(out, make([]byte, lengthSize)...)
	outcome := edge.Invalid
	if q := new(dns.Msg); q.Unpack(in) == nil && !q.Response {
		out = s.answer(out, q, from, dns.MaxMsgSize, &outcome)
	} else {
		out = malformed(out, in)
	}
	if len(out) == lengthSize {
		s.Core.Measures.Count(outcome)
		return nil
	}
	binary.BigEndian.PutUint16(out, uint16(len(out)-lengthSize)) //nolint:gosec // A message is no longer.
	_ = conn.SetWriteDeadline(time.Now().Add(patient))
	if _, err := conn.Write(out); err != nil {
		return nil
	}
	s.Core.Measures.Answered(outcome, s.Core.Now().Sub(start))
	return out
}
