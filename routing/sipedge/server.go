package sipedge

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing/edge"
)

// Name is what the server is called in measures and records.
const Name = "sip"

// Server answers SIP requests with redirects. One server may serve any number of
// sockets and listeners at once.
type Server struct {
	Core   *edge.Core
	Access *edge.Access
	// RetryAfter is how long a peer that is turned away should stay away, in whole
	// seconds.
	RetryAfter time.Duration
	Log        *slog.Logger

	closing atomic.Bool
}

// Check names what is missing and fills in what may be left out.
func (s *Server) Check() error {
	if s.Core == nil || s.Core.Targets == nil || s.Access == nil || s.Log == nil {
		return fmt.Errorf("sip server: core, targets, access list and log are needed: %w", dualtone.ErrInvalid)
	}
	if s.RetryAfter < time.Second {
		s.RetryAfter = 5 * time.Second
	}
	return nil
}
