package edge

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wire reads and writes the datagrams of one socket, up to atOnce with one call of the system
// (recvmmsg, sendmmsg). It makes no garbage: whoever asks while garbage is collected waits.
type wire struct {
	raw     syscall.RawConn
	in, out [atOnce]message
	from    [atOnce]unix.RawSockaddrInet6 // or the shorter one of IPv4
	inputs  [atOnce]unix.Iovec
	outputs [atOnce]unix.Iovec
	// came is how many datagrams were read; of the answers to them, leaving wait to be
	// sent, of which sent are.
	came, leaving, sent int
	failed              error
	receiving, sending  func(fd uintptr) bool
}

// message is the system's struct mmsghdr.
type message struct {
	unix.Msghdr

	length uint32
}

func newWire(conn *net.UDPConn) (*wire, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	w := &wire{raw: raw}
	w.receiving, w.sending = w.recvmmsg, w.sendmmsg
	room := make([]byte, atOnce*maxDatagram)
	for i := range atOnce {
		w.inputs[i].Base = &room[i*maxDatagram]
		w.inputs[i].SetLen(maxDatagram)
		in, out := &w.in[i], &w.out[i]
		in.Name, in.Namelen = (*byte)(unsafe.Pointer(&w.from[i])), unix.SizeofSockaddrInet6
		in.Iov, out.Iov = &w.inputs[i], &w.outputs[i]
		in.SetIovlen(1)
		out.SetIovlen(1)
	}
	return w, nil
}

// receive waits for datagrams and returns how many have come.
func (w *wire) receive() (int, error) {
	for i := range w.came {
		w.in[i].Namelen = unix.SizeofSockaddrInet6
	}
	w.came, w.failed = 0, nil
	err := errors.Join(w.raw.Read(w.receiving), w.failed)
	return w.came, err
}

func (w *wire) recvmmsg(fd uintptr) bool {
	n, again, err := many(unix.SYS_RECVMMSG, fd, w.in[:])
	w.came, w.failed = n, err
	return !again
}

// datagram is one of those that have come. Its bytes are good until the next ones do.
func (w *wire) datagram(i int) (from netip.AddrPort, b []byte) {
	b = unsafe.Slice(w.inputs[i].Base, w.in[i].length)
	a := &w.from[i]
	if a.Family == unix.AF_INET {
		a := (*unix.RawSockaddrInet4)(unsafe.Pointer(a))
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), swapped(a.Port)), b
	}
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), swapped(a.Port)), b
}

// reply answers one of those that have come, to where it came from or to another port there.
// The answer goes with the next flush.
func (w *wire) reply(i int, answer []byte, port uint16) {
	if port != 0 {
		w.from[i].Port = swapped(port)
	}
	out := &w.out[w.leaving]
	out.Name, out.Namelen = w.in[i].Name, w.in[i].Namelen
	out.Iov.Base = unsafe.SliceData(answer)
	out.Iov.SetLen(len(answer))
	w.leaving++
}

// flush sends the answers. One that cannot be sent does not hold up the others; its request
// comes again.
func (w *wire) flush() {
	for w.sent = 0; w.sent < w.leaving; {
		if errors.Join(w.raw.Write(w.sending), w.failed) != nil {
			w.sent++
		}
	}
	w.leaving = 0
}

func (w *wire) sendmmsg(fd uintptr) bool {
	n, again, err := many(unix.SYS_SENDMMSG, fd, w.out[w.sent:w.leaving])
	w.sent, w.failed = w.sent+n, err
	return !again
}

// many has the system receive or send messages, and says how many it did or that it is to be
// asked again once there are some, or room.
func many(call, fd uintptr, all []message) (n int, again bool, err error) {
	for {
		done, _, err := unix.Syscall6(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(all))), uintptr(len(all)), 0, 0, 0)
		switch err {
		case 0:
			return int(done), false, nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, true, nil
		default:
			return 0, false, os.NewSyscallError("mmsg", err)
		}
	}
}

// swapped turns a port as the wire has it into one as this machine has it, and back.
func swapped(port uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return binary.BigEndian.Uint16(b[:])
}
