package amazonconnect

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

type health struct{ *client }

// Check makes one request.
func (h health) Check(ctx context.Context) (systems.Status, error) {
	out, err := do(ctx, h.client, h.api.DescribeInstance, &connect.DescribeInstanceInput{InstanceId: h.instance})
	if err != nil {
		return systems.Status{}, err
	}
	i := out.Instance
	if i == nil || i.InstanceStatus != types.InstanceStatusActive {
		return systems.Status{}, fmt.Errorf("%s: the instance is not active: %w", h.name, dualtone.ErrUnavailable)
	}
	return systems.Status{
		Identity: aws.ToString(i.Arn),
		Detail:   fmt.Sprintf("%s, identities %s", aws.ToString(i.InstanceAlias), i.IdentityManagementType),
	}, nil
}
