package systemtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/dualtone/dualtone"
)

func records(t *testing.T, h Harness) {
	t.Helper()
	listing[dualtone.Record]{
		all: func(ctx context.Context, s *session) iter.Seq2[dualtone.Record, error] {
			return s.Records.Records(ctx, "")
		},
		key:   func(r dualtone.Record) string { return r.ID },
		grows: true,
		fill: func(t *testing.T, s *session) {
			t.Helper()
			s.finish(t, "+12125550131", "+12125550132")
		},
	}.prove(t, h)
	h.test(t, "every call leaves a record that says who called", func(t *testing.T) {
		s := h.open(t)
		for _, r := range s.finish(t, "+12125550101", "+12125550102", "+12125550103") {
			if r.ID == "" || r.Call == "" || r.Start.IsZero() || r.Next == "" || len(r.Raw) == 0 {
				t.Errorf("record lacks something: %+v", r)
			}
		}
	})
	h.test(t, "an answered call names the user who answered", func(t *testing.T) {
		s := h.open(t)
		all := s.finish(t, "+12125550141")
		if !slices.ContainsFunc(all, func(r dualtone.Record) bool {
			return sameNumber(r.From, "+12125550141") && r.User == s.User && !r.Answer.IsZero()
		}) {
			t.Errorf("no record of %s with an answer: %+v", s.User, all)
		}
	})
	h.test(t, "resumes from any cursor and loses none", resumes(h))
	h.test(t, "what is read again keeps its id, also after signing in again", func(t *testing.T) {
		s := h.open(t)
		want := ids(s.finish(t, "+12125550111", "+12125550112"))
		again, err := drain(h.on(t, s.Bench).Records.Records(t.Context(), ""))
		if err != nil {
			t.Fatal(err)
		}
		missing(t, want, ids(again))
	})
	h.test(t, "a cursor that it never gave is refused", func(t *testing.T) {
		s := h.open(t)
		if err := s.listen(ended(s.Records.Records(t.Context(), "\x00no cursor"))); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("got %v, want it invalid", err)
		}
	})
}

func resumes(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		all := s.finish(t, "+12125550121", "+12125550122", "+12125550123")
		for i, r := range all {
			rest, err := drain(s.Records.Records(t.Context(), r.Next))
			if s.listen(err) != nil {
				t.Fatalf("after %d: %v", i+1, err)
			}
			missing(t, ids(all[i+1:]), ids(rest))
		}
		last := all[len(all)-1].Next
		s.finish(t, "+12125550124")
		late, err := drain(s.Records.Records(t.Context(), last))
		if err != nil {
			t.Fatal(err)
		}
		if !called(late, "+12125550124") {
			t.Errorf("the call after the last cursor is not there: %+v", late)
		}
	}
}

// finish lets calls happen and waits until each has left a record.
func (s *session) finish(t *testing.T, from ...string) []dualtone.Record {
	t.Helper()
	if s.Peer.Finish == nil {
		t.Skip("nobody can call on this system")
	}
	s.Peer.Finish(t, s.User, from)
	var all []dualtone.Record
	eventually(t, fmt.Sprintf("records of calls from %v", from), func() bool {
		var err error
		if all, err = drain(s.Records.Records(t.Context(), "")); s.listen(err) != nil {
			t.Fatalf("records: %v", err)
		}
		for _, number := range from {
			if !called(all, number) {
				return false
			}
		}
		return true
	})
	return all
}

func called(all []dualtone.Record, from string) bool {
	return slices.ContainsFunc(all, func(r dualtone.Record) bool { return sameNumber(r.From, from) })
}

// sameNumber compares numbers with and without the plus sign, since a PBX
// writes them as they were dialed.
func sameNumber(a, b string) bool { return digits(a) == digits(b) }

func digits(number string) string {
	var d []rune
	for _, r := range number {
		if r >= '0' && r <= '9' {
			d = append(d, r)
		}
	}
	return string(d)
}

func ids(all []dualtone.Record) []string {
	var found []string
	for _, r := range all {
		found = append(found, r.ID)
	}
	return found
}

func missing(t *testing.T, want, got []string) {
	t.Helper()
	for _, id := range want {
		if !slices.Contains(got, id) {
			t.Errorf("%s is lost, there are %v", id, got)
		}
	}
}
