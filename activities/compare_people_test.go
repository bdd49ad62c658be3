package activities_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/routingtest"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/amazonconnect"
	"github.com/dualtone/dualtone/systems/asterisk"
	"github.com/dualtone/dualtone/systems/salesforce"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
	"github.com/dualtone/dualtone/systems/systemtest"
)

// floor is a stage of many people on three simulated systems, all of them on the
// new side.
type floor struct {
	*office

	user     *activities.User
	requests map[string]*atomic.Int64 // by system
	pbx      *sim.World
	org      *salesforcesim.Org
	accounts []dualtone.Accounts
}

func (f *floor) deps(system string) systems.Deps {
	f.requests[system] = &atomic.Int64{}
	return systems.Deps{Now: time.Now, Transport: http.DefaultTransport, Pace: func(ctx context.Context, _ string) error {
		f.requests[system].Add(1)
		return ctx.Err()
	}}
}

func newFloor(t *testing.T, people int) *floor {
	t.Helper()
	f := &floor{requests: map[string]*atomic.Int64{}, user: &activities.User{Router: &routingtest.Router{}, Now: time.Now}}
	f.openPBX(t, people)
	agents := f.openCloud(t, people)
	users := f.openCRM(t, people)
	var staff []dualtone.Person
	for i := range people {
		a := dualtone.Accounts{CRM: dualtone.UserID(users[i]), Old: dualtone.UserID(strconv.Itoa(firstExtension + i)), New: dualtone.UserID(agents[i])}
		f.accounts = append(f.accounts, a)
		staff = append(staff, dualtone.Person{ID: dualtone.PersonID(fmt.Sprintf("E%04d", i)), Accounts: a, Numbers: []dualtone.Number{dualtone.Number(fmt.Sprintf("+1212555%04d", i))}})
	}
	f.office = newOffice(t, staff...)
	f.user.People, f.user.Switches = f.people, f.people
	for i, p := range staff {
		// Everybody stands as they were found, and is to stand so.
		found, _ := f.user.Preview(t.Context(), activities.Order{Person: p.ID, To: dualtone.New}) // a migration without settings plans nothing
		if len(found.Before) == 0 {
			t.Fatalf("nothing was seen of %s", p.ID)
		}
		if _, err := f.people.Keep(t.Context(), cutover.Switch{
			ID: cutover.SwitchID(fmt.Sprint("s", i)), Person: p.ID, To: dualtone.New, State: cutover.OnNew, Cohort: "emea/pilot", Started: noon(), Before: found.Before,
		}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

const firstExtension = 1001

func (f *floor) openPBX(t *testing.T, people int) {
	t.Helper()
	f.pbx = sim.New(sim.RealTime{})
	asterisksim.Populate(f.pbx, asterisksim.Company{People: people, FirstExtension: firstExtension, Queues: []string{"sales", "support"}})
	s, err := asterisksim.Start(f.pbx, asterisksim.Options{Username: "dualtone", Secret: "secret"})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	host, port, _ := strings.Cut(s.Addr(), ":")
	config := asterisk.Config{Host: host, Username: "dualtone", Secret: "secret", Member: "Local/%s@from-queue/n"}
	_, err = fmt.Sscan(port, &config.Port)
	must(t, err)
	f.user.Old, err = asterisk.Spec().OpenPlatform(t.Context(), "pbx", systemtest.Settings(config), f.deps("pbx"))
	must(t, err)
	t.Cleanup(func() { must(t, f.user.Old.Close()) })
}

func (f *floor) openCloud(t *testing.T, people int) []string {
	t.Helper()
	s, err := connectsim.Start(sim.New(sim.RealTime{}), connectsim.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	made := s.Populate(connectsim.Population{People: people, SignedIn: true, Queues: []string{"Sales"}})
	f.user.New, err = amazonconnect.Spec().OpenPlatform(t.Context(), "cloud", systemtest.Settings(amazonconnect.Config{
		Region: "us-east-1", InstanceID: s.InstanceID(), Endpoint: s.URL(),
		AccessKeyID: connectsim.DefaultKey, SecretAccessKey: connectsim.DefaultSecret, ParkedSecurityProfile: connectsim.Parked,
	}), f.deps("cloud"))
	must(t, err)
	return made.Users
}

func (f *floor) openCRM(t *testing.T, people int) []string {
	t.Helper()
	var err error
	f.org, err = salesforcesim.NewOrg(salesforcesim.OrgOptions{Name: "Acme"})
	must(t, err)
	made := f.org.Populate(salesforcesim.Population{Users: people})
	admin, _ := f.org.Record(f.org.Admin())
	s, err := salesforcesim.Start(f.org, salesforcesim.Options{
		Apps: []salesforcesim.App{{ConsumerKey: "key", ConsumerSecret: "secret", RunAs: fmt.Sprint(admin["Username"])}},
	})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	f.user.CRM, err = salesforce.Spec().OpenCRM(t.Context(), "sf", systemtest.Settings(salesforce.Config{
		MyDomain: strings.TrimSuffix(s.URL(), "/"), ConsumerKey: "key", ConsumerSecret: "secret", PermissionSets: []string{made.OldSet},
	}), f.deps("crm"))
	must(t, err)
	return made.Users
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// crew counts the pages that are read of a stage, and is lost with its worker
// before a page.
type crew struct {
	rollout.Crew

	from []int
	lost int
}

func (c *crew) Users(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error) {
	c.from = append(c.from, q.After)
	if c.lost > 0 && len(c.from) == c.lost {
		return nil, fmt.Errorf("the worker is lost: %w", dualtone.ErrUnavailable)
	}
	return c.Crew.Users(ctx, q)
}

// measure compares the people of the stage in an activity that an earlier attempt
// has left so far, and says how far it left it in turn.
func (f *floor) measure(t *testing.T, c *crew, before any) (r rollout.Reading, after any, err error) {
	t.Helper()
	c.Crew = f.store
	measures := &activities.Measures{Library: f.library, Compare: &activities.Comparison{User: f.user, Crew: c, Now: time.Now}}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{}}})
	env.SetTestTimeout(5 * time.Minute)
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var told map[string]any
		if details.Get(&told) == nil {
			after = told
		}
	})
	if before != nil {
		env.SetHeartbeatDetails(before)
	}
	env.RegisterActivity(measures.Measure)
	value, err := env.ExecuteActivity(measures.Measure, rollout.Measure{
		Plan: "emea", Hash: f.ref().Hash, Stage: "pilot", To: noon(),
		Gate: plan.HealthGate{Name: "reconcile/user_state"},
	})
	if err == nil {
		err = value.Get(&r)
	}
	return r, after, err
}

func TestManyAreReadBackWithFewRequests(t *testing.T) {
	t.Parallel()
	const people = 450
	f := newFloor(t, people)
	must(t, f.pbx.ChangePerson(strconv.Itoa(firstExtension+7), func(p *sim.Person) { p.Forward = "5555" }))
	must(t, f.org.Change("User", string(f.accounts[430].CRM), salesforcesim.Values{"CallCenterId": ""}))
	for _, n := range f.requests {
		n.Store(0)
	}
	r, _, err := f.measure(t, &crew{}, nil)
	must(t, err)
	var keys []string
	for _, d := range r.Differences {
		keys = append(keys, d.Key)
	}
	if want := []string{"E0007 old.forward", "E0430 crm.softphone"}; r.Samples != people || r.Value != 2 || !slices.Equal(keys, want) {
		t.Errorf("%d compared, differences %v (%g), want %v", r.Samples, keys, r.Value, want)
	}
	// A page of softphones a request, one list of accounts, what 100 agents do a
	// request; and both who differ alone, of whom nothing is believed.
	for system, most := range map[string]int64{"crm": 3 + 2, "cloud": 1 + 5 + 2*5, "pbx": 3 + 2*4} {
		if n := f.requests[system].Load(); n > most {
			t.Errorf("%d requests to %s for %d people, want at most %d", n, system, people, most)
		}
	}
}

func (f *floor) person(t *testing.T, id dualtone.PersonID) dualtone.Person {
	t.Helper()
	p, err := f.people.Person(t.Context(), id)
	must(t, err)
	return p.Person
}

func (f *floor) lead(t *testing.T, from, to routing.Route) {
	t.Helper()
	_, err := f.user.Router.Apply(t.Context(), []routing.Change{{From: from, To: to}}, routing.Provenance{Actor: "test", Reason: "test"})
	must(t, err)
}

// Who did not come back is compared with the switch that stands, and who was left out
// with whatever others made of them.
func TestPeopleAreComparedWithTheSwitchThatStands(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 4)
	keep := func(w cutover.Switch) {
		w.Started = noon().Add(time.Hour)
		_, err := f.people.Keep(t.Context(), w)
		must(t, err)
	}
	// A way back that met a call: had it gone on, their phone would be forwarded.
	keep(cutover.Switch{
		ID: "back", Person: "E0000", To: dualtone.Old, State: cutover.Deferred, Undoes: "s0",
		Actions: []cutover.Action{{Facet: cutover.OldForward, To: cutover.Value{Forward: &dualtone.Forward{To: "5555"}}}},
	})
	leave := func(id dualtone.PersonID) {
		_, err := f.store.Mark(t.Context(), rollout.Mark{
			Plan: "emea", Stage: "pilot", People: []dualtone.PersonID{id}, State: cutover.Skipped, Detail: "not by this plan", At: noon(),
		})
		must(t, err)
	}
	leave("E0001")
	leave("E0002")
	keep(cutover.Switch{ID: "home", Person: "E0002", To: dualtone.Old, State: cutover.Restored, Undoes: "s2"})
	given := f.person(t, "E0003")
	none, there := routing.Route{Number: given.Numbers[0]}, routing.Route{Number: given.Numbers[0], Sides: []dualtone.Side{dualtone.New}}
	f.lead(t, none, there)
	moved, err := f.people.Switch(t.Context(), "s3")
	must(t, err)
	moved.ID, moved.Actions = "flipped", []cutover.Action{{
		Facet: cutover.Routes, From: cutover.Value{Routes: []routing.Route{none}}, To: cutover.Value{Routes: []routing.Route{there}},
	}}
	keep(moved)
	given.Numbers = append([]dualtone.Number{"+12125559999"}, given.Numbers...)
	must(t, f.people.Import(t.Context(), []dualtone.Person{given}, cutover.Import{}))
	r, _, err := f.measure(t, &crew{}, nil)
	must(t, err)
	if r.Samples != 4 || len(r.Differences) != 0 {
		t.Errorf("%d compared, differences %+v, want none", r.Samples, r.Differences)
	}
	must(t, f.pbx.ChangePerson(strconv.Itoa(firstExtension+1), func(p *sim.Person) { p.Forward = "6666" }))
	r, _, err = f.measure(t, &crew{}, nil)
	must(t, err)
	if len(r.Differences) != 1 || r.Differences[0].Key != "E0001 old.forward" {
		t.Errorf("once one is not as their own switch left them: %+v", r.Differences)
	}
	// A number is theirs still, whatever the list says, until it is somebody else's.
	f.lead(t, there, routing.Route{Number: there.Number, Sides: []dualtone.Side{dualtone.Old}})
	given.Numbers = given.Numbers[:1]
	must(t, f.people.Import(t.Context(), []dualtone.Person{given}, cutover.Import{}))
	r, _, err = f.measure(t, &crew{}, nil)
	must(t, err)
	if len(r.Differences) != 2 || r.Differences[1].Key != "E0003 routes" {
		t.Errorf("once a number of theirs is led elsewhere: %+v", r.Differences)
	}
}

func TestAComparisonGoesOnWhereALostWorkerWas(t *testing.T) {
	t.Parallel()
	const people = 450
	f := newFloor(t, people)
	must(t, f.pbx.ChangePerson(strconv.Itoa(firstExtension+7), func(p *sim.Person) { p.Forward = "5555" }))
	_, so, err := f.measure(t, &crew{lost: 3}, nil)
	if err == nil || so == nil {
		t.Fatalf("the lost worker ended with %v and left %v", err, so)
	}
	f.requests["crm"].Store(0)
	next := &crew{}
	r, _, err := f.measure(t, next, so)
	must(t, err)
	if r.Samples != people || r.Value != 1 || len(r.Differences) != 1 || r.Differences[0].Key != "E0007 old.forward" {
		t.Errorf("%d compared, differences %+v", r.Samples, r.Differences)
	}
	if next.from[0] < 200 {
		t.Errorf("it began behind position %d, want behind the first page", next.from[0])
	}
	if n := f.requests["crm"].Load(); n > 2 {
		t.Errorf("%d requests to the CRM for what was left", n)
	}
}
