package amazonconnect

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// queues sees memberships in a user's routing profile and pauses in the status
// of a signed-in agent. The service knows no status of an agent who is signed
// out, whom no queue offers anything: such an agent is not paused, and pausing
// them is already done.
type queues struct {
	*client

	profiles *routingProfiles
	statuses *agentStatuses
}

// Queues makes one request for 1000 queues.
func (q queues) Queues(ctx context.Context) iter.Seq2[dualtone.Queue, error] {
	list := pages(func(token *string) ([]types.QueueSummary, *string, error) {
		out, err := do(ctx, q.client, q.api.ListQueues, &connect.ListQueuesInput{
			InstanceId: q.instance, QueueTypes: []types.QueueType{types.QueueTypeStandard},
			MaxResults: aws.Int32(listPage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.QueueSummaryList, out.NextToken, nil
	})
	return func(yield func(dualtone.Queue, error) bool) {
		for s, err := range list {
			if !yield(dualtone.Queue{ID: dualtone.QueueID(aws.ToString(s.Id)), Name: aws.ToString(s.Name)}, err) || err != nil {
				return
			}
		}
	}
}

// standing is what a user is offered now.
type standing struct {
	profile     string
	memberships []dualtone.Membership
	// status is the one that counts for new calls: the next one, where the agent
	// is busy. It is nil for an agent who is signed out.
	status *types.AgentStatusSummary
}

func (s standing) paused() bool {
	return s.status != nil && s.status.Type != types.AgentStatusTypeRoutable
}

func (s standing) offering() dualtone.Offering {
	o := dualtone.Offering{Profile: s.profile, Memberships: s.memberships}
	if !s.paused() {
		return o
	}
	return o.Stopped(aws.ToString(s.status.Name))
}

// Offering makes two requests, and one more for a profile that was not looked
// at within the last minute.
func (q queues) Offering(ctx context.Context, user dualtone.UserID) (dualtone.Offering, error) {
	now, err := q.standing(ctx, user)
	if err != nil {
		return dualtone.Offering{}, err
	}
	return now.offering(), nil
}

func (q queues) standing(ctx context.Context, user dualtone.UserID) (standing, error) {
	profile, err := q.profileOf(ctx, user)
	if err != nil {
		return standing{}, err
	}
	memberships, err := q.profiles.memberships(ctx, profile)
	if err != nil {
		return standing{}, err
	}
	status, err := q.statusOf(ctx, user)
	return standing{profile: profile, memberships: memberships, status: status}, err
}

func (q queues) profileOf(ctx context.Context, user dualtone.UserID) (string, error) {
	if account, ok := systems.Known[surveyed](ctx, surveyedOf{q.client, user}); ok {
		return account.profile, nil
	}
	u, err := q.describe(ctx, user)
	return aws.ToString(u.RoutingProfileId), err
}

func (q queues) statusOf(ctx context.Context, user dualtone.UserID) (*types.AgentStatusSummary, error) {
	data, err := q.current(ctx, user)
	if err != nil || data == nil {
		return nil, err
	}
	if next := aws.ToString(data.NextStatus); next != "" {
		status, err := q.statuses.named(ctx, next)
		return &status, err
	}
	status, err := q.statuses.of(ctx, data.Status)
	return &status, err
}

// Offer makes one request, and others only for profiles that were not looked at
// within the last minute.
func (q queues) Offer(ctx context.Context, user dualtone.UserID, wanted []dualtone.QueueID) (dualtone.Offering, error) {
	has, err := q.profileOf(ctx, user)
	if err != nil {
		return dualtone.Offering{}, err
	}
	return q.profiles.fitting(ctx, has, wanted)
}
