package salesforce_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/salesforce"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
	"github.com/dualtone/dualtone/systems/systemtest"
)

const (
	clientSecret = "s3cret-of-the-app"
	oldSet       = "Old_Phone_Agent"
	licensedSet  = "Cloud_Phone_Agent"
	freeSet      = "Cloud_Reports"
)

func TestSalesforceIsACRM(t *testing.T) {
	t.Parallel()
	systemtest.RunCRM(t, systemtest.CRMHarness{Spec: salesforce.Spec(), Start: start})
}

// company is a simulated org and how to connect to it.
type company struct {
	org    *salesforcesim.Org
	server *salesforcesim.Server
	made   salesforcesim.Populated
	config salesforce.Config
}

func found(t *testing.T, setup systemtest.CRMSetup) company {
	t.Helper()
	org, err := salesforcesim.NewOrg(salesforcesim.OrgOptions{Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	c := company{org: org, made: org.Populate(salesforcesim.Population{Users: setup.Users})}
	c.server, err = salesforcesim.Start(org, salesforcesim.Options{
		Apps:         []salesforcesim.App{{ConsumerKey: "app", ConsumerSecret: clientSecret, RunAs: "admin@example.com"}},
		BatchSize:    setup.Page,
		RequestLimit: 100_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	c.config = salesforce.Config{
		MyDomain: c.server.URL(), ConsumerKey: "app", ConsumerSecret: clientSecret,
		PermissionSets: []string{oldSet, licensedSet, freeSet},
		Licenses:       map[string]string{licensedSet: "CloudPhonePsl"},
		Organization:   org.ID(), Sandbox: true,
	}
	return c
}

func start(t *testing.T, setup systemtest.CRMSetup) *systemtest.CRMBench {
	t.Helper()
	c := found(t, setup)
	wrong := c.config
	wrong.ConsumerSecret = "not-the-secret"
	users := make([]dualtone.UserID, len(c.made.Users))
	for i, id := range c.made.Users {
		users[i] = dualtone.UserID(id)
	}
	return &systemtest.CRMBench{
		Settings: settings(c.config), Wrong: settings(wrong),
		Secrets: []string{clientSecret, "not-the-secret", c.org.ID()[:15] + "!"},
		Users:   users, Unknown: "005999999999999AAA", Others: 1,
		Phones: []dualtone.Softphone{
			{CallCenter: dualtone.CallCenterID(c.made.OldCallCenter), PermissionSets: []string{oldSet}},
			{CallCenter: dualtone.CallCenterID(c.made.NewCallCenter), AutoLogin: true, PermissionSets: []string{licensedSet, freeSet}},
			{AutoLogin: true, PermissionSets: []string{freeSet}},
		},
		CallCenter: "OldPbx",
		Faults:     c.org.Faults,
		Peer: systemtest.CRMPeer{
			Softphone: c.softphone, Put: c.put, Log: c.log, Writes: c.writes,
			Expire:  func(testing.TB) { c.server.ExpireSessions() },
			Refresh: c.refresh,
		},
	}
}

func settings(config salesforce.Config) systems.Decode {
	return func(into any) error {
		to, ok := into.(*salesforce.Config)
		if !ok {
			return dualtone.ErrInvalid
		}
		*to = config
		return nil
	}
}

func (c company) sets() map[string]string {
	return map[string]string{oldSet: c.made.OldSet, licensedSet: c.made.LicensedSet, freeSet: c.made.FreeSet}
}

func (c company) softphone(tb testing.TB, user dualtone.UserID) dualtone.Softphone {
	tb.Helper()
	u, ok := c.org.Record(string(user))
	if !ok {
		tb.Fatalf("no user %s", user)
	}
	var s dualtone.Softphone
	if id, ok := u["CallCenterId"].(string); ok {
		s.CallCenter = dualtone.CallCenterID(id)
	}
	s.AutoLogin = u["UserPermissionsCallCenterAutoLogin"] == true
	for _, id := range c.org.Find("PermissionSetAssignment", "AssigneeId", string(user)) {
		assigned, _ := c.org.Record(id)
		for name, set := range c.sets() {
			if assigned["PermissionSetId"] == set {
				s.PermissionSets = append(s.PermissionSets, name)
			}
		}
	}
	slices.Sort(s.PermissionSets)
	return s
}

func (c company) put(tb testing.TB, user dualtone.UserID, to dualtone.Softphone) {
	tb.Helper()
	check := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	for _, id := range c.org.Find("PermissionSetAssignment", "AssigneeId", string(user)) {
		check(c.org.Delete("PermissionSetAssignment", id))
	}
	for _, name := range to.PermissionSets {
		if name == licensedSet && len(c.org.Find("PermissionSetLicenseAssign", "AssigneeId", string(user))) == 0 {
			_, err := c.org.Create("PermissionSetLicenseAssign", salesforcesim.Values{"AssigneeId": string(user), "PermissionSetLicenseId": c.made.License})
			check(err)
		}
		_, err := c.org.Create("PermissionSetAssignment", salesforcesim.Values{"AssigneeId": string(user), "PermissionSetId": c.sets()[name]})
		check(err)
	}
	var callCenter any
	if to.CallCenter != "" {
		callCenter = string(to.CallCenter)
	}
	check(c.org.Change("User", string(user), salesforcesim.Values{
		"CallCenterId": callCenter, "UserPermissionsCallCenterAutoLogin": to.AutoLogin,
	}))
}

// log records a call as a softphone does.
func (c company) log(tb testing.TB, call dualtone.LoggedCall) string {
	tb.Helper()
	way := strings.ToUpper(call.Way[:1]) + call.Way[1:]
	values := salesforcesim.Values{"CallType": way, "CallDurationInSeconds": call.Duration.Seconds(), "OwnerId": string(call.User)}
	object := "Task"
	if call.Kind == dualtone.VoiceCall {
		object = "VoiceCall"
		values["VendorCallKey"], values["UserId"] = call.Key, string(call.User)
		values["CallStartDateTime"] = call.Started.Format(time.RFC3339)
		for name, text := range map[string]string{"FromPhoneNumber": call.From, "ToPhoneNumber": call.To, "CallDisposition": call.Result} {
			if text != "" {
				values[name] = text
			}
		}
	} else {
		values["TaskSubtype"], values["Status"] = "Call", "Completed"
		values["CallObject"], values["CallDisposition"] = call.Key, call.Result
	}
	id, err := c.org.Create(object, values)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// refresh replaces the org. Whoever set up the app again named its user again,
// so that it can sign in and only the guard is left to refuse.
func (c company) refresh(tb testing.TB) {
	tb.Helper()
	c.org.Refresh("uat", salesforcesim.KeepCallCenters)
	if err := c.org.Change("User", c.org.Admin(), salesforcesim.Values{"Username": "admin@example.com"}); err != nil {
		tb.Fatal(err)
	}
}

func (c company) writes(testing.TB) int {
	n := 0
	for _, change := range c.org.Changes(salesforcesim.Filter{}) {
		if change.Via == "rest" || change.Via == "metadata" {
			n++
		}
	}
	return n
}

// TestRequestsAreCounted keeps the cost of each call of the ports, which the
// README tells.
func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	c := found(t, systemtest.CRMSetup{Users: 450})
	var requests atomic.Int64
	crm, err := salesforce.Spec().OpenCRM(t.Context(), "crm", settings(c.config), systems.Deps{
		Transport: http.DefaultTransport, Now: time.Now,
		Pace: func(context.Context, string) error { requests.Add(1); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	old := dualtone.Softphone{CallCenter: dualtone.CallCenterID(c.made.OldCallCenter), PermissionSets: []string{oldSet}}
	plain := dualtone.Softphone{CallCenter: dualtone.CallCenterID(c.made.NewCallCenter), PermissionSets: []string{oldSet}}
	licensed := dualtone.Softphone{CallCenter: dualtone.CallCenterID(c.made.NewCallCenter), PermissionSets: []string{licensedSet}}
	move := func(n int, from, to dualtone.Softphone) func() error {
		return func() error {
			var changes []systems.SoftphoneChange
			for _, id := range c.made.Users[:n] {
				changes = append(changes, systems.SoftphoneChange{User: dualtone.UserID(id), From: from, To: to})
			}
			for _, err := range crm.Softphones.SetSoftphones(t.Context(), changes) {
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	user := dualtone.UserID(c.made.Users[0])
	for _, cost := range []struct {
		name string
		want int64
		do   func() error
	}{
		{"sign-in and check", 2, func() error { _, err := crm.Health.Check(t.Context()); return err }},
		{"check", 1, func() error { _, err := crm.Health.Check(t.Context()); return err }},
		{"user", 1, func() error { _, err := crm.Directory.User(t.Context(), user); return err }},
		{"softphone", 1, func() error { _, err := crm.Softphones.Softphone(t.Context(), user); return err }},
		{"200 call centers", 3, move(200, old, plain)},
		{"200 call centers again", 1, move(200, old, plain)},
		{"200 call centers back", 3, move(200, plain, old)},
		{"200 moves, ids of permission sets", 7, move(200, old, licensed)},
		{"200 moves back", 6, move(200, licensed, old)},
		{"450 moves", 3 * 6, move(450, old, licensed)},
	} {
		before := requests.Load()
		if err := cost.do(); err != nil {
			t.Fatalf("%s: %v", cost.name, err)
		}
		if got := requests.Load() - before; got != cost.want {
			t.Errorf("%s: %d requests, want %d", cost.name, got, cost.want)
		}
	}
}

func TestAnOrgLetsInWhoeverHoldsThePrivateKey(t *testing.T) {
	t.Parallel()
	org, err := salesforcesim.NewOrg(salesforcesim.OrgOptions{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	server, err := salesforcesim.Start(org, salesforcesim.Options{Apps: []salesforcesim.App{{ConsumerKey: "app", PublicKey: &key.PublicKey}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	for user, want := range map[string]string{"admin@example.com": "", "nobody@example.com": "denied"} {
		crm, err := open(t, salesforce.Config{
			MyDomain: server.URL(), ConsumerKey: "app", Username: user,
			PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := crm.Health.Check(t.Context()); dualtone.Kind(err) != want {
			t.Errorf("%s: got %v, want %q", user, err, want)
		}
	}
}

func TestALockedUserIsAloneInFailing(t *testing.T) {
	t.Parallel()
	c := found(t, systemtest.CRMSetup{Users: 3})
	crm := mustOpen(t, c.config)
	c.org.Faults.Inject(sim.Fault{Kind: salesforcesim.LockedRow, Op: "PATCH", About: c.made.Users[1]})
	var changes []systems.SoftphoneChange
	for _, id := range c.made.Users {
		changes = append(changes, systems.SoftphoneChange{
			User: dualtone.UserID(id),
			From: dualtone.Softphone{CallCenter: dualtone.CallCenterID(c.made.OldCallCenter), PermissionSets: []string{oldSet}},
			To:   dualtone.Softphone{CallCenter: dualtone.CallCenterID(c.made.NewCallCenter), PermissionSets: []string{freeSet}},
		})
	}
	if diff := cmp.Diff([]string{"", "unavailable", ""}, kinds(crm.Softphones.SetSoftphones(t.Context(), changes))); diff != "" {
		t.Error(diff)
	}
	if got := c.softphone(t, changes[1].User); !slices.Contains(got.PermissionSets, oldSet) || got.CallCenter != changes[1].From.CallCenter {
		t.Errorf("the locked user has %+v, want the old call center and what belongs to it", got)
	}
	if diff := cmp.Diff([]string{"", "", ""}, kinds(crm.Softphones.SetSoftphones(t.Context(), changes))); diff != "" {
		t.Error(diff)
	}
}

func mustOpen(t *testing.T, config salesforce.Config) *systems.CRM {
	t.Helper()
	crm, err := open(t, config, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return crm
}

func TestAfterALostAnswerTheRestIsStillDone(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"POST /services/data/v62.0/composite/sobjects", "PATCH", "DELETE"} {
		c := found(t, systemtest.CRMSetup{Users: 1})
		c.org.Faults.Inject(sim.Fault{Kind: sim.AnswerLost, Op: op})
		user := dualtone.UserID(c.made.Users[0])
		to := dualtone.Softphone{CallCenter: dualtone.CallCenterID(c.made.NewCallCenter), AutoLogin: true, PermissionSets: []string{licensedSet}}
		errs := mustOpen(t, c.config).Softphones.SetSoftphones(t.Context(), []systems.SoftphoneChange{{
			User: user, From: dualtone.Softphone{CallCenter: dualtone.CallCenterID(c.made.OldCallCenter), PermissionSets: []string{oldSet}}, To: to,
		}})
		if got := c.softphone(t, user); errs[0] != nil || !got.Equal(to) || len(c.org.Faults.Struck()) != 1 {
			t.Errorf("%s lost: got %+v, %v; want %+v", op, got, errs[0], to)
		}
	}
}
