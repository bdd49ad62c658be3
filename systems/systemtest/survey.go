package systemtest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// many is a number of users for whom every connector that has a survey makes one.
const many = 10_000

// facets is what a survey may answer of a user; an error is told by its kind.
type facets struct {
	Seat     dualtone.Seat
	Forward  dualtone.Forward
	Offering dualtone.Offering
	Wrong    map[string]string
}

func (s *session) facets(ctx context.Context, user dualtone.UserID) facets {
	f := facets{Wrong: map[string]string{}}
	note := func(what string, err error) {
		if err != nil {
			f.Wrong[what] = dualtone.Kind(s.listen(err))
		}
	}
	var err error
	if s.Provisioning != nil {
		f.Seat, err = s.Provisioning.Seat(ctx, user)
		note("seat", err)
	}
	if s.Forwarding != nil {
		f.Forward, err = s.Forwarding.Forward(ctx, user)
		note("forward", err)
	}
	if s.Queues != nil {
		f.Offering, err = s.Queues.Offering(ctx, user)
		note("offering", err)
	}
	return f
}

// ahead makes a survey and reads some users ahead.
func ahead(ctx context.Context, survey systems.Survey, users ...dualtone.UserID) error {
	read, err := survey(ctx, many)
	if err != nil {
		return err
	}
	return read(ctx, users)
}

func surveys(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "what is read ahead is what each would be asked", func(t *testing.T) {
		s := h.open(t)
		if s.Platform.Survey == nil {
			t.Log("has no survey: users are read one by one")
			return
		}
		if len(s.Forwards) > 0 {
			must(t, s.listen(s.Forwarding.SetForward(t.Context(), s.User, s.facets(t.Context(), s.User).Forward, s.Forwards[0])))
		}
		users := []dualtone.UserID{s.User, s.Colleague, s.Unknown}
		look := systems.OneLook(t.Context())
		must(t, s.listen(ahead(look, s.Platform.Survey, users...)))
		for _, user := range users {
			if diff := cmp.Diff(s.facets(t.Context(), user), s.facets(look, user)); diff != "" {
				t.Errorf("user %s (-asked alone +read ahead):\n%s", user, diff)
			}
		}
	})
	h.test(t, "a doubt believes nothing that was read ahead", func(t *testing.T) {
		s := h.open(t)
		if s.Platform.Survey == nil || len(s.Offerings) == 0 {
			t.Log("has no survey")
			return
		}
		look := systems.OneLook(t.Context())
		must(t, s.listen(ahead(look, s.Platform.Survey, s.User)))
		s.put(t, s.offering(t), s.Offerings[0])
		if now := s.facets(systems.Doubt(look), s.User).Offering; !now.Equal(s.Offerings[0]) {
			t.Errorf("in doubt the offering is %+v, want %+v", now, s.Offerings[0])
		}
	})
}

// crmSurvey reads 201 users ahead, who take two requests, and one who is unknown.
func crmSurvey(t *testing.T, h CRMHarness) {
	t.Helper()
	const n = 201
	s := h.open(t, CRMSetup{Users: n})
	if s.CRM.Survey == nil {
		t.Log("has no survey: users are read one by one")
		return
	}
	s.Peer.Put(t, s.Users[7], s.Phones[2])
	s.warm(t)
	look, before := systems.OneLook(t.Context()), s.requests.Load()
	must(t, s.heard(ahead(look, s.CRM.Survey, append([]dualtone.UserID{s.Unknown}, s.Users...)...)))
	for i, user := range s.Users {
		want := s.Phones[0]
		if i == 7 {
			want = s.Phones[2]
		}
		if got, err := s.CRM.Softphones.Softphone(look, user); err != nil || !got.Equal(want) {
			t.Errorf("user %d has %+v, %v, want %+v", i, got, err, want)
		}
	}
	if asked := s.requests.Load() - before; asked > n/20 {
		t.Errorf("%d requests for %d users", asked, n)
	}
	if _, err := s.CRM.Softphones.Softphone(look, s.Unknown); dualtone.Kind(s.heard(err)) != "not_found" {
		t.Errorf("an unknown user: %v", err)
	}
}
