package amazonconnect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
)

// licenses counts users. The service is priced by use and sells no seats, so
// that there is no total.
type licenses struct{ *client }

// Licenses makes one request for 1000 users.
func (l licenses) Licenses(ctx context.Context) ([]dualtone.License, error) {
	users, err := gather(pages(func(token *string) ([]types.UserSummary, *string, error) {
		out, err := do(ctx, l.client, l.api.ListUsers, &connect.ListUsersInput{
			InstanceId: l.instance, MaxResults: aws.Int32(listPage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.UserSummaryList, out.NextToken, nil
	}))
	if err != nil {
		return nil, err
	}
	return []dualtone.License{{Name: "user", Used: len(users)}}, nil
}
