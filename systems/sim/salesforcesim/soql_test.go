package salesforcesim

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestQueriesFindWhoTheyMean(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30, Options{})
	if err := w.org.Change("User", w.people.Users[4], Values{"CallCenterId": w.people.NewCallCenter, "Extension": nil, "Title": "50%"}); err != nil {
		t.Fatal(err)
	}
	fifth := w.people.Users[4]
	for where, want := range map[string]int{
		"CallCenterId = '" + w.people.NewCallCenter[:15] + "'":                      1,
		"CallCenterId != '" + w.people.NewCallCenter + "' AND CallCenterId != null": 29,
		"callcenterid = null":                                            1,
		"Id IN ('" + fifth + "', '" + fifth[:15] + "')":                  1,
		"Id NOT IN ('" + fifth + "')":                                    30,
		"Username LIKE 'agent000_@%'":                                    9,
		"NOT Username LIKE 'agent%'":                                     1,
		"Username = 'AGENT0001@example.com'":                             1,
		"Extension = '2001' OR Extension = '2002'":                       2,
		"Extension = null AND CallCenterId != null":                      1,
		"(Extension = '2001' OR Extension = '2002') AND IsActive = TRUE": 2,
		"Profile.Name = 'Standard User'":                                 30,
		"Profile.Name IN ('System Administrator') AND IsActive = true":   1,
		"CreatedDate = TODAY":                                            31,
		"CreatedDate < 2026-11-02T08:00:00Z":                             0,
		"CreatedDate >= 2026-11-02T09:00:00+01:00":                       31,
		"LastModifiedDate = LAST_N_DAYS:7":                               31,
		"Id IN (SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Old_Phone_Agent')": 30,
		`LastName = 'O\'Hara'`:                       0,
		`Title LIKE '50\%'`:                          1,
		"LastName > 'Number 0028'":                   2,
		"UserPermissionsCallCenterAutoLogin = false": 31,
	} {
		if got := w.soql("SELECT Id FROM User WHERE " + where); len(got) != want {
			t.Errorf("%s: got %d, want %d", where, len(got), want)
		}
	}
}

func TestQueriesAnswerInTheFormAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5, Options{})
	got := w.soql("SELECT Id, Profile.Name, Profile.Id, Manager.Name FROM User WHERE Username LIKE 'agent%' ORDER BY Username DESC LIMIT 2 OFFSET 1")
	if len(got) != 2 || got[0]["Id"] != w.people.Users[3] || got[0]["Manager"] != nil {
		t.Fatalf("got %v", got)
	}
	profile, _ := got[0]["Profile"].(map[string]any)
	if profile["Name"] != "Standard User" || profile["attributes"] == nil || profile["Id"] == nil {
		t.Errorf("parent: %v", profile)
	}
	w.ask("SELECT COUNT() FROM User").want(http.StatusOK, `"totalSize":6`)
	lines := w.soql("SELECT CallCenterId, COUNT(Id) n, MAX(Extension) FROM User GROUP BY CallCenterId ORDER BY COUNT(Id) DESC")
	if len(lines) != 2 || lines[0]["n"] != 5.0 || lines[0]["expr0"] != "2005" || lines[0]["CallCenterId"] != w.people.OldCallCenter {
		t.Errorf("groups: %v", lines)
	}
}

func TestQueriesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	for query, code := range map[string]string{
		"SELECT Id, CallCenter.Name FROM User":                                 "INVALID_FIELD",
		"SELECT Id, Nothing FROM User":                                         "INVALID_FIELD",
		"SELECT Id FROM Nothing":                                               "INVALID_TYPE",
		"SELECT Id FRM User":                                                   "MALFORMED_QUERY",
		"SELECT Id FROM User WHERE":                                            "MALFORMED_QUERY",
		"SELECT Id FROM User WHERE Id = 'x":                                    "MALFORMED_QUERY",
		"SELECT Id FROM User WHERE IsActive = true OR Id = null AND Id = null": "MALFORMED_QUERY",
		"SELECT Id FROM User WHERE IsActive = 'true'":                          "INVALID_FIELD",
		"SELECT Id FROM User WHERE Extension = 2001":                           "INVALID_FIELD",
		"SELECT Id FROM User WHERE Id = 'abc'":                                 "INVALID_QUERY_FILTER_OPERATOR",
		"SELECT Id FROM User WHERE CallCenterId LIKE '04v%'":                   "INVALID_QUERY_FILTER_OPERATOR",
		"SELECT Id FROM Task WHERE Description = 'x'":                          "can not be filtered",
		"SELECT Id FROM User LIMIT x":                                          "MALFORMED_QUERY",
		"SELECT Id FROM User OFFSET 2001":                                      "NUMBER_OUTSIDE_VALID_RANGE",
		"SELECT Id, COUNT(Name) FROM User GROUP BY Name":                       "MALFORMED_QUERY",
		"": "MALFORMED_QUERY",
	} {
		a := w.ask(query)
		if a.status != http.StatusBadRequest || !strings.Contains(a.text, code) {
			t.Errorf("%s: got %d %s, want %s", query, a.status, a.text, code)
		}
	}
}

func TestLongAnswersComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4001, Options{})
	path := "/query?q=" + url.QueryEscape("SELECT Id FROM User")
	var sizes []int
	for seen := map[string]bool{}; path != ""; {
		a := w.call(http.MethodGet, path, nil)
		var page struct {
			Done      bool             `json:"done"`
			TotalSize int              `json:"totalSize"`
			Next      string           `json:"nextRecordsUrl"`
			Records   []map[string]any `json:"records"`
		}
		a.into(&page)
		if page.Done != (page.Next == "") || page.TotalSize != 4002 {
			t.Fatalf("done %v, next %q, total %d", page.Done, page.Next, page.TotalSize)
		}
		for _, r := range page.Records {
			id, _ := r["Id"].(string)
			if seen[id] {
				t.Fatalf("%s came twice", id)
			}
			seen[id] = true
		}
		sizes = append(sizes, len(page.Records))
		path = strings.TrimPrefix(page.Next, "/services/data/v62.0")
	}
	if fmt.Sprint(sizes) != "[2000 2000 2]" {
		t.Errorf("pages of %v", sizes)
	}
	a := w.send(http.MethodGet, "/services/data/v62.0/query?q="+url.QueryEscape("SELECT Id FROM User"),
		map[string]string{"Authorization": "Bearer " + w.token, "Sforce-Query-Options": "batchSize=250"}, "")
	a.want(http.StatusOK, "-250")
	w.call(http.MethodGet, "/query/01gnothing-2000", nil).want(http.StatusBadRequest, "INVALID_QUERY_LOCATOR")
}

func FuzzAQueryNeverBreaksTheOrg(f *testing.F) {
	for _, seed := range []string{
		"SELECT Id, Profile.Name FROM User WHERE (IsActive = true OR NOT Extension IN ('1', '2')) AND CreatedDate > LAST_N_DAYS:3 ORDER BY Name DESC NULLS LAST LIMIT 3 OFFSET 1",
		"SELECT COUNT(Id) n, CallCenterId FROM User GROUP BY CallCenterId",
		"SELECT FIELDS(ALL) FROM User LIMIT 200",
		"SELECT COUNT() FROM User WHERE Id IN (SELECT AssigneeId FROM PermissionSetAssignment)",
		`SELECT Id FROM User WHERE Name LIKE '\%_\_' AND LastLoginDate = null`,
		"SELECT Id FROM Task WHERE CallDurationInSeconds >= -1.5e3 FOR VIEW",
	} {
		f.Add(seed)
	}
	org, err := NewOrg(OrgOptions{})
	if err != nil {
		f.Fatal(err)
	}
	org.Populate(Population{Users: 3})
	f.Fuzz(func(t *testing.T, text string) {
		q, bad := parse(text)
		if bad != nil {
			return
		}
		org.mu.Lock()
		defer org.mu.Unlock()
		if hits, bad := org.find(q); bad == nil && !q.count {
			if _, err := (members{{"records", org.records(hits, "v62.0")}}).MarshalJSON(); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzIDsKeepTheirForm(f *testing.F) {
	f.Add("005Ka00000ABCDE")
	f.Add(newID("04v", 7))
	f.Fuzz(func(t *testing.T, text string) {
		long, ok := longForm(text)
		if !ok {
			return
		}
		again, ok := longForm(strings.ToLower(long))
		if !ok || again != long {
			t.Errorf("%q became %q and %q", text, long, again)
		}
	})
}
