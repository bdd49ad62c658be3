package edge

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	// atOnce is how many datagrams are taken together at most.
	atOnce      = 64
	maxDatagram = 64 << 10
	usualAnswer = 2 << 10
	// standing is how long a socket must be full before it counts as overloaded: a
	// burst that is worked off sooner than an SBC's timer ends (300 to 500 ms) is
	// answered.
	standing = 250 * time.Millisecond
	// Leaving is how long a socket or a connection that takes no more requests is
	// read for the ones that it still holds.
	Leaving = 200 * time.Millisecond
)

// Datagram is one that has come to a socket.
type Datagram struct {
	From netip.AddrPort
	At   time.Time
	// Overload tells that for some time more has come than is answered.
	Overload bool

	// Port is where at the sender's address the answer goes; 0 for whence the
	// datagram came. Nobody else is ever sent anything.
	Port uint16
	// Outcome is how the datagram was answered.
	Outcome Outcome
}

// Answerer answers the datagrams of one socket. It is used by one goroutine.
type Answerer interface {
	// Answer appends the answer to dst and says in d what it is. When it appends
	// nothing, nothing is sent.
	Answer(dst, b []byte, d *Datagram) []byte
}

// datagrams are those of one socket that are read and answered together.
type datagrams struct {
	core     *Core
	answerer Answerer
	packet   *ipv4.PacketConn
	in       []ipv4.Message
	out      []ipv4.Message
	// answers holds a buffer for each message of out, and told what each is about.
	answers [][]byte
	told    []Datagram
	full    time.Time
}

// ServeUDP answers what comes to a socket until the context ends, and then what the
// socket still holds. Several sockets on one port (see ListenUDP) share the load,
// also those of several processes. It closes the socket.
//
// It is one goroutine with buffers of its own: what comes faster than it answers
// waits in the socket, and what has no room there is dropped by the system. So a
// flood takes no memory.
func (c *Core) ServeUDP(ctx context.Context, conn *net.UDPConn, a Answerer) error {
	defer func() { _ = conn.Close() }()
	k := newDatagrams(c, a)
	k.packet = ipv4.NewPacketConn(conn)
	stop := context.AfterFunc(ctx, func() {
		Leave(conn)
		_ = conn.SetReadDeadline(time.Now().Add(Leaving))
	})
	defer stop()
	for {
		n, err := k.packet.ReadBatch(k.in, 0)
		switch {
		case err == nil:
			k.serve(k.in[:n], c.Now())
		case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
	}
}

func newDatagrams(c *Core, a Answerer) *datagrams {
	k := &datagrams{
		core: c, answerer: a,
		in: make([]ipv4.Message, atOnce), out: make([]ipv4.Message, 0, atOnce),
		answers: make([][]byte, atOnce), told: make([]Datagram, atOnce),
	}
	for i := range k.in {
		k.in[i].Buffers = [][]byte{make([]byte, maxDatagram)}
		k.answers[i] = make([]byte, 0, usualAnswer)
	}
	return k
}

// serve answers one batch.
func (k *datagrams) serve(in []ipv4.Message, now time.Time) {
	overload := k.backlog(len(in), now)
	k.out = k.out[:0]
	for i := range in {
		m := &in[i]
		from, ok := m.Addr.(*net.UDPAddr)
		if !ok {
			continue
		}
		at := from.AddrPort()
		d := &k.told[len(k.out)]
		*d = Datagram{From: netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), At: now, Overload: overload}
		answer := k.answerer.Answer(k.answers[len(k.out)][:0], m.Buffers[0][:m.N], d)
		if len(answer) == 0 {
			k.core.Measures.Count(d.Outcome)
			continue
		}
		k.answers[len(k.out)] = answer
		k.out = k.out[:len(k.out)+1]
		reply := &k.out[len(k.out)-1]
		if reply.Buffers == nil {
			reply.Buffers = make([][]byte, 1)
		}
		reply.Buffers[0], reply.Addr = answer, from
		if d.Port != 0 && int(d.Port) != from.Port {
			reply.Addr = &net.UDPAddr{IP: from.IP, Port: int(d.Port), Zone: from.Zone}
		}
	}
	k.send(k.out)
	took := k.core.Now().Sub(now)
	for i := range k.out {
		k.core.Measures.Answered(k.told[i].Outcome, took)
	}
}

// backlog reports whether more comes than is answered.
func (k *datagrams) backlog(n int, now time.Time) bool {
	if n < atOnce {
		k.full = time.Time{}
		return false
	}
	if k.full.IsZero() {
		k.full = now
	}
	return now.Sub(k.full) > standing
}

// send sends all answers. One that cannot be sent does not hold up the others;
// its request comes again.
func (k *datagrams) send(out []ipv4.Message) {
	for len(out) > 0 {
		n, err := k.packet.WriteBatch(out, 0)
		if err != nil && n <= 0 {
			n = 1
		}
		out = out[n:]
	}
}
