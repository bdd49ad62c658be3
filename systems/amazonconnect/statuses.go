package amazonconnect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
)

// agentStatuses knows which of the instance's agent statuses lets calls through.
type agentStatuses struct {
	*client

	pause string
	all   *cached[[]types.AgentStatusSummary]
}

func newAgentStatuses(c *client, config Config) *agentStatuses {
	s := &agentStatuses{client: c, pause: config.PauseStatus}
	s.all = newCached(c, config.Cache, s.load)
	return s
}

func (s *agentStatuses) load(ctx context.Context) ([]types.AgentStatusSummary, error) {
	return gather(pages(func(token *string) ([]types.AgentStatusSummary, *string, error) {
		out, err := do(ctx, s.client, s.api.ListAgentStatuses, &connect.ListAgentStatusesInput{
			InstanceId: s.instance, MaxResults: aws.Int32(listPage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.AgentStatusSummaryList, out.NextToken, nil
	}))
}

// of returns an agent's status. One that is not in the list, such as the one in
// which the service puts who missed a call, is custom: no calls are offered in it.
func (s *agentStatuses) of(ctx context.Context, ref *types.AgentStatusReference) (types.AgentStatusSummary, error) {
	if ref == nil {
		return types.AgentStatusSummary{}, s.empty("GetCurrentUserData")
	}
	return s.find(ctx, func(st types.AgentStatusSummary) bool {
		return bare(aws.ToString(st.Arn)) == bare(aws.ToString(ref.StatusArn))
	}, aws.ToString(ref.StatusName))
}

// named returns the status of that name; see of for one that is not known.
func (s *agentStatuses) named(ctx context.Context, name string) (types.AgentStatusSummary, error) {
	return s.find(ctx, func(st types.AgentStatusSummary) bool { return isNamed(st, name) }, name)
}

func isNamed(st types.AgentStatusSummary, name string) bool {
	return strings.EqualFold(aws.ToString(st.Name), name)
}

func (s *agentStatuses) find(ctx context.Context, is func(types.AgentStatusSummary) bool, name string) (types.AgentStatusSummary, error) {
	all, err := s.all.get(ctx)
	if err != nil {
		return types.AgentStatusSummary{}, err
	}
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], nil
	}
	return types.AgentStatusSummary{Name: aws.String(name), Type: types.AgentStatusTypeCustom}, nil
}

// ready is the status in which calls are offered.
func (s *agentStatuses) ready(ctx context.Context) (types.AgentStatusSummary, error) {
	return s.first(ctx, "routable", func(st types.AgentStatusSummary) bool { return st.Type == types.AgentStatusTypeRoutable })
}

// paused is the status for a reason: the one of that name, or else the one that
// the settings name.
func (s *agentStatuses) paused(ctx context.Context, reason string) (types.AgentStatusSummary, error) {
	st, err := s.named(ctx, reason)
	if err != nil || st.Id != nil && st.Type != types.AgentStatusTypeRoutable {
		return st, err
	}
	if s.pause != "" {
		return s.first(ctx, s.pause, func(st types.AgentStatusSummary) bool {
			return isNamed(st, s.pause) && st.Type != types.AgentStatusTypeRoutable
		})
	}
	return s.first(ctx, "custom", func(st types.AgentStatusSummary) bool { return st.Type == types.AgentStatusTypeCustom })
}

func (s *agentStatuses) first(ctx context.Context, what string, is func(types.AgentStatusSummary) bool) (types.AgentStatusSummary, error) {
	all, err := s.all.get(ctx)
	if err != nil {
		return types.AgentStatusSummary{}, err
	}
	i := slices.IndexFunc(all, is)
	if i < 0 {
		s.all.forget()
		return types.AgentStatusSummary{}, fmt.Errorf("%s: the instance has no %s agent status: %w", s.name, what, dualtone.ErrInvalid)
	}
	return all[i], nil
}
