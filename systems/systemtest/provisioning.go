package systemtest

import (
	"context"
	"testing"

	"github.com/dualtone/dualtone"
)

func provisioning(t *testing.T, h Harness) {
	t.Helper()
	setting[dualtone.Seat]{
		get: func(ctx context.Context, s *session) (dualtone.Seat, error) { return s.Provisioning.Seat(ctx, s.User) },
		set: func(ctx context.Context, s *session, from, to dualtone.Seat) error {
			return s.Provisioning.SetSeat(ctx, s.User, from, to)
		},
		equal:  dualtone.Seat.Equal,
		states: func(b *Bench) []dualtone.Seat { return b.Seats },
	}.prove(t, h)
	h.test(t, "an unknown user is not found", func(t *testing.T) {
		s := h.open(t)
		notFound(t, s.listen(only(s.Provisioning.Seat(t.Context(), s.Unknown))))
		notFound(t, s.listen(s.Provisioning.SetSeat(t.Context(), s.Unknown, s.Seats[0], s.Seats[1])))
	})
}
