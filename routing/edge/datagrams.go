package edge

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

const (
	// atOnce is how many datagrams are taken together at most, and together how many
	// answers are sent.
	atOnce      = 64
	together    = 16
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
	wire     *wire
	// answers holds a buffer for each answer that is sent next, and told what it is about.
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
	w, err := newWire(conn)
	if err != nil {
		return err
	}
	k := newDatagrams(c, a, w)
	stop := context.AfterFunc(ctx, func() {
		Leave(conn)
		_ = conn.SetReadDeadline(time.Now().Add(Leaving))
	})
	defer stop()
	for {
		n, err := w.receive()
		switch {
		case err == nil:
			k.serve(n, c.Now())
		case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
	}
}

func newDatagrams(c *Core, a Answerer, w *wire) *datagrams {
	k := &datagrams{core: c, answerer: a, wire: w, answers: make([][]byte, together), told: make([]Datagram, together)}
	for i := range k.answers {
		k.answers[i] = make([]byte, 0, usualAnswer)
	}
	return k
}

// serve answers those that were read at once. What is answered first is not kept until the last
// one is: answers are sent some at a time.
func (k *datagrams) serve(n int, now time.Time) {
	overload := k.backlog(n, now)
	leaving := 0
	for i := range n {
		from, b := k.wire.datagram(i)
		d := &k.told[leaving]
		*d = Datagram{From: from, At: now, Overload: overload}
		answer := k.answerer.Answer(k.answers[leaving][:0], b, d)
		if len(answer) == 0 {
			k.core.Measures.Count(d.Outcome)
			continue
		}
		k.answers[leaving] = answer
		k.wire.reply(i, answer, d.Port)
		if leaving++; leaving == together {
			k.flush(leaving, now)
			leaving = 0
		}
	}
	k.flush(leaving, now)
}

// flush sends some answers and counts them.
func (k *datagrams) flush(n int, now time.Time) {
	if n == 0 {
		return
	}
	k.wire.flush()
	took := k.core.Now().Sub(now)
	for i := range k.told[:n] {
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
