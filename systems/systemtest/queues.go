package systemtest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
)

func queues(t *testing.T, h Harness) {
	t.Helper()
	list := listing[dualtone.Queue]{
		all: func(ctx context.Context, s *session) iter.Seq2[dualtone.Queue, error] { return s.Queues.Queues(ctx) },
		key: func(q dualtone.Queue) string { return string(q.ID) },
	}
	list.prove(t, h)
	h.test(t, "the user's queue is listed and offers them calls", func(t *testing.T) {
		s := h.open(t)
		if !slices.Contains(list.keys(t, s), string(s.Queue)) {
			t.Errorf("queue %s is not listed", s.Queue)
		}
		offering, err := s.Queues.Offering(t.Context(), s.User)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(offering.Memberships, func(m dualtone.Membership) bool { return m.Queue == s.Queue }) {
			t.Errorf("offering %+v, want %s in it", offering, s.Queue)
		}
	})
	setting[dualtone.Offering]{
		get: func(ctx context.Context, s *session) (dualtone.Offering, error) {
			return s.Queues.Offering(ctx, s.User)
		},
		set: func(ctx context.Context, s *session, from, to dualtone.Offering) error {
			return s.Queues.SetOffering(ctx, s.User, from, to)
		},
		equal:  dualtone.Offering.Equal,
		states: func(b *Bench) []dualtone.Offering { return b.Offerings },
	}.prove(t, h)
	h.test(t, "an unknown user is not found", func(t *testing.T) {
		s := h.open(t)
		notFound(t, s.listen(only(s.Queues.Offering(t.Context(), s.Unknown))))
		notFound(t, s.listen(s.Queues.SetOffering(t.Context(), s.Unknown, dualtone.Offering{}, s.Offerings[0])))
	})
	h.test(t, "the queue's other members stay as they are", othersUntouched(h))
}

func othersUntouched(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		if s.Peer.Members == nil {
			t.Skip("this system's queues cannot be seen from outside")
		}
		want := others(t, s)
		if len(want) == 0 {
			t.Fatal("the harness has nobody else in the queue")
		}
		was, err := s.Queues.Offering(t.Context(), s.User)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range s.Offerings {
			for _, step := range [][2]dualtone.Offering{{was, to}, {to, was}} {
				if err := s.Queues.SetOffering(t.Context(), s.User, step[0], step[1]); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, others(t, s)); diff != "" {
					t.Fatalf("other members of %s (-want +got):\n%s", s.Queue, diff)
				}
			}
		}
	}
}

func others(t *testing.T, s *session) []sim.Member {
	t.Helper()
	members := slices.DeleteFunc(s.Peer.Members(t, s.Queue), func(m sim.Member) bool { return m.Person == string(s.User) })
	slices.SortFunc(members, func(a, b sim.Member) int { return strings.Compare(a.Person+a.Device, b.Person+b.Device) })
	return members
}
