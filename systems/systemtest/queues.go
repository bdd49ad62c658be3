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
		alike:  func(a, b dualtone.Offering) bool { return a.Unpaused().Equal(b.Unpaused()) },
		states: func(b *Bench) []dualtone.Offering { return b.Offerings },
	}.prove(t, h)
	h.test(t, "a pause that the agent made is no conflict", ownPause(h))
	h.test(t, "what is offered for some queues can be set, and is just these", offered(h))
	h.test(t, "a queue that there is not cannot be offered", func(t *testing.T) {
		s := h.open(t)
		_, err := s.Queues.Offer(t.Context(), s.User, []dualtone.QueueID{"no-such-queue"})
		if kind := dualtone.Kind(s.listen(err)); kind != "invalid" && kind != "not_found" {
			t.Errorf("got %v (%s), want it invalid", err, kind)
		}
	})
	h.test(t, "an unknown user is not found", func(t *testing.T) {
		s := h.open(t)
		notFound(t, s.listen(only(s.Queues.Offering(t.Context(), s.Unknown))))
		notFound(t, s.listen(s.Queues.SetOffering(t.Context(), s.Unknown, dualtone.Offering{}, s.Offerings[0])))
	})
	h.test(t, "the queue's other members stay as they are", othersUntouched(h))
}

// put sets an offering and reads it back.
func (s *session) put(t *testing.T, from, to dualtone.Offering) {
	t.Helper()
	if err := s.listen(s.Queues.SetOffering(t.Context(), s.User, from, to)); err != nil {
		t.Fatalf("set %+v: %v", to, err)
	}
	if now := s.offering(t); !now.Equal(to) {
		t.Errorf("is %+v, want %+v", now, to)
	}
}

func (s *session) offering(t *testing.T) dualtone.Offering {
	t.Helper()
	now, err := s.Queues.Offering(t.Context(), s.User)
	if s.listen(err) != nil {
		t.Fatal(err)
	}
	return now
}

// ownPause has the agent paused, or back at work, between the reading and the
// writing. States that pause nobody are those of a system without pauses.
func ownPause(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		was := s.offering(t)
		var paused, moved []dualtone.Offering
		for _, o := range s.Offerings {
			if o.Unpaused().Equal(was.Unpaused()) {
				paused = append(paused, o)
			} else {
				moved = append(moved, o)
			}
		}
		if len(paused) == 0 || len(moved) == 0 {
			t.Skip("the harness names no state that differs in its pauses alone")
		}
		s.put(t, was, paused[0])
		s.put(t, was, moved[0])
		s.put(t, moved[0], was)
	}
}

func offered(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		was := s.offering(t)
		for _, state := range append(s.Offerings, was) {
			want := queuesOf(state)
			offer, err := s.Queues.Offer(t.Context(), s.User, want)
			if s.listen(err) != nil {
				t.Fatalf("offer %v: %v", want, err)
			}
			if diff := cmp.Diff(want, queuesOf(offer)); diff != "" {
				t.Errorf("queues (-want +offered):\n%s", diff)
			}
			if now := s.offering(t); !now.Equal(was) {
				t.Errorf("asking for an offer changed %+v to %+v", was, now)
			}
			s.put(t, was, offer)
			s.put(t, offer, was)
		}
	}
}

func queuesOf(o dualtone.Offering) []dualtone.QueueID {
	var all []dualtone.QueueID
	for _, m := range o.Sorted().Memberships {
		all = append(all, m.Queue)
	}
	return slices.Compact(all)
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
