package connectsim

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone/systems/sim"
)

func TestEveryUserIsListedOnceOverAllPages(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 100, 101, 1234} {
		b := start(t, Options{}, Population{People: n, Queues: []string{"Sales"}})
		seen := map[string]bool{}
		pages := connect.NewSearchUsersPaginator(b.client, &connect.SearchUsersInput{InstanceId: b.id, MaxResults: aws.Int32(100)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			done(t, err)
			for _, u := range page.Users {
				seen[*u.Id] = true
			}
		}
		list := connect.NewListUsersPaginator(b.client, &connect.ListUsersInput{InstanceId: b.id, MaxResults: aws.Int32(1000)})
		listed := 0
		for list.HasMorePages() {
			page, err := list.NextPage(t.Context())
			done(t, err)
			listed += len(page.UserSummaryList)
		}
		if len(seen) != n || listed != n {
			t.Errorf("of %d users found %d and listed %d", n, len(seen), listed)
		}
	}
}

func TestAPageTokenIsOpaque(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 3})
	first, err := b.client.ListUsers(t.Context(), &connect.ListUsersInput{InstanceId: b.id, MaxResults: aws.Int32(1)})
	done(t, err)
	_, err = b.client.ListQueues(t.Context(), &connect.ListQueuesInput{InstanceId: b.id, NextToken: first.NextToken})
	refused(t, err, "InvalidParameterException")
	_, err = b.client.ListUsers(t.Context(), &connect.ListUsersInput{InstanceId: b.id, NextToken: aws.String("2")})
	refused(t, err, "InvalidParameterException")
	_, err = b.client.ListUsers(t.Context(), &connect.ListUsersInput{InstanceId: b.id, MaxResults: aws.Int32(1001)})
	refused(t, err, "InvalidParameterException")
}

func (b *bench) newUser(username string) *connect.CreateUserInput {
	return &connect.CreateUserInput{
		InstanceId: b.id, Username: &username, Password: aws.String("Str0ngEnough"),
		IdentityInfo:       &types.UserIdentityInfo{FirstName: aws.String("Ann"), LastName: aws.String("Lee"), Email: aws.String("ann@example.com")},
		PhoneConfig:        &types.UserPhoneConfig{PhoneType: types.PhoneTypeDeskPhone, DeskPhoneNumber: aws.String("+12125550100")},
		SecurityProfileIds: []string{b.Security[AgentRights]}, RoutingProfileId: aws.String(b.Profiles["Sales only"]),
	}
}

func TestAUserIsCreatedFoundChangedAndDeleted(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{Queues: []string{"Sales", "Support"}})
	ctx := t.Context()
	made, err := b.client.CreateUser(ctx, b.newUser("ann"))
	done(t, err)
	_, err = b.client.CreateUser(ctx, b.newUser("Ann"))
	refused(t, err, "DuplicateResourceException")

	found, err := b.client.SearchUsers(ctx, &connect.SearchUsersInput{InstanceId: b.id, SearchCriteria: &types.UserSearchCriteria{
		StringCondition: &types.StringCondition{FieldName: aws.String("Username"), Value: aws.String("ANN"), ComparisonType: types.StringComparisonTypeExact},
	}})
	done(t, err)
	if len(found.Users) != 1 || *found.Users[0].Id != *made.UserId {
		t.Errorf("found %+v", found.Users)
	}
	_, err = b.client.UpdateUserIdentityInfo(ctx, &connect.UpdateUserIdentityInfoInput{
		InstanceId: b.id, UserId: made.UserId, IdentityInfo: &types.UserIdentityInfo{LastName: aws.String("Li")},
	})
	done(t, err)
	_, err = b.client.UpdateUserPhoneConfig(ctx, &connect.UpdateUserPhoneConfigInput{
		InstanceId: b.id, UserId: made.UserId, PhoneConfig: &types.UserPhoneConfig{PhoneType: types.PhoneTypeDeskPhone},
	})
	refused(t, err, "InvalidParameterException")
	_, err = b.client.UpdateUserSecurityProfiles(ctx, &connect.UpdateUserSecurityProfilesInput{
		InstanceId: b.id, UserId: made.UserId, SecurityProfileIds: []string{"nothing"},
	})
	refused(t, err, "ResourceNotFoundException")
	_, err = b.client.UpdateUserSecurityProfiles(ctx, &connect.UpdateUserSecurityProfilesInput{
		InstanceId: b.id, UserId: made.UserId, SecurityProfileIds: []string{b.Security[LeadRights], b.Security[AgentRights]},
	})
	done(t, err)
	got, err := b.client.DescribeUser(ctx, &connect.DescribeUserInput{InstanceId: b.id, UserId: made.UserId})
	done(t, err)
	if u := got.User; *u.IdentityInfo.FirstName != "Ann" || *u.IdentityInfo.LastName != "Li" || *u.IdentityInfo.Email != "ann@example.com" || len(u.SecurityProfileIds) != 2 {
		t.Errorf("user %+v", u.IdentityInfo)
	}
	_, err = b.client.DeleteUser(ctx, &connect.DeleteUserInput{InstanceId: b.id, UserId: made.UserId})
	done(t, err)
	_, err = b.client.DescribeUser(ctx, &connect.DescribeUserInput{InstanceId: b.id, UserId: made.UserId})
	refused(t, err, "ResourceNotFoundException")
}

func TestCreateUserKeepsTheRulesOfTheModel(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{Queues: []string{"Sales"}})
	federated := start(t, Options{IdentityManagement: "SAML"}, Population{Queues: []string{"Sales"}})
	tests := []struct {
		promise string
		on      *bench
		change  func(*connect.CreateUserInput)
		want    string
	}{
		{"a username has a hundred characters at most", b, func(in *connect.CreateUserInput) { in.Username = aws.String(strings.Repeat("a", 101)) }, "InvalidParameterException"},
		{"a user has a security profile", b, func(in *connect.CreateUserInput) { in.SecurityProfileIds = []string{} }, "InvalidParameterException"},
		{"and ten at most", b, func(in *connect.CreateUserInput) { in.SecurityProfileIds = make([]string, 11) }, "InvalidParameterException"},
		{"the routing profile is there", b, func(in *connect.CreateUserInput) { in.RoutingProfileId = aws.String("none") }, "ResourceNotFoundException"},
		{"a password is needed", b, func(in *connect.CreateUserInput) { in.Password = nil }, "InvalidParameterException"},
		{"names are needed", b, func(in *connect.CreateUserInput) { in.IdentityInfo = nil }, "InvalidParameterException"},
		{"a desk phone has a number in E.164", b, func(in *connect.CreateUserInput) { in.PhoneConfig.DeskPhoneNumber = aws.String("100") }, "InvalidParameterException"},
		{"with SAML a password is an error", federated, func(in *connect.CreateUserInput) { in.IdentityInfo.Email = nil }, "InvalidRequestException"},
		{"with SAML an email is an error", federated, func(in *connect.CreateUserInput) { in.Password = nil }, "InvalidRequestException"},
		{"with SAML neither is given", federated, func(in *connect.CreateUserInput) { in.Password, in.IdentityInfo.Email = nil, nil }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.promise, func(t *testing.T) {
			t.Parallel()
			in := tt.on.newUser("ann")
			tt.change(in)
			_, err := tt.on.client.CreateUser(t.Context(), in)
			if tt.want == "" {
				done(t, err)
				return
			}
			refused(t, err, tt.want)
		})
	}
}

func TestAnotherRoutingProfileCutsNoCallAndDeletingDoes(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 2, SignedIn: true, Queues: []string{"Sales", "Support"}})
	ann := b.Users[0]
	b.call(t, sim.Incoming{ID: "one", From: "+12125550101", To: ann})
	done(t, b.World().Pickup("one"))
	_, err := b.client.UpdateUserRoutingProfile(t.Context(), &connect.UpdateUserRoutingProfileInput{
		InstanceId: b.id, UserId: &ann, RoutingProfileId: aws.String(b.Profiles["Support only"]),
	})
	done(t, err)
	for queue, want := range map[string]int{"Sales": 1, "Support": 2} {
		q, err := b.World().Queue(b.Queues[queue])
		done(t, err)
		if len(q.Members) != want {
			t.Errorf("%s has %d members, want %d", queue, len(q.Members), want)
		}
	}
	if c, _ := b.World().Call("one"); c.State != sim.Talking {
		t.Errorf("the call is %s", c.State)
	}
	_, err = b.client.DeleteUser(t.Context(), &connect.DeleteUserInput{InstanceId: b.id, UserId: &ann})
	done(t, err)
	if c, _ := b.World().Call("one"); c.State != sim.Cut {
		t.Errorf("the call of a deleted user is %s", c.State)
	}
}

func TestWhoHasNoPanelCannotSignIn(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 1, Queues: []string{"Sales"}})
	rights := func(id string) {
		_, err := b.client.UpdateUserSecurityProfiles(t.Context(), &connect.UpdateUserSecurityProfilesInput{
			InstanceId: b.id, UserId: &b.Users[0], SecurityProfileIds: []string{id},
		})
		done(t, err)
	}
	rights(b.Security[Parked])
	if b.SignIn("agent.00001@example.com") == nil {
		t.Error("signed in without access to the panel")
	}
	rights(b.Security[AgentRights])
	done(t, b.SignIn("agent.00001@example.com"))
}
