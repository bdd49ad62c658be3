package amazonconnect

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// surveyed is what a list of all accounts tells of one.
type surveyed struct {
	profile string
	rights  []string
}

// surveyedOf and currentOf are the questions for what the list tells of a user, and
// for what they do now.
type (
	surveyedOf struct {
		client *client
		user   dualtone.UserID
	}
	currentOf struct {
		client *client
		user   dualtone.UserID
	}
)

// currentAtOnce is how many agents one request may ask for.
const currentAtOnce = 100

// Survey lists all accounts, 500 a request, unless there are fewer users to ask
// for than requests to make. What users do now it reads for 100 at a time.
func (c *client) Survey(ctx context.Context, count int) (systems.Ahead, error) {
	accounts, err := c.accounts(ctx, count)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, users []dualtone.UserID) error {
		for _, user := range users {
			if account, ok := accounts[user]; ok {
				systems.Know(ctx, surveyedOf{c, user}, account)
			}
		}
		for some := range slices.Chunk(users, currentAtOnce) {
			if err := c.currentAhead(ctx, some); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// accounts lists all accounts; none where a few are asked for alone with less.
func (c *client) accounts(ctx context.Context, count int) (map[dualtone.UserID]surveyed, error) {
	all := map[dualtone.UserID]surveyed{}
	var token *string
	for {
		out, err := do(ctx, c, c.api.SearchUsers, &connect.SearchUsersInput{
			InstanceId: c.instance, MaxResults: aws.Int32(userPage), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		for _, u := range out.Users {
			all[dualtone.UserID(aws.ToString(u.Id))] = surveyed{aws.ToString(u.RoutingProfileId), u.SecurityProfileIds}
		}
		token = out.NextToken
		few := aws.ToInt64(out.ApproximateTotalCount) > int64(count)*userPage
		if few || aws.ToString(token) == "" {
			return all, nil
		}
	}
}

// currentAhead reads what agents do now. Of those who are signed out the service
// says nothing.
func (c *client) currentAhead(ctx context.Context, users []dualtone.UserID) error {
	agents := make([]string, len(users))
	for i, user := range users {
		agents[i] = string(user)
	}
	list := pages(func(token *string) ([]types.UserData, *string, error) {
		out, err := do(ctx, c, c.api.GetCurrentUserData, &connect.GetCurrentUserDataInput{
			InstanceId: c.instance, MaxResults: aws.Int32(currentAtOnce), NextToken: token, Filters: &types.UserDataFilters{Agents: agents},
		})
		if err != nil {
			return nil, nil, err
		}
		return out.UserDataList, out.NextToken, nil
	})
	present := map[dualtone.UserID]*types.UserData{}
	for data, err := range list {
		if err != nil {
			return err
		}
		if data.User != nil {
			present[dualtone.UserID(aws.ToString(data.User.Id))] = &data
		}
	}
	for _, user := range users {
		systems.Know(ctx, currentOf{c, user}, present[user])
	}
	return nil
}
