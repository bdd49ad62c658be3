package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// protocol is how a protocol of datagrams asks and is answered. It is used by one
// goroutine.
type protocol interface {
	// question writes the question of a number; it may reuse its memory.
	question(n int) []byte
	// answer tells to which question an answer belongs and what it is.
	answer(b []byte) (n int, is verdict)
}

// datagrams asks over UDP.
type datagrams struct {
	to string
	// told is how many questions can be told apart: their numbers count modulo it.
	told     int
	protocol func() protocol
	runs     int
}

// openSockets are the sockets of an open loop: the trunks of some SBCs.
const openSockets = 16

func (d *datagrams) dial(ctx context.Context) (*net.UDPConn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", d.to)
	if err != nil {
		return nil, err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, fmt.Errorf("%s: no UDP", d.to)
	}
	const room = 4 << 20
	return udp, udp.SetReadBuffer(room)
}

func (d *datagrams) closed(ctx context.Context, outstanding int, span time.Duration) (probed, error) {
	all, failed := make([]heard, outstanding), make([]error, outstanding)
	until := time.Now().Add(span)
	d.runs++
	var callers sync.WaitGroup
	for c := range outstanding {
		callers.Go(func() { failed[c] = d.converse(ctx, &all[c], questionBlock(d.runs, c), until) })
	}
	callers.Wait()
	for _, err := range failed {
		if err != nil {
			return probed{}, err
		}
	}
	return sum(all, span), ctx.Err()
}

// converse asks one question after the other.
func (d *datagrams) converse(ctx context.Context, h *heard, n int, until time.Time) error {
	conn, err := d.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	talk, answer := d.protocol(), make([]byte, 64<<10)
	for ; ctx.Err() == nil; n++ {
		began := time.Now()
		if began.After(until) {
			return nil
		}
		h.asked++
		if _, err := conn.Write(talk.question(n)); err != nil {
			return err
		}
		if err := conn.SetReadDeadline(began.Add(probePatience)); err != nil {
			return err
		}
		got, err := conn.Read(answer)
		if err != nil {
			continue // it is missing among the answers
		}
		took := time.Since(began)
		of, is := talk.answer(answer[:got])
		if of%d.told != n%d.told {
			is = wrong
		}
		h.judge(is)
		h.took = append(h.took, took)
	}
	return ctx.Err()
}

// open stamps each question when it is sent, and takes the time of the answer from
// the kernel, so that the prober's own turn to run is not measured.
func (d *datagrams) open(ctx context.Context, rate float64, span time.Duration) (probed, error) {
	conns := make([]*net.UDPConn, openSockets)
	for i := range conns {
		conn, err := d.dial(ctx)
		if err != nil {
			return probed{}, err
		}
		defer func() { _ = conn.Close() }()
		if err := stampArrivals(conn); err != nil {
			return probed{}, err
		}
		conns[i] = conn
	}
	sent := make([]atomic.Int64, d.told)
	all := make([]heard, openSockets)
	var readers sync.WaitGroup
	for i, conn := range conns {
		readers.Go(func() { d.listen(conn, &all[i], sent) })
	}
	d.runs++
	talk, asked, first := d.protocol(), 0, questionBlock(d.runs, 0)
	late, err := pace(ctx, rate, span, func(n int, _ time.Time) error {
		asked++
		n += first
		question := talk.question(n)
		sent[n%d.told].Store(time.Now().UnixNano())
		_, err := conns[n%openSockets].Write(question)
		return err
	})
	for _, conn := range conns {
		_ = conn.SetReadDeadline(time.Now().Add(probePatience))
	}
	readers.Wait()
	p := sum(all, span)
	p.Rate, p.Asked, p.Late = rate, asked, percentile(late, 99)
	return p, err
}

// listen reads answers until the socket's deadline.
func (d *datagrams) listen(conn *net.UDPConn, h *heard, sent []atomic.Int64) {
	const batch, control = 32, 64
	in := make([]ipv4.Message, batch)
	for i := range in {
		in[i].Buffers, in[i].OOB = [][]byte{make([]byte, 4<<10)}, make([]byte, control)
	}
	packet, talk := ipv4.NewPacketConn(conn), d.protocol()
	for {
		got, err := packet.ReadBatch(in, 0)
		if err != nil {
			return
		}
		for i := range in[:got] {
			n, is := talk.answer(in[i].Buffers[0][:in[i].N])
			h.judge(is)
			asked := sent[n%d.told].Load()
			if took := time.Duration(arrival(in[i].OOB[:in[i].NN]) - asked); asked > 0 && took < probePatience {
				h.took = append(h.took, took)
			}
		}
	}
}

// stampArrivals asks the kernel to say when each datagram came.
func stampArrivals(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) }); err != nil {
		return err
	}
	return set
}

// arrival is when a datagram came, in Unix nanoseconds.
func arrival(control []byte) int64 {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 || len(messages[0].Data) < 16 {
		return time.Now().UnixNano()
	}
	b := messages[0].Data
	return int64(binary.NativeEndian.Uint64(b))*int64(time.Second) + int64(binary.NativeEndian.Uint64(b[8:])) //nolint:gosec // The kernel's time of day.
}
