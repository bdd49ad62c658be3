package amazonconnect

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

type directory struct {
	*client

	rights *securityProfiles
	emails bool
}

const userPage = 500

// Users makes one request for 500 users, and one more for each with emails set.
func (d directory) Users(ctx context.Context) iter.Seq2[dualtone.User, error] {
	found := pages(func(token *string) ([]types.UserSearchSummary, *string, error) {
		out, err := do(ctx, d.client, d.api.SearchUsers, &connect.SearchUsersInput{
			InstanceId: d.instance, MaxResults: aws.Int32(userPage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.Users, out.NextToken, nil
	})
	return func(yield func(dualtone.User, error) bool) {
		for u, err := range found {
			var user dualtone.User
			if err == nil {
				user, err = d.listed(ctx, u)
			}
			if !yield(user, err) || err != nil {
				return
			}
		}
	}
}

func (d directory) listed(ctx context.Context, u types.UserSearchSummary) (dualtone.User, error) {
	if d.emails {
		return d.User(ctx, dualtone.UserID(aws.ToString(u.Id)))
	}
	identity := &types.UserIdentityInfo{}
	if u.IdentityInfo != nil {
		identity.FirstName, identity.LastName = u.IdentityInfo.FirstName, u.IdentityInfo.LastName
	}
	return d.user(ctx, types.User{
		Id: u.Id, Username: u.Username, IdentityInfo: identity, PhoneConfig: u.PhoneConfig, SecurityProfileIds: u.SecurityProfileIds,
	})
}

// User makes one request.
func (d directory) User(ctx context.Context, user dualtone.UserID) (dualtone.User, error) {
	u, err := d.describe(ctx, user)
	if err != nil {
		return dualtone.User{}, err
	}
	return d.user(ctx, u)
}

// describe reads one account.
func (c *client) describe(ctx context.Context, user dualtone.UserID) (types.User, error) {
	return systems.Once(ctx, accountOf{c, user}, func(ctx context.Context) (types.User, error) {
		out, err := do(ctx, c, c.api.DescribeUser, &connect.DescribeUserInput{InstanceId: c.instance, UserId: aws.String(string(user))})
		if err != nil {
			return types.User{}, err
		}
		if out.User == nil {
			return types.User{}, c.empty("DescribeUser")
		}
		return *out.User, nil
	})
}

// accountOf is the question for one account.
type accountOf struct {
	client *client
	user   dualtone.UserID
}

func (d directory) user(ctx context.Context, u types.User) (dualtone.User, error) {
	seat, err := d.rights.seat(ctx, u.SecurityProfileIds)
	if err != nil {
		return dualtone.User{}, err
	}
	user := dualtone.User{ID: dualtone.UserID(aws.ToString(u.Id)), Login: aws.ToString(u.Username), Active: seat.Enabled}
	if i := u.IdentityInfo; i != nil {
		user.Name = strings.TrimSpace(aws.ToString(i.FirstName) + " " + aws.ToString(i.LastName))
		user.Email = aws.ToString(i.Email)
	}
	if user.Email == "" && strings.Contains(user.Login, "@") {
		// People who sign in with their address have it as their username, and
		// with SAML the service keeps no other.
		user.Email = user.Login
	}
	if p := u.PhoneConfig; p != nil && p.PhoneType == types.PhoneTypeDeskPhone && aws.ToString(p.DeskPhoneNumber) != "" {
		user.Numbers = []dualtone.Number{dualtone.Number(*p.DeskPhoneNumber)}
	}
	return user, nil
}
