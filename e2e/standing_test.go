package e2e_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

// standing is one employee as the systems themselves see them. Only the route is
// dualtone's own: its table is what the border asks.
type standing struct {
	CallCenter     string
	PermissionSets []string // by name
	Licenses       int      // permission set licenses held in the CRM
	Route          []dualtone.Side
	Forward        string
	OldQueues      []place
	NewQueues      []string
	Rights         []string // security profiles, by name
	Profile        string   // routing profile, by name
}

// place is a membership in a queue of the old side.
type place struct {
	Queue string
	sim.Member
}

func (p place) compare(q place) int { return strings.Compare(p.Queue+p.Device, q.Queue+q.Device) }

// join puts a person into a queue of the old side, as somebody else would.
func (s *site) join(t tester, e employee, queue string, penalty int) place {
	t.Helper()
	p, err := s.old.Person(e.Extension)
	must(t, err)
	m := asterisksim.FreePBXMember(p)
	m.Penalty = penalty
	must(t, s.old.ChangeMembers(queue, func(all []sim.Member) ([]sim.Member, error) { return append(all, m), nil }))
	return place{Queue: queue, Member: m}
}

// standings reads where everybody stands.
func (s *site) standings(t tester) map[string]standing {
	t.Helper()
	all := map[string]standing{}
	for _, e := range s.people {
		all[e.ID] = s.standing(t, e)
	}
	return all
}

// standing reads where one employee stands.
func (s *site) standing(t tester, e employee) standing {
	t.Helper()
	user, _ := s.org.Record(e.CRM)
	phone, err := s.old.Person(e.Extension)
	must(t, err)
	st := standing{
		CallCenter: fmt.Sprint(user["CallCenterId"]), PermissionSets: s.grantsOf(e),
		Licenses: len(s.org.Find("PermissionSetLicenseAssign", "AssigneeId", e.CRM)),
		Route:    s.routeOf(t, e), Forward: phone.Forward,
	}
	for _, q := range s.old.Queues() {
		for _, m := range q.Members {
			if m.Person == e.Extension {
				st.OldQueues = append(st.OldQueues, place{Queue: q.ID, Member: m})
			}
		}
	}
	for _, q := range s.cloud.Queues() {
		if slices.ContainsFunc(q.Members, func(m sim.Member) bool { return m.Person == e.New }) {
			st.NewQueues = append(st.NewQueues, q.Name)
		}
	}
	slices.Sort(st.NewQueues)
	slices.SortFunc(st.OldQueues, place.compare)
	st.Rights, st.Profile = s.seatOf(t, e)
	return st
}

func (s *site) grantsOf(e employee) []string {
	var names []string
	for _, id := range s.org.Find("PermissionSetAssignment", "AssigneeId", e.CRM) {
		held, _ := s.org.Record(id)
		set, _ := s.org.Record(fmt.Sprint(held["PermissionSetId"]))
		names = append(names, fmt.Sprint(set["Name"]))
	}
	slices.Sort(names)
	return names
}

func (s *site) routeOf(t tester, e employee) []dualtone.Side {
	t.Helper()
	routes, err := s.router.Routes(t.Context(), []dualtone.Number{dualtone.Number(e.Number)})
	must(t, err)
	return routes[0].Sides
}

// seatOf asks the cloud platform by its vendor's own client.
func (s *site) seatOf(t tester, e employee) (rights []string, profile string) {
	t.Helper()
	client := connect.New(connect.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(s.connect.URL()),
		Credentials: credentials.NewStaticCredentialsProvider(connectsim.DefaultKey, connectsim.DefaultSecret, ""),
	})
	got, err := client.DescribeUser(t.Context(), &connect.DescribeUserInput{
		InstanceId: aws.String(s.connect.InstanceID()), UserId: aws.String(e.New),
	})
	must(t, err)
	for _, id := range got.User.SecurityProfileIds {
		rights = append(rights, nameOf(s.made.Security, id))
	}
	return rights, nameOf(s.made.Profiles, aws.ToString(got.User.RoutingProfileId))
}

func nameOf(ids map[string]string, id string) string {
	for name, other := range ids {
		if other == id {
			return name
		}
	}
	return id
}

// moved is where an employee stands after a move, given where they stood before.
func (s *site) moved(e employee, before standing) standing {
	profile := e.Queues[0] + " only"
	if len(e.Queues) > 1 {
		profile = connectsim.EveryQueue
	}
	sets := append(slices.Clone(before.PermissionSets), grant)
	slices.Sort(sets)
	return standing{
		CallCenter: s.crm.NewCallCenter, PermissionSets: sets, Licenses: before.Licenses + 1,
		Route: []dualtone.Side{dualtone.New, dualtone.Old}, Forward: reachPrefix + e.Extension,
		NewQueues: e.Queues, Rights: []string{connectsim.AgentRights}, Profile: profile,
	}
}

// judge checks that everybody is wholly on the side that dualtone says they are
// on, exactly as before or exactly as moved, and that their journal agrees.
func (s *site) judge(t tester, before map[string]standing) (on map[dualtone.Side]int) {
	t.Helper()
	on = map[dualtone.Side]int{}
	now := s.standings(t)
	for _, e := range s.people {
		p, err := s.stores.Person(t.Context(), e.person())
		must(t, err)
		on[p.Side]++
		want := before[e.ID]
		if p.Side == dualtone.New {
			want = s.moved(e, before[e.ID])
		}
		if diff := cmp.Diff(want, now[e.ID], orEmpty()); diff != "" {
			t.Errorf("%s is said to be on the %s side (%s: %s) and is not wholly there (-want +got):\n%s", e.ID, p.Side, p.State, p.Detail, diff)
		}
		if p.State == cutover.RestoreDrift || p.State == cutover.Unknown || p.State != "" && !p.State.Final() {
			t.Errorf("%s ended %s: %s", e.ID, p.State, p.Detail)
		}
		s.checkJournal(t, e, p, now[e.ID])
		if t.Failed() {
			s.tellJournal(t, e)
			t.Fatalf("%s is the first of whom something is wrong", e.ID)
		}
	}
	return on
}

func orEmpty() cmp.Option {
	return cmp.FilterValues(func(a, b []string) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())
}
