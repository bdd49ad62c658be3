package salesforcesim

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestAUserHasOneCallCenterAndThePatchReplacesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, Options{})
	user := w.people.Users[0]
	w.clock.Advance(time.Minute)
	a := w.call(http.MethodPatch, "/sobjects/User/"+user[:15], Values{"CallCenterId": w.people.NewCallCenter[:15]})
	a.want(http.StatusNoContent, "")
	if a.text != "" {
		t.Errorf("a 204 has a body: %q", a.text)
	}
	records := w.soql("SELECT Id, CallCenterId, LastModifiedDate, SystemModstamp, CreatedDate FROM User WHERE Id = '" + user + "'")
	if len(records) != 1 || records[0]["CallCenterId"] != w.people.NewCallCenter {
		t.Fatalf("got %v", records)
	}
	if records[0]["SystemModstamp"] != "2026-11-02T08:01:00.000+0000" || records[0]["CreatedDate"] == records[0]["LastModifiedDate"] {
		t.Errorf("stamps did not move: %v", records[0])
	}
	history := w.org.Changes(Filter{ID: user, Field: "CallCenterId"})
	if len(history) != 1 || history[0].Old != w.people.OldCallCenter || history[0].New != w.people.NewCallCenter ||
		!history[0].At.Equal(start.Add(time.Minute)) || history[0].By != w.org.Admin() || history[0].Via != "rest" {
		t.Errorf("history: %+v", history)
	}
	w.call(http.MethodPatch, "/sobjects/User/"+user, Values{"CallCenterId": nil}).want(http.StatusNoContent, "")
	if got := w.soql("SELECT Id FROM User WHERE CallCenterId = null AND Id = '" + user + "'"); len(got) != 1 {
		t.Errorf("null did not clear: %v", got)
	}
}

func TestSalesforceRefusesWhatItDoesNotAllow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, Options{})
	user, center := w.people.Users[0], w.people.NewCallCenter
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		"a call center has no update":     {"PATCH", "/sobjects/CallCenter/" + center, Values{"Name": "x"}, 400, "INVALID_TYPE_FOR_OPERATION"},
		"a call center has no delete":     {"DELETE", "/sobjects/CallCenter/" + center, nil, 400, "INVALID_TYPE_FOR_OPERATION"},
		"a user is never deleted":         {"DELETE", "/sobjects/User/" + user, nil, 400, "INVALID_TYPE_FOR_OPERATION"},
		"an id of another kind":           {"PATCH", "/sobjects/User/" + user, Values{"CallCenterId": user}, 400, "MALFORMED_ID"},
		"an id of nothing":                {"PATCH", "/sobjects/User/" + user, Values{"CallCenterId": newID("04v", 99)}, 400, "INVALID_CROSS_REFERENCE_KEY"},
		"a field that is not there":       {"PATCH", "/sobjects/User/" + user, Values{"CallCentreId": center}, 400, "INVALID_FIELD"},
		"a field that is read only":       {"PATCH", "/sobjects/User/" + user, Values{"SystemModstamp": "2026-01-01T00:00:00Z"}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE"},
		"a value of another type":         {"PATCH", "/sobjects/User/" + user, Values{"IsActive": 7}, 400, "INVALID_TYPE_ON_FIELD_IN_RECORD"},
		"a required field cleared":        {"PATCH", "/sobjects/User/" + user, Values{"LastName": nil}, 400, "REQUIRED_FIELD_MISSING"},
		"a text that is too long":         {"PATCH", "/sobjects/User/" + user, Values{"Extension": strings.Repeat("1", 41)}, 400, "STRING_TOO_LONG"},
		"a username that is taken":        {"PATCH", "/sobjects/User/" + user, Values{"Username": "AGENT0002@example.com"}, 400, "DUPLICATE_USERNAME"},
		"a federation id that is taken":   {"PATCH", "/sobjects/User/" + user, Values{"FederationIdentifier": "agent0002"}, 400, "DUPLICATE_VALUE"},
		"a body that is no JSON object":   {"PATCH", "/sobjects/User/" + user, []int{1}, 400, "JSON_PARSER_ERROR"},
		"a user who is not there":         {"PATCH", "/sobjects/User/" + newID("005", 9999), Values{"Extension": "1"}, 404, "NOT_FOUND"},
		"an object that is not there":     {"GET", "/sobjects/Nothing/" + user, nil, 404, "NOT_FOUND"},
		"an assignment that exists":       {"POST", "/sobjects/PermissionSetAssignment", Values{"AssigneeId": user, "PermissionSetId": w.people.OldSet}, 400, "DUPLICATE_VALUE"},
		"a set without its license":       {"POST", "/sobjects/PermissionSetAssignment", Values{"AssigneeId": user, "PermissionSetId": w.people.LicensedSet}, 400, "FIELD_INTEGRITY_EXCEPTION"},
		"an assignment of nothing":        {"POST", "/sobjects/PermissionSetAssignment", Values{"AssigneeId": user}, 400, "FIELD_INTEGRITY_EXCEPTION"},
		"an assignment to nobody":         {"POST", "/sobjects/PermissionSetAssignment", Values{"PermissionSetId": w.people.FreeSet}, 400, "REQUIRED_FIELD_MISSING"},
		"a call type that does not exist": {"POST", "/sobjects/Task", Values{"CallType": "Sideways"}, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := len(w.org.Changes(Filter{}))
			w.call(c.method, c.path, c.body).want(c.status, c.code)
			if after := len(w.org.Changes(Filter{})); after != before {
				t.Errorf("a refused write left %d changes", after-before)
			}
		})
	}
}

func TestLicensesAreCountedAndRunOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, Options{})
	give := func(n int) got {
		return w.call(http.MethodPost, "/sobjects/PermissionSetLicenseAssign",
			Values{"AssigneeId": w.people.Users[n], "PermissionSetLicenseId": w.people.License})
	}
	var held string
	for n := range 3 {
		a := give(n)
		a.want(http.StatusCreated, `"success":true`)
		held, _ = a.object()["id"].(string)
	}
	give(3).want(http.StatusBadRequest, "LICENSE_LIMIT_EXCEEDED")
	give(2).want(http.StatusBadRequest, "DUPLICATE_VALUE")
	used := w.soql("SELECT TotalLicenses, UsedLicenses FROM PermissionSetLicense")
	if used[0]["UsedLicenses"] != 3.0 || used[0]["TotalLicenses"] != 3.0 {
		t.Errorf("got %v", used)
	}
	a := w.call(http.MethodPost, "/sobjects/PermissionSetAssignment", Values{"AssigneeId": w.people.Users[2], "PermissionSetId": w.people.LicensedSet})
	a.want(http.StatusCreated, "")
	w.call(http.MethodDelete, "/sobjects/PermissionSetLicenseAssign/"+held, nil).want(http.StatusBadRequest, "FIELD_INTEGRITY_EXCEPTION")
	assignment, _ := a.object()["id"].(string)
	w.call(http.MethodDelete, "/sobjects/PermissionSetAssignment/"+assignment, nil).want(http.StatusNoContent, "")
	w.call(http.MethodDelete, "/sobjects/PermissionSetAssignment/"+assignment, nil).want(http.StatusNotFound, "ENTITY_IS_DELETED")
	w.call(http.MethodDelete, "/sobjects/PermissionSetLicenseAssign/"+held, nil).want(http.StatusNoContent, "")
	give(3).want(http.StatusCreated, "")
}

func TestNobodyGivesLicensesToThoseWhoLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, Options{})
	user := w.people.Users[1]
	w.call(http.MethodPatch, "/sobjects/User/"+user, Values{"IsActive": false}).want(http.StatusNoContent, "")
	w.call(http.MethodPost, "/sobjects/PermissionSetLicenseAssign", Values{"AssigneeId": user, "PermissionSetLicenseId": w.people.License}).
		want(http.StatusBadRequest, "INACTIVE_OWNER_OR_USER")
	w.call(http.MethodPost, "/sobjects/Task", Values{"OwnerId": user}).want(http.StatusBadRequest, "INACTIVE_OWNER_OR_USER")
}

func TestOnlyWhoManagesUsersMayWriteThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, Options{})
	agent := w.tokenOf("plain")
	change := Values{"CallCenterId": w.people.NewCallCenter}
	w.callWith(agent, http.MethodPatch, "/sobjects/User/"+w.people.Users[1], change).
		want(http.StatusBadRequest, "INSUFFICIENT_ACCESS_OR_READONLY")
	w.callWith(agent, http.MethodGet, "/sobjects/User/"+w.people.Users[1], nil).want(http.StatusOK, "CallCenterId")
}

func TestCollectionsAnswerEveryRecordInItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, Options{})
	user := func(id string, center any) Values {
		return Values{"attributes": Values{"type": "User"}, "id": id, "CallCenterId": center}
	}
	body := func(all bool, records ...Values) Values { return Values{"allOrNone": all, "records": records} }
	u, center := w.people.Users, w.people.NewCallCenter
	a := w.call(http.MethodPatch, "/composite/sobjects", body(false,
		user(u[0], center), user(u[1], u[2]), user(newID("005", 999), center), user(u[3], center)))
	if want := "ok MALFORMED_ID INVALID_CROSS_REFERENCE_KEY ok"; a.status != http.StatusOK || a.codes() != want {
		t.Errorf("got %d %s, want %s", a.status, a.text, want)
	}
	before := len(w.org.Changes(Filter{}))
	a = w.call(http.MethodPatch, "/composite/sobjects", body(true, user(u[0], nil), user(u[1], u[2])))
	if want := "ALL_OR_NONE_OPERATION_ROLLED_BACK MALFORMED_ID"; a.codes() != want {
		t.Errorf("got %s, want %s", a.text, want)
	}
	if r, _ := w.org.Record(u[0]); r["CallCenterId"] != center || len(w.org.Changes(Filter{})) != before {
		t.Error("all or none left something behind")
	}
	var many []Values
	for range 201 {
		many = append(many, user(u[0], center))
	}
	w.call(http.MethodPatch, "/composite/sobjects", body(false, many...)).want(http.StatusBadRequest, "EXCEEDED_ID_LIMIT")
	w.call(http.MethodPost, "/composite/sobjects", body(false,
		Values{"attributes": Values{"type": "PermissionSetAssignment"}, "AssigneeId": u[0], "PermissionSetId": w.people.FreeSet},
		Values{"attributes": Values{"type": "Task"}, "Subject": "x"},
	)).want(http.StatusBadRequest, "MIXED_DML_OPERATION")
}

func TestCompositeIsOneTransactionWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, Options{})
	part := func(ref, method, path string, body any) Values {
		return Values{"method": method, "url": "/services/data/v62.0" + path, "referenceId": ref, "body": body}
	}
	user := w.people.Users[0]
	move := part("move", "PATCH", "/sobjects/User/"+user, Values{"CallCenterId": w.people.NewCallCenter})
	statuses := func(a got) (codes []any) {
		parts, _ := a.object()["compositeResponse"].([]any)
		for _, p := range parts {
			one, _ := p.(map[string]any)
			codes = append(codes, one["httpStatusCode"])
		}
		return codes
	}
	a := w.call(http.MethodPost, "/composite", Values{"allOrNone": true, "compositeRequest": []Values{
		move, part("bad", "PATCH", "/sobjects/User/"+user, Values{"Nothing": 1}), part("later", "GET", "/sobjects/User/"+user, nil),
	}})
	a.want(http.StatusOK, "PROCESSING_HALTED")
	if r, _ := w.org.Record(user); r["CallCenterId"] != w.people.OldCallCenter {
		t.Error("the first part was not taken back")
	}
	a = w.call(http.MethodPost, "/composite", Values{"allOrNone": true, "compositeRequest": []Values{
		part("lic", "POST", "/sobjects/PermissionSetLicenseAssign", Values{"AssigneeId": user, "PermissionSetLicenseId": w.people.License}),
		part("set", "POST", "/sobjects/PermissionSetAssignment", Values{"AssigneeId": user, "PermissionSetId": w.people.LicensedSet}),
		move,
		part("read", "GET", "/sobjects/PermissionSetAssignment/@{set.id}", nil),
	}})
	if got := statuses(a); len(got) != 4 || got[0] != 201.0 || got[1] != 201.0 || got[2] != 204.0 || got[3] != 200.0 {
		t.Errorf("got %s", a.text)
	}
	w.call(http.MethodPost, "/composite", Values{"allOrNone": true, "compositeRequest": []Values{
		move, part("task", "POST", "/sobjects/Task", Values{"Subject": "x"}),
	}}).want(http.StatusOK, "MIXED_DML_OPERATION")
	w.call(http.MethodPost, "/composite", Values{"compositeRequest": []Values{
		move, part("task", "POST", "/sobjects/Task", Values{"Subject": "x"}),
	}}).want(http.StatusOK, `"httpStatusCode":201`)
}

func TestACollectionHasItsLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	var mixed []Values
	for range 6 {
		mixed = append(mixed,
			Values{"attributes": Values{"type": "Task"}, "Subject": "x"},
			Values{"attributes": Values{"type": "Contact"}, "LastName": "y"})
	}
	w.call(http.MethodPost, "/composite/sobjects", Values{"records": mixed}).want(http.StatusBadRequest, "LIMIT_EXCEEDED")
	if a := w.call(http.MethodPost, "/composite/sobjects", Values{"records": mixed[:10]}); strings.Count(a.codes(), "ok") != 10 {
		t.Errorf("got %s", a.text)
	}
	parts := func(n int, path string) (all []Values) {
		for i := range n {
			all = append(all, Values{"method": "GET", "url": "/services/data/v62.0" + path, "referenceId": "r" + strconv.Itoa(i)})
		}
		return all
	}
	w.call(http.MethodPost, "/composite", Values{"compositeRequest": parts(26, "/limits")}).want(http.StatusBadRequest, "LIMIT_EXCEEDED")
	w.call(http.MethodPost, "/composite", Values{"compositeRequest": parts(6, "/query?q=SELECT+Id+FROM+User")}).want(http.StatusBadRequest, "LIMIT_EXCEEDED")
	a := w.call(http.MethodPost, "/composite", Values{"compositeRequest": parts(5, "/query?q=SELECT+Id+FROM+User")})
	a.want(http.StatusOK, `"totalSize":2`)
	b := w.call(http.MethodGet, "/limits", nil)
	if before, after := a.header.Get("Sforce-Limit-Info"), b.header.Get("Sforce-Limit-Info"); before != "api-usage=5/15000" || after != "api-usage=6/15000" {
		t.Errorf("a composite counts as one call: %s, then %s", before, after)
	}
}

func TestEitherFormOfAnIDIsTheSameRecord(t *testing.T) {
	t.Parallel()
	// Worked out by hand: of 001A0 the fourth is a capital, of 00000 none, of
	// 6Vm9u the second; so the letters at 8, 0 and 2.
	if got := checksum("001A0000006Vm9u"); got != "IAC" {
		t.Errorf("got %s", got)
	}
	w := newWorld(t, 1, Options{})
	long := w.people.Users[0]
	for _, form := range []string{long, long[:15], strings.ToLower(long)} {
		w.call(http.MethodGet, "/sobjects/User/"+form, nil).want(http.StatusOK, long)
	}
	w.call(http.MethodGet, "/sobjects/User/"+w.people.OldCallCenter, nil).want(http.StatusNotFound, "NOT_FOUND")
}
