package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
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

// trunks are the sockets that ask: those of some SBCs.
const trunks = 4

func (d *datagrams) ask(ctx context.Context, p pace) (probed, error) {
	l := &datagramLine{told: d.told, talk: d.protocol(), sent: make([]int64, d.told), in: make([]ipv4.Message, 32)}
	for i := range l.in {
		const most, control = 4 << 10, 64
		l.in[i].Buffers, l.in[i].OOB = [][]byte{make([]byte, most)}, make([]byte, control)
	}
	for range trunks {
		conn, err := d.dial(ctx)
		if err != nil {
			return probed{}, err
		}
		defer func() { _ = conn.Close() }()
		l.out, l.back = append(l.out, conn), append(l.back, ipv4.NewPacketConn(conn))
	}
	d.runs++
	return converse(ctx, l, questionBlock(d.runs), p)
}

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
	return udp, errors.Join(udp.SetReadBuffer(room), stampArrivals(udp))
}

// datagramLine stamps each question when it is sent, and takes the time of the answer from the
// kernel, so that the prober's own turn to read it is not measured.
type datagramLine struct {
	told int
	talk protocol
	out  []*net.UDPConn
	back []*ipv4.PacketConn
	in   []ipv4.Message
	// sent is when each question went, 0 once it is answered.
	sent []int64
}

func (l *datagramLine) send(n int, _ time.Time) (bool, error) {
	question := l.talk.question(n)
	l.sent[n%l.told] = time.Now().UnixNano()
	_, err := l.out[n%len(l.out)].Write(question)
	return true, err
}

func (l *datagramLine) hear(h *heard) error {
	for _, from := range l.back {
		got, err := from.ReadBatch(l.in, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range l.in[:got] {
			n, is := l.talk.answer(l.in[i].Buffers[0][:l.in[i].N])
			asked := &l.sent[n%l.told]
			if *asked == 0 {
				if is == wrong {
					h.wrong++ // of what, it does not say
				}
				continue // it was answered before
			}
			h.note(is, time.Duration(arrival(l.in[i].OOB[:l.in[i].NN])-*asked))
			*asked = 0
		}
	}
	return nil
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
