package sipedge

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing/edge"
)

const (
	maxHead = 64 << 10
	maxBody = 1 << 20
	// written is how much is sent together where requests come together.
	written = 2 << 10
	// idle is how long a connection may say nothing; keep-alives count.
	idle         = 10 * time.Minute
	handshake    = 5 * time.Second
	writePatient = 5 * time.Second
)

// ServeStream answers what comes over the connections of a TCP or TLS listener
// until the context ends, and then what they have already sent.
func (s *Server) ServeStream(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { s.closing.Store(true) })
	defer stop()
	return edge.ServeConnections(ctx, ln, s.serveConn)
}

// connection reads and answers the requests of one TCP or TLS connection.
type connection struct {
	responder

	conn  net.Conn
	in    *bufio.Reader
	out   *bufio.Writer
	head  []byte
	reply []byte
	ask   asking
}

func (s *Server) serveConn(ctx context.Context, conn net.Conn) {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return
	}
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	peer, ok := s.Access.Peer(remote.Addr())
	if !ok {
		s.Core.Measures.Count(edge.Refused)
		return
	}
	if encrypted, ok := conn.(*tls.Conn); ok {
		within, cancel := context.WithTimeout(ctx, handshake)
		err := encrypted.HandshakeContext(within)
		cancel()
		if err != nil {
			s.Core.Measures.Count(edge.Refused)
			return
		}
	}
	c := &connection{
		responder: responder{Server: s},
		conn:      conn, in: bufio.NewReaderSize(conn, maxHead), out: bufio.NewWriterSize(conn, written),
		ask: asking{from: remote, peer: peer},
	}
	_ = conn.SetReadDeadline(time.Now().Add(idle))
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now().Add(edge.Leaving)) })
	defer stop()
	for c.next() == nil {
		if ctx.Err() == nil && c.in.Buffered() == 0 {
			_ = conn.SetReadDeadline(time.Now().Add(idle))
			if ctx.Err() != nil {
				_ = conn.SetReadDeadline(time.Now().Add(edge.Leaving))
			}
		}
	}
}

var errFraming = fmt.Errorf("no way to tell where the next request begins: %w", dualtone.ErrInvalid)

// next answers one request, or one keep-alive.
func (c *connection) next() error {
	alive, err := c.keepAlive()
	if alive || err != nil {
		return err
	}
	if c.head, err = readHead(c.in, c.head[:0]); err != nil {
		return err
	}
	now := c.Core.Now()
	c.ask = asking{from: c.ask.from, peer: c.ask.peer, at: now}
	if !c.req.read(c.head) {
		c.Core.Measures.Count(edge.Other)
		return errFraming
	}
	framed := c.req.contentLength != unread && c.req.contentLength <= maxBody
	if !framed {
		c.req.fail(badRequest)
	} else if _, err := c.in.Discard(c.req.contentLength); err != nil {
		return err
	}
	if c.req.is("INVITE") {
		c.ask.overload = c.Core.Limit.Over(now)
	}
	c.reply = c.respond(c.reply[:0], &c.ask)
	if len(c.reply) == 0 {
		c.Core.Measures.Count(c.ask.outcome)
	} else if err := c.write(c.reply); err != nil {
		return err
	} else {
		c.Core.Measures.Answered(c.ask.outcome, c.Core.Now().Sub(now))
	}
	if !framed {
		_ = c.out.Flush()
		return errFraming
	}
	return nil
}

// keepAlive answers an empty line pair, as RFC 5626 section 4.4.1 wants.
func (c *connection) keepAlive() (alive bool, err error) {
	first, err := c.in.Peek(2)
	if err != nil {
		return false, err
	}
	if string(first) != "\r\n" {
		return false, nil
	}
	_, _ = c.in.Discard(2)
	if c.in.Buffered() >= 2 {
		if second, _ := c.in.Peek(2); string(second) == "\r\n" {
			_, _ = c.in.Discard(2)
			c.Core.Measures.Count(edge.KeepAlive)
			return true, c.write([]byte("\r\n"))
		}
	}
	return true, nil
}

func (c *connection) write(b []byte) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(writePatient))
	if _, err := c.out.Write(b); err != nil {
		return err
	}
	if c.in.Buffered() > 0 {
		return nil
	}
	return c.out.Flush()
}

// readHead appends the start line and the headers of the next request.
func readHead(in *bufio.Reader, dst []byte) ([]byte, error) {
	for {
		line, err := in.ReadSlice('\n')
		dst = append(dst, line...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) || len(dst) > maxHead:
			return dst, errFraming
		case err != nil:
			return dst, io.ErrUnexpectedEOF
		case bytes.HasSuffix(dst, []byte("\r\n\r\n")):
			return dst, nil
		}
	}
}
