package connectsim

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone/systems/sim"
)

func config(queue string, priority, delay int32) types.RoutingProfileQueueConfig {
	return types.RoutingProfileQueueConfig{
		QueueReference: &types.RoutingProfileQueueReference{QueueId: &queue, Channel: types.ChannelVoice},
		Priority:       &priority, Delay: &delay,
	}
}

func TestARoutingProfileBringsItsUsersIntoItsQueues(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 1, SignedIn: true, Queues: []string{"Sales", "Support"}})
	ctx, sales, support := t.Context(), b.Queues["Sales"], b.Queues["Support"]
	made, err := b.client.CreateRoutingProfile(ctx, &connect.CreateRoutingProfileInput{
		InstanceId: b.id, Name: aws.String("Second line"), Description: aws.String("late"), DefaultOutboundQueueId: &sales,
		MediaConcurrencies: []types.MediaConcurrency{{Channel: types.ChannelVoice, Concurrency: aws.Int32(1)}},
		QueueConfigs:       []types.RoutingProfileQueueConfig{config(sales, 2, 30)},
	})
	done(t, err)
	_, err = b.client.UpdateUserRoutingProfile(ctx, &connect.UpdateUserRoutingProfileInput{InstanceId: b.id, UserId: &b.Users[0], RoutingProfileId: made.RoutingProfileId})
	done(t, err)
	members := func(queue string) []sim.Member {
		q, err := b.World().Queue(queue)
		done(t, err)
		return q.Members
	}
	if m := members(sales); len(m) != 1 || m[0].Penalty != 10030 {
		t.Errorf("Sales has %+v", m)
	}
	_, err = b.client.AssociateRoutingProfileQueues(ctx, &connect.AssociateRoutingProfileQueuesInput{
		InstanceId: b.id, RoutingProfileId: made.RoutingProfileId, QueueConfigs: []types.RoutingProfileQueueConfig{config(support, 1, 0)},
	})
	done(t, err)
	_, err = b.client.UpdateRoutingProfileQueues(ctx, &connect.UpdateRoutingProfileQueuesInput{
		InstanceId: b.id, RoutingProfileId: made.RoutingProfileId, QueueConfigs: []types.RoutingProfileQueueConfig{config(support, 1, 5)},
	})
	done(t, err)
	if m := members(support); len(m) != 1 || m[0].Penalty != 5 {
		t.Errorf("Support has %+v", m)
	}
	_, err = b.client.DisassociateRoutingProfileQueues(ctx, &connect.DisassociateRoutingProfileQueuesInput{
		InstanceId: b.id, RoutingProfileId: made.RoutingProfileId,
		QueueReferences: []types.RoutingProfileQueueReference{{QueueId: &sales, Channel: types.ChannelVoice}},
	})
	done(t, err)
	if m := members(sales); len(m) != 0 {
		t.Errorf("Sales has %+v", m)
	}
	list, err := b.client.ListRoutingProfileQueues(ctx, &connect.ListRoutingProfileQueuesInput{InstanceId: b.id, RoutingProfileId: made.RoutingProfileId})
	done(t, err)
	if q := list.RoutingProfileQueueConfigSummaryList; len(q) != 1 || *q[0].QueueId != support || q[0].Delay != 5 {
		t.Errorf("the profile has %+v", q)
	}
	found, err := b.client.SearchRoutingProfiles(ctx, &connect.SearchRoutingProfilesInput{InstanceId: b.id})
	done(t, err)
	if len(found.RoutingProfiles) != 5 || found.RoutingProfiles[4].AssociatedQueueIds[0] != support {
		t.Errorf("found %d profiles", len(found.RoutingProfiles))
	}
	shown, err := b.client.DescribeRoutingProfile(ctx, &connect.DescribeRoutingProfileInput{InstanceId: b.id, RoutingProfileId: made.RoutingProfileId})
	done(t, err)
	if *shown.RoutingProfile.NumberOfAssociatedUsers != 1 {
		t.Errorf("profile %+v", shown.RoutingProfile)
	}
}

func (b *bench) current(t *testing.T, user string) *types.UserData {
	t.Helper()
	out, err := b.client.GetCurrentUserData(t.Context(), &connect.GetCurrentUserDataInput{
		InstanceId: b.id, Filters: &types.UserDataFilters{Agents: []string{user}},
	})
	done(t, err)
	if len(out.UserDataList) == 0 {
		return nil
	}
	return &out.UserDataList[0]
}

func (b *bench) status(t *testing.T, user, name string) error {
	t.Helper()
	_, err := b.client.PutUserStatus(t.Context(), &connect.PutUserStatusInput{InstanceId: b.id, UserId: &user, AgentStatusId: aws.String(b.Statuses[name])})
	return err
}

func TestABusyAgentGetsTheStatusAfterTheContact(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 1, SignedIn: true, Queues: []string{"Sales"}})
	ann := b.Users[0]
	b.call(t, sim.Incoming{ID: "one", From: "+12125550101", To: b.Queues["Sales"]})
	if got := b.current(t, ann); len(got.Contacts) != 1 || got.Contacts[0].AgentContactState != types.ContactStateConnecting {
		t.Errorf("contacts %+v", got.Contacts)
	}
	done(t, b.World().Pickup("one"))
	done(t, b.status(t, ann, StatusBreak))
	if got := b.current(t, ann); *got.Status.StatusName != StatusReady || *got.NextStatus != StatusBreak {
		t.Errorf("status %s, next %s", *got.Status.StatusName, aws.ToString(got.NextStatus))
	}
	b.call(t, sim.Incoming{ID: "two", From: "+12125550102", To: b.Queues["Sales"]})
	done(t, b.World().Hold("one"))
	if got := b.current(t, ann); got.Contacts[0].AgentContactState != types.ContactStateConnectedOnhold {
		t.Errorf("contacts %+v", got.Contacts)
	}
	done(t, b.World().HangUp("one"))
	got := b.current(t, ann)
	if *got.Status.StatusName != StatusBreak || got.NextStatus != nil || len(got.Contacts) != 0 {
		t.Errorf("after the contact: status %s, contacts %+v", *got.Status.StatusName, got.Contacts)
	}
	done(t, b.status(t, ann, StatusReady))
	if got := b.current(t, ann); len(got.Contacts) != 1 {
		t.Errorf("the waiting call was not offered: %+v", got.Contacts)
	}
}

func TestWhoIsSignedOutHasNoStatus(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 1, Queues: []string{"Sales"}})
	if got := b.current(t, b.Users[0]); got != nil {
		t.Errorf("user data %+v", got)
	}
	refused(t, b.status(t, b.Users[0], StatusBreak), "InvalidRequestException")
	_, err := b.client.GetCurrentUserData(t.Context(), &connect.GetCurrentUserDataInput{InstanceId: b.id, Filters: &types.UserDataFilters{
		Agents: b.Users, Queues: []string{b.Queues["Sales"]},
	}})
	refused(t, err, "InvalidParameterException")
}

func TestANumberRingsWhereItsFlowLeads(t *testing.T) {
	t.Parallel()
	const did = "+12125550100"
	b := start(t, Options{}, Population{People: 1, SignedIn: true, Queues: []string{"Sales", "Support"}, Numbers: []string{did}})
	ctx, number := t.Context(), b.Numbers[did]
	list, err := b.client.ListPhoneNumbersV2(ctx, &connect.ListPhoneNumbersV2Input{InstanceId: b.id, PhoneNumberPrefix: aws.String("+1212")})
	done(t, err)
	if len(list.ListPhoneNumbersSummaryList) != 1 {
		t.Errorf("numbers %+v", list.ListPhoneNumbersSummaryList)
	}
	_, err = b.client.AssociatePhoneNumberContactFlow(ctx, &connect.AssociatePhoneNumberContactFlowInput{
		InstanceId: b.id, PhoneNumberId: &number, ContactFlowId: aws.String(b.Flows["Support"]),
	})
	done(t, err)
	b.call(t, sim.Incoming{ID: "one", From: "+12125550101", To: did})
	if c, _ := b.World().Call("one"); c.Queue != b.Queues["Support"] {
		t.Errorf("rang %s", c.Queue)
	}
	flows, err := b.client.ListFlowAssociations(ctx, &connect.ListFlowAssociationsInput{InstanceId: b.id, ResourceType: types.ListFlowAssociationResourceTypeVoicePhoneNumber})
	done(t, err)
	if f := flows.FlowAssociationSummaryList; len(f) != 1 || bare(*f[0].FlowId) != b.Flows["Support"] {
		t.Errorf("flows %+v", f)
	}
	_, err = b.client.DisassociatePhoneNumberContactFlow(ctx, &connect.DisassociatePhoneNumberContactFlowInput{InstanceId: b.id, PhoneNumberId: &number})
	done(t, err)
	if answer := b.World().Arrive(sim.Incoming{ID: "two", To: did}); answer.Accepted {
		t.Error("a number without a flow was answered")
	}
	shown, err := b.client.DescribePhoneNumber(ctx, &connect.DescribePhoneNumberInput{PhoneNumberId: &number})
	done(t, err)
	if *shown.ClaimedPhoneNumberSummary.PhoneNumber != did {
		t.Errorf("number %+v", shown.ClaimedPhoneNumberSummary)
	}
}

func TestTheSmallListsAreThere(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 1, Queues: []string{"Sales"}})
	ctx := t.Context()
	_, err := b.client.ListSecurityProfiles(ctx, &connect.ListSecurityProfilesInput{InstanceId: b.id})
	done(t, err)
	_, err = b.client.ListHoursOfOperations(ctx, &connect.ListHoursOfOperationsInput{InstanceId: b.id})
	done(t, err)
	_, err = b.client.ListRoutingProfiles(ctx, &connect.ListRoutingProfilesInput{InstanceId: b.id})
	done(t, err)
	flows, err := b.client.ListContactFlows(ctx, &connect.ListContactFlowsInput{InstanceId: b.id, ContactFlowTypes: []types.ContactFlowType{types.ContactFlowTypeContactFlow}})
	done(t, err)
	statuses, err := b.client.ListAgentStatuses(ctx, &connect.ListAgentStatusesInput{InstanceId: b.id, AgentStatusTypes: []types.AgentStatusType{types.AgentStatusTypeCustom}})
	done(t, err)
	queues, err := b.client.SearchQueues(ctx, &connect.SearchQueuesInput{InstanceId: b.id})
	done(t, err)
	if len(flows.ContactFlowSummaryList) != 1 || len(statuses.AgentStatusSummaryList) != 2 || len(queues.Queues) != 1 {
		t.Errorf("flows %d, statuses %d, queues %d", len(flows.ContactFlowSummaryList), len(statuses.AgentStatusSummaryList), len(queues.Queues))
	}
	_, err = b.client.DescribeQueue(ctx, &connect.DescribeQueueInput{InstanceId: b.id, QueueId: queues.Queues[0].QueueId})
	done(t, err)
	quick := &connect.CreateQuickConnectInput{
		InstanceId: b.id, Name: aws.String("Old system"),
		QuickConnectConfig: &types.QuickConnectConfig{
			QuickConnectType: types.QuickConnectTypePhoneNumber,
			PhoneConfig:      &types.PhoneNumberQuickConnectConfig{PhoneNumber: aws.String("+12125550199")},
		},
	}
	_, err = b.client.CreateQuickConnect(ctx, quick)
	done(t, err)
	_, err = b.client.CreateQuickConnect(ctx, quick)
	refused(t, err, "DuplicateResourceException")
	list, err := b.client.ListQuickConnects(ctx, &connect.ListQuickConnectsInput{InstanceId: b.id})
	done(t, err)
	if len(list.QuickConnectSummaryList) != 1 {
		t.Errorf("quick connects %+v", list.QuickConnectSummaryList)
	}
}
