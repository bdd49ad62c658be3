package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/dualtone/dualtone/internal/spool"
)

// Listener takes what phone systems send over TCP and puts it on the disk before
// it reads on. A spool that is full stops the reading, so that a box keeps in its
// own buffer what there is no room for.
type Listener struct {
	Spool *spool.Spool
	// Peers are who may send; everybody if it is empty.
	Peers []netip.Prefix
	Log   *slog.Logger
}

// patience is how long a full spool may hold a box back before it is told of.
const patience = time.Second

// Serve takes connections until the context ends, and waits for those that are
// open. What was received by then is on the disk.
func (l *Listener) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		conns.Go(func() { l.serve(ctx, conn) })
	}
}

func (l *Listener) serve(ctx context.Context, conn net.Conn) {
	peer := conn.RemoteAddr().String()
	log := l.Log.With("peer", peer)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	if !l.mayIn(peer) {
		log.WarnContext(ctx, "connection refused: no peer of this listener")
		return
	}
	log.InfoContext(ctx, "box connected")
	received, err := l.receive(ctx, conn, log)
	switch {
	case err == nil || ctx.Err() != nil:
		log.InfoContext(ctx, "box disconnected", "bytes", received)
	default:
		log.ErrorContext(ctx, "connection lost", "bytes", received, "error", err)
	}
}

// receive reads until the box hangs up.
func (l *Listener) receive(ctx context.Context, conn net.Conn, log *slog.Logger) (received int64, err error) {
	w := l.Spool.Writer(conn.RemoteAddr().String())
	defer func() { err = errors.Join(err, w.Close()) }()
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			if kept := l.keep(ctx, w, buf[:n], log); kept != nil {
				return received, kept
			}
			received += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return received, nil
		}
		if err != nil {
			return received, err
		}
	}
}

// keep puts bytes on the disk, and says when a box is held back and when no more.
func (l *Listener) keep(ctx context.Context, w *spool.Writer, b []byte, log *slog.Logger) error {
	waiting := time.AfterFunc(patience, func() {
		log.WarnContext(ctx, "spool is full: reading from the box has stopped, its own buffer takes over", "used", l.Spool.Used(), "max", l.Spool.Max())
	})
	err := w.Append(ctx, b)
	if !waiting.Stop() && err == nil {
		log.InfoContext(ctx, "spool has room again: reading on", "used", l.Spool.Used(), "max", l.Spool.Max())
	}
	return err
}

func (l *Listener) mayIn(peer string) bool {
	if len(l.Peers) == 0 {
		return true
	}
	at, err := netip.ParseAddrPort(peer)
	return err == nil && slices.ContainsFunc(l.Peers, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap()) })
}
