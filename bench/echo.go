package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// echo is the least that a server of datagrams can do: a thread a processor with a
// socket of its own, which sends back what comes. What it takes is what prober,
// kernel and whoever else has the processors take from everybody.
func echo(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: bench echo ADDRESS")
	}
	at, err := net.ResolveUDPAddr("udp4", args[0])
	if err != nil {
		return err
	}
	ended := make(chan error)
	for range runtime.NumCPU() {
		go func() {
			runtime.LockOSThread()
			ended <- echoOn(at)
		}()
	}
	return <-ended
}

func echoOn(at *net.UDPAddr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	const room = 4 << 20
	where := &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}
	if err := errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, room),
		unix.Bind(fd, where),
	); err != nil {
		return err
	}
	b := make([]byte, 64<<10)
	for {
		n, from, err := unix.Recvfrom(fd, b, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		_ = unix.Sendto(fd, b[:n], 0, from) // who is not answered asks again
	}
}

// echoed judges what an echo sends back of the questions of sipProtocol.
type echoed struct{ protocol }

func newEchoed() protocol { return echoed{newSIPProtocol()} }

func (echoed) answer(b []byte) (n int, is verdict) {
	_, rest, found := bytes.Cut(b, []byte("Call-ID: "))
	if !found || len(rest) < len(idMark) {
		return 0, wrong
	}
	n, err := strconv.Atoi(string(rest[:len(idMark)]))
	return n, rightIf(err == nil && bytes.HasPrefix(b, []byte("INVITE ")))
}

// startEcho runs an echo beside the edge.
func (p *plane) startEcho(ctx context.Context) (contender, error) {
	at, err := freeAddress(ctx)
	if err != nil {
		return contender{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return contender{}, err
	}
	a := &datagrams{to: at, told: sipTold, protocol: newEchoed}
	server, err := p.startAhead("echo", self, "echo", at)
	if err != nil {
		return contender{}, err
	}
	if err := awaitRight(ctx, server, a); err != nil {
		server.stop()
		return contender{}, fmt.Errorf("echo: %w", err)
	}
	return contender{"echo", server, a}, nil
}
