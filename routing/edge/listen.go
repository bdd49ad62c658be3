package edge

import (
	"context"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/dualtone/dualtone"
)

// receiveBuffer holds about a tenth of a second of calls at full load.
const receiveBuffer = 4 << 20

// ListenUDP opens n sockets on one address, which share what comes to it. Another
// process may open the same address as well: started before the first one is
// stopped, it takes over without a lost request.
func ListenUDP(ctx context.Context, address string, n int) ([]*net.UDPConn, error) {
	var all []*net.UDPConn
	for range max(n, 1) {
		config := net.ListenConfig{Control: shared}
		conn, err := config.ListenPacket(ctx, "udp", address)
		if err != nil {
			for _, c := range all {
				_ = c.Close()
			}
			return nil, fmt.Errorf("udp %s: %w: %w", address, err, dualtone.ErrUnavailable)
		}
		udp, ok := conn.(*net.UDPConn)
		if !ok {
			return nil, fmt.Errorf("udp %s: no UDP socket: %w", address, dualtone.ErrUnsupported)
		}
		_ = udp.SetReadBuffer(receiveBuffer)
		all = append(all, udp)
		// The others take the port that the first one was given.
		address = udp.LocalAddr().String()
	}
	return all, nil
}

// ListenTCP opens a listener whose address another process may open as well.
func ListenTCP(ctx context.Context, address string) (net.Listener, error) {
	config := net.ListenConfig{Control: shared}
	ln, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("tcp %s: %w: %w", address, err, dualtone.ErrUnavailable)
	}
	return ln, nil
}

func shared(_, _ string, raw syscall.RawConn) error {
	var err error
	if controlled := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); controlled != nil {
		return controlled
	}
	return err
}

// Leave makes a socket take no more datagrams, while those that it holds can
// still be read: a connected socket is passed over when a datagram of anybody
// else is handed to one of the sockets that share a port.
func Leave(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	address, _ := conn.LocalAddr().(*net.UDPAddr)
	const discard = 9
	var nowhere unix.Sockaddr = &unix.SockaddrInet4{Port: discard, Addr: [4]byte{127, 0, 0, 1}}
	if address != nil && address.IP.To4() == nil {
		nowhere = &unix.SockaddrInet6{Port: discard, Addr: [16]byte{15: 1}}
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.Connect(int(fd), nowhere) })
}
