package systemtest

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
)

func directory(t *testing.T, h Harness) {
	t.Helper()
	users := listing[dualtone.User]{
		all: func(ctx context.Context, s *session) iter.Seq2[dualtone.User, error] { return s.Directory.Users(ctx) },
		key: func(u dualtone.User) string { return string(u.ID) },
	}
	users.prove(t, h)
	h.test(t, "a user alone is as in the list", func(t *testing.T) {
		s := h.open(t)
		all, err := drain(s.Directory.Users(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for _, listed := range all {
			if listed.ID != s.User {
				continue
			}
			alone, err := s.Directory.User(t.Context(), s.User)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(listed, alone); diff != "" {
				t.Errorf("user (-listed +alone):\n%s", diff)
			}
			return
		}
		t.Errorf("%s is not listed", s.User)
	})
	h.test(t, "an unknown user is not found", func(t *testing.T) {
		s := h.open(t)
		notFound(t, s.listen(only(s.Directory.User(t.Context(), s.Unknown))))
	})
	h.test(t, "lists none, one, a page, and one more", pages(h, users))
}

func pages(h Harness, users listing[dualtone.User]) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		if s.Peer.People == nil {
			t.Skip("the people of this system are not ours to add and remove")
		}
		page := s.Page
		if page == 0 {
			page = 300
		}
		for _, n := range []int{0, 1, page, page + 1, 2 * page} {
			s.Peer.People(t, n)
			if got := len(users.keys(t, s)); got != n {
				t.Errorf("%d people: listed %d", n, got)
			}
		}
	}
}

func notFound(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("got %v, want it not found", err)
	}
}
