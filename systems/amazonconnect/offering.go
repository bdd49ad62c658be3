package amazonconnect

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
)

// SetOffering makes two requests to compare, one for each of routing profile and
// agent status that must change, and one to read each of them back: four for a
// change of queues, six for one of queues and pause.
//
// Agents are paused before their profile changes and let go after it, so that
// no call slips through between the two.
func (q queues) SetOffering(ctx context.Context, user dualtone.UserID, from, to dualtone.Offering) error {
	now, err := q.standing(ctx, user)
	if err != nil {
		return err
	}
	want, err := q.wanted(ctx, now, to)
	if err != nil {
		return err
	}
	if err := q.unchanged(user, now, from, want.Offering); err != nil {
		// What we believe of the profile may be old.
		q.profiles.forget()
		if now, err = q.standing(ctx, user); err != nil {
			return err
		}
		if err := q.unchanged(user, now, from, want.Offering); err != nil {
			return err
		}
	}
	s := switching{queues: q, user: user, now: now, want: want}
	if want.pause == pauseAll {
		return s.run(ctx, s.setStatus, s.setProfile)
	}
	return s.run(ctx, s.setProfile, s.setStatus)
}

// pause is what a wanted offering says of pauses. The service pauses an agent
// in all queues or in none.
type pause int

const (
	pauseAsIs pause = iota // without memberships there is nothing to pause
	pauseNone
	pauseAll
)

type target struct {
	dualtone.Offering

	pause  pause
	reason string
}

// wanted finds the routing profile that makes the offering.
func (q queues) wanted(ctx context.Context, now standing, to dualtone.Offering) (target, error) {
	want := target{}
	for i, m := range to.Memberships {
		p := pauseNone
		if m.Paused {
			p, want.reason = pauseAll, m.PauseReason
		}
		if i > 0 && p != want.pause {
			return target{}, fmt.Errorf("%s: an agent status pauses all queues or none: %w", q.name, dualtone.ErrUnsupported)
		}
		want.pause = p
	}
	queues := queuesOf(to.Memberships)
	var err error
	if to.Profile == "" {
		want.Offering, err = q.profiles.fitting(ctx, now.profile, queues)
		return want, err
	}
	p, err := q.profiles.named(ctx, to.Profile)
	if err != nil {
		return target{}, err
	}
	want.Offering, err = q.profiles.exactly(ctx, aws.ToString(p.RoutingProfileId), queues)
	return want, err
}

// unchanged refuses to overwrite what is neither as it was nor as it is to be.
func (q queues) unchanged(user dualtone.UserID, now standing, from, want dualtone.Offering) error {
	is := dualtone.Offering{Profile: now.profile, Memberships: now.memberships}
	if is.Profile == want.Profile || is.Equal(from.Unpaused()) {
		return nil
	}
	return fmt.Errorf("%s: user %s has routing profile %s with the queues %v: %w",
		q.name, user, now.profile, queuesOf(now.memberships), dualtone.ErrConflict)
}

// switching is one change of an offering on its way.
type switching struct {
	queues

	user dualtone.UserID
	now  standing
	want target
	// touched says that a write was made, after which no error means that
	// nothing was changed.
	touched bool
}

func (s *switching) run(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			if s.touched {
				return fmt.Errorf("%w: the offering of user %s is half changed: %w", dualtone.ErrUnknown, s.user, err)
			}
			return err
		}
	}
	return nil
}

func (s *switching) setProfile(ctx context.Context) error {
	if s.now.profile == s.want.Profile {
		return nil
	}
	is := func(ctx context.Context) (bool, error) {
		profile, err := s.profileOf(ctx, s.user)
		return profile == s.want.Profile, err
	}
	err := write(ctx, func(ctx context.Context) error {
		_, err := do(ctx, s.client, s.api.UpdateUserRoutingProfile, &connect.UpdateUserRoutingProfileInput{
			InstanceId: s.instance, UserId: aws.String(string(s.user)), RoutingProfileId: aws.String(s.want.Profile),
		})
		return err
	}, is)
	if err != nil {
		return err
	}
	s.touched = true
	return s.confirm(ctx, fmt.Sprintf("the routing profile of user %s", s.user), is)
}

func (s *switching) setStatus(ctx context.Context) error {
	if s.now.status == nil || s.want.pause == pauseAsIs {
		return nil
	}
	status, err := s.statusFor(ctx)
	if err != nil || status == nil {
		return err
	}
	is := func(ctx context.Context) (bool, error) {
		now, err := s.statusOf(ctx, s.user)
		// Who has signed out in the meantime is offered nothing either way.
		return now == nil || aws.ToString(now.Id) == aws.ToString(status.Id), err
	}
	err = write(ctx, func(ctx context.Context) error {
		_, err := do(ctx, s.client, s.api.PutUserStatus, &connect.PutUserStatusInput{
			InstanceId: s.instance, UserId: aws.String(string(s.user)), AgentStatusId: status.Id,
		})
		return err
	}, is)
	if err != nil && dualtone.Lasting(err) {
		if now, failed := s.statusOf(ctx, s.user); failed == nil && now == nil {
			return nil
		}
	}
	if err != nil {
		return err
	}
	s.touched = true
	return s.confirm(ctx, fmt.Sprintf("the status of user %s", s.user), is)
}

// statusFor is the status to set; nil when the agent's own will do.
func (s *switching) statusFor(ctx context.Context) (*types.AgentStatusSummary, error) {
	if s.want.pause == pauseNone {
		if !s.now.paused() {
			return nil, nil //nolint:nilnil // nothing is to be set, which is an answer
		}
		ready, err := s.statuses.ready(ctx)
		return &ready, err
	}
	status, err := s.statuses.paused(ctx, s.want.reason)
	if err != nil {
		return nil, err
	}
	named := isNamed(status, s.want.reason)
	if s.now.paused() && (!named || strings.EqualFold(aws.ToString(s.now.status.Name), aws.ToString(status.Name))) {
		return nil, nil //nolint:nilnil // nothing is to be set, which is an answer
	}
	return &status, nil
}
