package amazonconnect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

type presence struct {
	*client

	statuses *agentStatuses
}

// Presence makes one request, and one more for a user who is signed out, to
// tell them from one who does not exist.
func (p presence) Presence(ctx context.Context, user dualtone.UserID) (dualtone.Presence, error) {
	data, err := p.current(ctx, user)
	if err != nil {
		return dualtone.Presence{}, err
	}
	if data == nil {
		_, err := p.describe(ctx, user)
		return dualtone.Presence{}, err
	}
	status, err := p.statuses.of(ctx, data.Status)
	if err != nil {
		return dualtone.Presence{}, err
	}
	found := dualtone.Presence{SignedIn: status.Type != types.AgentStatusTypeOffline}
	for _, c := range data.Contacts {
		activity := activityOf(c)
		if activity == "" {
			continue
		}
		call := dualtone.ActiveCall{ID: aws.ToString(c.ContactId), Activity: activity, Since: aws.ToTime(c.StateStartTimestamp)}
		if c.Queue != nil {
			call.Queue = dualtone.QueueID(aws.ToString(c.Queue.Id))
		}
		found.Calls = append(found.Calls, call)
	}
	return found, nil
}

// current reads what a user does now; nil for somebody who is signed out, of
// whom the service knows nothing.
func (c *client) current(ctx context.Context, user dualtone.UserID) (*types.UserData, error) {
	if data, ok := systems.Known[*types.UserData](ctx, currentOf{c, user}); ok {
		return data, nil
	}
	out, err := do(ctx, c, c.api.GetCurrentUserData, &connect.GetCurrentUserDataInput{
		InstanceId: c.instance, MaxResults: aws.Int32(1),
		Filters: &types.UserDataFilters{Agents: []string{string(user)}},
	})
	if err != nil {
		return nil, err
	}
	for _, data := range out.UserDataList {
		if data.User != nil && aws.ToString(data.User.Id) == string(user) {
			return &data, nil
		}
	}
	return nil, nil //nolint:nilnil // nobody is there, which is an answer
}

// activityOf is empty for what is no call, or one that the agent did not take.
func activityOf(c types.AgentContactReference) dualtone.Activity {
	if c.Channel != types.ChannelVoice {
		return ""
	}
	switch c.AgentContactState {
	case types.ContactStateIncoming, types.ContactStatePending, types.ContactStateConnecting:
		return dualtone.Ringing
	case types.ContactStateConnected:
		return dualtone.Talking
	case types.ContactStateConnectedOnhold:
		return dualtone.OnHold
	case types.ContactStateEnded:
		return dualtone.WrapUp
	default: // missed, rejected or failed
		return ""
	}
}
