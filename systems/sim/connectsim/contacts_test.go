package connectsim

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone/systems/sim"
)

func (b *bench) search(from, to time.Time) *connect.SearchContactsInput {
	return &connect.SearchContactsInput{
		InstanceId: b.id, MaxResults: aws.Int32(10),
		TimeRange: &types.SearchContactsTimeRange{Type: types.SearchContactsTimeRangeTypeDisconnectTimestamp, StartTime: &from, EndTime: &to},
		Sort:      &types.Sort{FieldName: types.SortableFieldNameDisconnectTimestamp, Order: types.SortOrderAscending},
	}
}

func TestContactsAreSearchedByWhenTheyEnded(t *testing.T) {
	t.Parallel()
	b := start(t, Options{IndexDelay: 30 * time.Second}, Population{People: 1, SignedIn: true, Queues: []string{"Sales"}})
	begin := b.World().Now()
	for i := range 25 {
		b.call(t, sim.Incoming{
			ID: fmt.Sprintf("call-%02d", i), From: "+12125550101", To: b.Queues["Sales"],
			Ring: 5 * time.Second, Talk: 40 * time.Second, Wrap: 10 * time.Second,
		})
		b.clock.Advance(time.Minute)
	}
	end := b.World().Now()
	var ids []string
	pages := connect.NewSearchContactsPaginator(b.client, b.search(begin, end))
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		done(t, err)
		for _, c := range page.Contacts {
			ids = append(ids, *c.Id)
		}
	}
	// The last one ended fifteen seconds ago and cannot be searched yet.
	if len(ids) != 24 || ids[0] != "call-00" || ids[23] != "call-23" {
		t.Errorf("found %d: %v", len(ids), ids)
	}
	from := begin.Add(10 * time.Minute)
	some, err := b.client.SearchContacts(t.Context(), b.search(from, from.Add(3*time.Minute)))
	done(t, err)
	if len(some.Contacts) != 3 || *some.Contacts[0].Id != "call-10" {
		t.Errorf("found %d contacts in three minutes", len(some.Contacts))
	}
	got, err := b.client.DescribeContact(t.Context(), &connect.DescribeContactInput{InstanceId: b.id, ContactId: aws.String("call-03")})
	done(t, err)
	c := got.Contact
	if *c.CustomerEndpoint.Address != "+12125550101" || *c.AgentInfo.Id != b.Users[0] || *c.AgentInfo.AfterContactWorkDuration != 10 ||
		c.DisconnectTimestamp.Sub(*c.AgentInfo.ConnectedToAgentTimestamp) != 40*time.Second {
		t.Errorf("contact %+v %+v", c, c.AgentInfo)
	}
	_, err = b.client.DescribeContact(t.Context(), &connect.DescribeContactInput{InstanceId: b.id, ContactId: aws.String("none")})
	refused(t, err, "ResourceNotFoundException")
}

func TestTenThousandUsersAreServed(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 10000, SignedIn: true, Queues: []string{"Sales", "Support", "Billing"}})
	for i := range 200 {
		user := b.Users[i*50]
		_, err := b.client.UpdateUserRoutingProfile(t.Context(), &connect.UpdateUserRoutingProfileInput{
			InstanceId: b.id, UserId: &user, RoutingProfileId: aws.String(b.Profiles[Parked]),
		})
		done(t, err)
		if got := b.current(t, user); got == nil || *got.RoutingProfile.Id != b.Profiles[Parked] {
			t.Fatalf("user data %+v", got)
		}
	}
	q, err := b.World().Queue(b.Queues["Sales"])
	done(t, err)
	if len(q.Members) != 9800 {
		t.Errorf("Sales has %d members", len(q.Members))
	}
}
