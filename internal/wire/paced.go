package wire

import (
	"context"
	"net/http"
)

// Paced is a transport for a vendor's own client library, which cannot use a
// Client: it waits for the system's pace before each request.
type Paced struct {
	System string
	Pace   func(ctx context.Context, system string) error
	Next   http.RoundTripper
}

// RoundTrip waits, then sends.
func (p *Paced) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.Pace != nil {
		if err := p.Pace(req.Context(), p.System); err != nil {
			if req.Body != nil {
				_ = req.Body.Close() // A transport always closes it.
			}
			return nil, err
		}
	}
	return p.Next.RoundTrip(req)
}
