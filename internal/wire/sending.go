package wire

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// sending watches how far a request got before it failed.
type sending struct {
	watched atomic.Bool
	begun   atomic.Bool
}

// watch returns a context that tells s about the request made with it.
func (s *sending) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// The transport asks for a connection again when an idle one turned out
		// closed. It sends a write again only if nothing of it had left.
		GetConn: func(string) {
			s.watched.Store(true)
			s.begun.Store(false)
		},
		WroteHeaders: func() { s.begun.Store(true) },
	})
}

// maybe reports whether the system may have seen the request. A transport that
// cannot be watched is believed only about connections it never had.
func (s *sending) maybe(err error) bool {
	if s.watched.Load() {
		return s.begun.Load()
	}
	var dns *net.DNSError
	var op *net.OpError
	return !errors.As(err, &dns) && (!errors.As(err, &op) || op.Op != "dial")
}
