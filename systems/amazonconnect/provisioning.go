package amazonconnect

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// provisioning sees a seat in a user's security profiles. The service can
// disable nobody: a user is disabled by the parked profile alone.
type provisioning struct {
	*client

	rights *securityProfiles
}

// Seat makes one request.
func (p provisioning) Seat(ctx context.Context, user dualtone.UserID) (dualtone.Seat, error) {
	if account, ok := systems.Known[surveyed](ctx, surveyedOf{p.client, user}); ok {
		return p.rights.seat(ctx, account.rights)
	}
	u, err := p.describe(ctx, user)
	if err != nil {
		return dualtone.Seat{}, err
	}
	return p.rights.seat(ctx, u.SecurityProfileIds)
}

// SetSeat makes three requests: one to compare, one to set, one to read back.
func (p provisioning) SetSeat(ctx context.Context, user dualtone.UserID, from, to dualtone.Seat) error {
	now, err := p.Seat(ctx, user)
	if err != nil {
		return err
	}
	ids, err := p.rights.idsOf(ctx, to)
	if err != nil {
		return err
	}
	if now.Equal(to) {
		return nil
	}
	if !now.Equal(from) {
		return fmt.Errorf("%s: user %s has %v and not %v: %w", p.name, user, now, from, dualtone.ErrConflict)
	}
	is := func(ctx context.Context) (bool, error) {
		now, err := p.Seat(ctx, user)
		return now.Equal(to), err
	}
	err = write(ctx, func(ctx context.Context) error {
		_, err := do(ctx, p.client, p.api.UpdateUserSecurityProfiles, &connect.UpdateUserSecurityProfilesInput{
			InstanceId: p.instance, UserId: aws.String(string(user)), SecurityProfileIds: ids,
		})
		return err
	}, is)
	if err != nil {
		return err
	}
	return p.confirm(ctx, fmt.Sprintf("the security profiles of user %s", user), is)
}

// confirm reads a write back. What reads back otherwise is unknown: the service
// may not have caught up with itself.
func (c *client) confirm(ctx context.Context, what string, is func(context.Context) (bool, error)) error {
	done, err := is(ctx)
	if err != nil {
		return fmt.Errorf("%s: %s were set and not read back: %w: %w", c.name, what, dualtone.ErrUnknown, err)
	}
	if !done {
		return fmt.Errorf("%s: %s read back otherwise than set: %w", c.name, what, dualtone.ErrUnknown)
	}
	return nil
}

// securityProfiles knows the names of the instance's security profiles.
type securityProfiles struct {
	*client

	parked string
	names  *cached[map[string]string]
}

func newSecurityProfiles(c *client, config Config) *securityProfiles {
	s := &securityProfiles{client: c, parked: config.ParkedSecurityProfile}
	s.names = newCached(c, config.Cache, s.load)
	return s
}

const listPage = 1000

// load returns names by id.
func (s *securityProfiles) load(ctx context.Context) (map[string]string, error) {
	names := map[string]string{}
	list := pages(func(token *string) ([]types.SecurityProfileSummary, *string, error) {
		out, err := do(ctx, s.client, s.api.ListSecurityProfiles, &connect.ListSecurityProfilesInput{
			InstanceId: s.instance, MaxResults: aws.Int32(listPage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.SecurityProfileSummaryList, out.NextToken, nil
	})
	for p, err := range list {
		if err != nil {
			return nil, err
		}
		names[aws.ToString(p.Id)] = aws.ToString(p.Name)
	}
	return names, nil
}

// seat is what a user's security profiles amount to. The parked one grants
// nothing and is not told.
func (s *securityProfiles) seat(ctx context.Context, ids []string) (dualtone.Seat, error) {
	names, err := s.known(ctx, ids)
	if err != nil {
		return dualtone.Seat{}, err
	}
	var seat dualtone.Seat
	for _, id := range ids {
		name := names[id]
		if name == "" {
			name = id // removed in the meantime
		}
		if name != s.parked {
			seat.Licenses = append(seat.Licenses, name)
		}
	}
	slices.Sort(seat.Licenses)
	seat.Enabled = len(seat.Licenses) > 0
	return seat, nil
}

// known returns the names, read again when one of the ids is new.
func (s *securityProfiles) known(ctx context.Context, ids []string) (map[string]string, error) {
	names, err := s.names.get(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(ids, func(id string) bool { return names[id] == "" }) {
		s.names.forget()
		return s.names.get(ctx)
	}
	return names, nil
}

// idsOf returns the security profiles that make the seat.
func (s *securityProfiles) idsOf(ctx context.Context, seat dualtone.Seat) ([]string, error) {
	wanted := seat.Licenses
	switch {
	case seat.Enabled && len(wanted) == 0:
		return nil, fmt.Errorf("%s: an enabled user needs a security profile: %w", s.name, dualtone.ErrInvalid)
	case !seat.Enabled && len(wanted) > 0:
		return nil, fmt.Errorf("%s: a disabled user keeps no security profile: %w", s.name, dualtone.ErrUnsupported)
	case !seat.Enabled && s.parked == "":
		return nil, fmt.Errorf("%s: nobody can be disabled without the setting parked_security_profile: %w", s.name, dualtone.ErrUnsupported)
	case !seat.Enabled:
		wanted = []string{s.parked}
	}
	names, err := s.names.get(ctx)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]string, len(names))
	for id, name := range names {
		byName[name] = id
	}
	ids := make([]string, 0, len(wanted))
	for _, name := range wanted {
		id, ok := byName[name]
		if !ok {
			s.names.forget()
			return nil, fmt.Errorf("%s: there is no security profile %q: %w", s.name, name, dualtone.ErrInvalid)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
