package salesforce_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

var (
	before = dualtone.Softphone{CallCenter: oldDesk, PermissionSets: []string{"Old_Agent"}}
	after  = dualtone.Softphone{CallCenter: newDesk, PermissionSets: []string{"New_Agent"}, AutoLogin: true}
)

const (
	data = "/services/data/v60.0"
	many = data + "/composite/sobjects"
)

// had is the answer about two users as they are before.
func had() string {
	return composite(rows(acme), rows(agent(userA, oldDesk), agent(userB, oldDesk)),
		rows(set("0Pa1", userA, "Old_Agent"), set("0Pa2", userB, "Old_Agent")), rows())
}

func catalog() string {
	return composite(rows(`{"Id":"0PS1","Name":"Old_Agent"}`, `{"Id":"0PS2","Name":"New_Agent"}`), rows(`{"Id":"0PL1","DeveloperName":"PhonePsl"}`))
}

// has is the answer about one user who has all that is wanted, but for the call center.
func hasNow(user, callCenter string) (string, string, string) {
	return strings.Replace(agent(user, callCenter), "false", "true", 1), set("0Pa8", user, "New_Agent"), license("2LA1", user)
}

func moves() []systems.SoftphoneChange {
	return []systems.SoftphoneChange{{User: userA, From: before, To: after}, {User: userB, From: before, To: after}}
}

func kinds(errs []error) []string {
	found := make([]string, len(errs))
	for i, err := range errs {
		found[i] = dualtone.Kind(err)
	}
	return found
}

func TestASoftphoneIsReadWithOneRequest(t *testing.T) {
	t.Parallel()
	s := play(t, step{want: "POST " + data + "/composite", body: composite(rows(agent(userA, oldDesk)), rows(set("0Pa1", userA, "Old_Agent")), rows())})
	got, err := s.open(s.config(), time.Now).Softphones.Softphone(t.Context(), userA)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, got); diff != "" {
		t.Error(diff)
	}
}

func TestALicenseThatTheUserHadBeforeStaysOnTheWayBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		had   []string // answers about the user's licenses beforehand
		own   []string
		taken []string
	}{
		"their own":   {[]string{license("2LA1", userA)}, []string{"PhonePsl"}, []string{"allOrNone=false&ids=0Pa8"}},
		"given by us": {nil, nil, []string{"allOrNone=false&ids=0Pa8", "allOrNone=false&ids=2LA1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			userNow, setNow, licenseNow := hasNow(userA, newDesk)
			was := []string{rows(agent(userA, oldDesk)), rows(set("0Pa1", userA, "Old_Agent")), rows(c.had...)}
			steps := []step{
				{want: "POST " + data + "/composite", body: composite(was...)},
				{want: "POST " + data + "/composite", body: composite(rows(acme), rows(userNow), rows(setNow), rows(licenseNow))},
				{want: "POST " + data + "/composite", body: catalog()},
				{want: "POST " + many, body: "[" + ok + "]"},
				{want: "PATCH " + many, body: "[" + ok + "]"},
			}
			for range c.taken {
				steps = append(steps, step{want: "DELETE " + many, body: "[" + ok + "]"})
			}
			s := play(t, append(steps, step{want: "POST " + data + "/composite", body: composite(append([]string{rows(acme)}, was...)...)})...)
			phones := s.open(s.config(), time.Now).Softphones
			held, err := phones.Softphone(t.Context(), userA)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.own, held.Licenses); diff != "" {
				t.Errorf("licenses of their own (-want +got):\n%s", diff)
			}
			back := systems.SoftphoneChange{User: userA, From: after, To: held}
			if errs := phones.SetSoftphones(t.Context(), []systems.SoftphoneChange{back}); errs[0] != nil {
				t.Error(errs[0])
			}
			if diff := cmp.Diff(c.taken, s.heard[5:5+len(c.taken)]); diff != "" {
				t.Errorf("what was taken (-want +got):\n%s", diff)
			}
		})
	}
}

// The license is granted first. Where nothing came after it, the way back finds
// the softphone from before and takes the license alone.
func TestALicenseThatABrokenOffWriteLeftIsTaken(t *testing.T) {
	t.Parallel()
	was := []string{rows(acme), rows(agent(userA, oldDesk)), rows(set("0Pa1", userA, "Old_Agent"))}
	s := play(t,
		step{want: "POST " + data + "/composite", body: composite(append(was, rows(license("2LA1", userA)))...)},
		step{want: "DELETE " + many, body: "[" + ok + "]"},
		step{want: "POST " + data + "/composite", body: composite(append(was, rows())...)},
	)
	back := systems.SoftphoneChange{User: userA, From: after, To: before}
	if errs := s.open(s.config(), time.Now).Softphones.SetSoftphones(t.Context(), []systems.SoftphoneChange{back}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	if diff := cmp.Diff("allOrNone=false&ids=2LA1", s.heard[1]); diff != "" {
		t.Errorf("what was taken (-want +got):\n%s", diff)
	}
}

func TestGrantsComeFirstThenTheCallCenterThenWhatIsTakenAway(t *testing.T) {
	t.Parallel()
	userNow, setNow, licenseNow := hasNow(userA, newDesk)
	s := play(t,
		step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(agent(userA, oldDesk)), rows(set("0Pa1", userA, "Old_Agent")), rows())},
		step{want: "POST " + data + "/composite", body: catalog()},
		step{want: "POST " + many, body: "[" + ok + "]"},
		step{want: "POST " + many, body: "[" + ok + "]"},
		step{want: "PATCH " + many, body: "[" + ok + "]"},
		step{want: "DELETE " + many, body: "[" + ok + "]"},
		step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(userNow), rows(setNow), rows(licenseNow))},
	)
	errs := s.open(s.config(), time.Now).Softphones.SetSoftphones(t.Context(), moves()[:1])
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	want := []string{
		`{"allOrNone":false,"records":[{"AssigneeId":"` + userA + `","PermissionSetLicenseId":"0PL1","attributes":{"type":"PermissionSetLicenseAssign"}}]}`,
		`{"allOrNone":false,"records":[{"AssigneeId":"` + userA + `","PermissionSetId":"0PS2","attributes":{"type":"PermissionSetAssignment"}}]}`,
		`{"allOrNone":false,"records":[{"CallCenterId":"` + newDesk + `","UserPermissionsCallCenterAutoLogin":true,"attributes":{"type":"User"},"id":"` + userA + `"}]}`,
		`allOrNone=false&ids=0Pa1`,
	}
	if diff := cmp.Diff(want, s.heard[2:6]); diff != "" {
		t.Error(diff)
	}
}

func TestEveryRecordOfABatchIsLookedAt(t *testing.T) {
	t.Parallel()
	userNow, setNow, licenseNow := hasNow(userA, newDesk)
	for code, want := range map[string]string{
		"UNABLE_TO_LOCK_ROW": "unavailable", "INSUFFICIENT_ACCESS_OR_READONLY": "denied", "FIELD_CUSTOM_VALIDATION_EXCEPTION": "invalid",
		"REQUEST_LIMIT_EXCEEDED": "throttled", "INVALID_CROSS_REFERENCE_KEY": "not_found",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			refused := `{"success":false,"errors":[{"statusCode":"` + code + `","message":"no","fields":["CallCenterId"]}]}`
			s := play(t,
				step{want: "POST " + data + "/composite", body: had()},
				step{want: "POST " + data + "/composite", body: catalog()},
				step{want: "POST " + many, body: "[" + ok + "," + ok + "]"},
				step{want: "POST " + many, body: "[" + ok + "," + ok + "]"},
				step{want: "PATCH " + many, body: "[" + ok + "," + refused + "]"},
				// The user who was refused keeps the old permission set.
				step{want: "DELETE " + many, body: "[" + ok + "]"},
				step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(userNow), rows(setNow), rows(licenseNow))},
			)
			errs := s.open(s.config(), time.Now).Softphones.SetSoftphones(t.Context(), moves())
			if diff := cmp.Diff([]string{"", want}, kinds(errs)); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(s.heard[5], "ids=0Pa1") || strings.Contains(s.heard[5], "0Pa2") {
				t.Errorf("deleted %s, want 0Pa1 alone", s.heard[5])
			}
		})
	}
}

func TestAnAssignmentThatIsAlreadyThereIsNoFailure(t *testing.T) {
	t.Parallel()
	userNow, setNow, licenseNow := hasNow(userA, newDesk)
	duplicate := `[{"success":false,"errors":[{"statusCode":"DUPLICATE_VALUE","message":"duplicate value found","fields":[]}]}]`
	s := play(t,
		step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(agent(userA, oldDesk)), rows(set("0Pa1", userA, "Old_Agent")), rows())},
		step{want: "POST " + data + "/composite", body: catalog()},
		step{want: "POST " + many, body: duplicate},
		step{want: "POST " + many, body: duplicate},
		step{want: "PATCH " + many, body: "[" + ok + "]"},
		step{want: "DELETE " + many, body: `[{"success":false,"errors":[{"statusCode":"ENTITY_IS_DELETED","message":"entity is deleted"}]}]`},
		step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(userNow), rows(setNow), rows(licenseNow))},
	)
	if errs := s.open(s.config(), time.Now).Softphones.SetSoftphones(t.Context(), moves()[:1]); errs[0] != nil {
		t.Fatal(errs[0])
	}
}

func TestWhatWasAcceptedAndReadsBackOtherwiseIsNoSuccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ have, want string }{
		"unchanged":     {agent(userA, oldDesk), "unavailable"},
		"somebody else": {agent(userA, "04v000000000003AAA"), "conflict"},
		"gone":          {"", "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users := rows()
			if c.have != "" {
				users = rows(c.have)
			}
			s := play(t,
				step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(agent(userA, oldDesk)), rows(), rows())},
				step{want: "PATCH " + many, body: "[" + ok + "]"},
				step{want: "POST " + data + "/composite", body: composite(rows(acme), users, rows(), rows())},
			)
			errs := s.open(s.config(), time.Now).Softphones.SetSoftphones(t.Context(), []systems.SoftphoneChange{{
				User: userA, From: dualtone.Softphone{CallCenter: oldDesk}, To: dualtone.Softphone{CallCenter: newDesk},
			}})
			if got := dualtone.Kind(errs[0]); got != c.want {
				t.Errorf("got %q (%v), want %q", got, errs[0], c.want)
			}
		})
	}
}

func TestNothingIsWrittenToAnOrgThatIsNotTheRegisteredOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers  string
		sandbox  bool
		register string
	}{
		"another org":         {strings.Replace(acme, orgID, "00D000000000009EAA", 1), false, orgID},
		"no sandbox any more": {acme, true, orgID},
		"none registered":     {acme, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t,
				step{want: "POST " + data + "/composite", body: composite(rows(c.answers), rows(agent(userA, oldDesk)), rows(), rows())},
				step{want: "GET " + data + "/query", body: rows(c.answers)},
			)
			config := s.config()
			config.Organization, config.Sandbox = c.register, c.sandbox
			crm := s.open(config, time.Now)
			if errs := crm.Softphones.SetSoftphones(t.Context(), moves()); dualtone.Kind(errs[0]) != "denied" || dualtone.Kind(errs[1]) != "denied" {
				t.Errorf("got %v, want both denied", errs)
			}
			err := crm.CallCenters.Deploy(t.Context(), systems.CallCenterDefinition{Internal: "New", Name: "New"})
			if dualtone.Kind(err) != "denied" {
				t.Errorf("got %v, want denied", err)
			}
		})
	}
}

func TestAfterARenewedSessionTheOrgIsLookedAtBeforeAWriteIsRepeated(t *testing.T) {
	t.Parallel()
	other := strings.Replace(acme, orgID, "00D000000000009EAA", 1)
	s := play(t,
		step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(agent(userA, oldDesk)), rows(), rows())},
		step{want: "PATCH " + many, status: 401, body: denied("INVALID_SESSION_ID", "Session expired or invalid")},
		step{want: "GET " + data + "/query", body: rows(other)},
	)
	errs := s.open(s.config(), time.Now).Softphones.SetSoftphones(t.Context(), []systems.SoftphoneChange{{
		User: userA, From: dualtone.Softphone{CallCenter: oldDesk}, To: dualtone.Softphone{CallCenter: newDesk},
	}})
	if dualtone.Kind(errs[0]) != "denied" || s.signs != 2 {
		t.Errorf("got %v after %d sign-ins, want denied after 2", errs[0], s.signs)
	}
}

func TestAUserMayNotStandTwiceInOneList(t *testing.T) {
	t.Parallel()
	s := play(t, step{want: "POST " + data + "/composite", body: composite(rows(acme), rows(agent(userA, newDesk)), rows(), rows())})
	change := systems.SoftphoneChange{User: userA, From: dualtone.Softphone{}, To: dualtone.Softphone{CallCenter: "04v000000000002"}}
	short := change
	short.User = "005000000000001"
	errs := s.open(s.config(), time.Now).Softphones.SetSoftphones(t.Context(), []systems.SoftphoneChange{change, short})
	if diff := cmp.Diff([]string{"", "invalid"}, kinds(errs)); diff != "" {
		t.Error(diff)
	}
}
