//go:build !linux

package edge

import (
	"net"
	"net/netip"
)

// wire reads and writes the datagrams of one socket, one after the other.
type wire struct {
	conn *net.UDPConn
	from netip.AddrPort
	in   []byte
}

func newWire(conn *net.UDPConn) (*wire, error) {
	return &wire{conn: conn, in: make([]byte, maxDatagram)}, nil
}

// receive waits for a datagram.
func (w *wire) receive() (int, error) {
	n, from, err := w.conn.ReadFromUDPAddrPort(w.in[:maxDatagram])
	if err != nil {
		return 0, err
	}
	w.from, w.in = from, w.in[:n]
	return 1, nil
}

// datagram is the one that has come. Its bytes are good until the next one does.
func (w *wire) datagram(int) (from netip.AddrPort, b []byte) {
	return netip.AddrPortFrom(w.from.Addr().Unmap(), w.from.Port()), w.in
}

// reply answers the datagram, to where it came from or to another port there.
func (w *wire) reply(_ int, answer []byte, port uint16) {
	to := w.from
	if port != 0 {
		to = netip.AddrPortFrom(to.Addr(), port)
	}
	_, _ = w.conn.WriteToUDPAddrPort(answer, to) // who is not answered asks again
}

// flush has nothing left to send.
func (*wire) flush() {}
