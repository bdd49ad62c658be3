package salesforcesim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

func TestAnAssertionMustBeTrueAndFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	good := func() map[string]any {
		return map[string]any{
			"iss": "key", "sub": "admin@example.com", "aud": "https://login.salesforce.com", "exp": start.Add(3 * time.Minute).Unix(),
		}
	}
	ask := func(assertion string) got {
		return w.form("/services/oauth2/token", url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion},
		})
	}
	a := ask(w.assertion(good()))
	a.want(http.StatusOK, "access_token")
	for _, absent := range []string{"expires_in", "refresh_token"} {
		if strings.Contains(a.text, absent) {
			t.Errorf("the answer has %s: %s", absent, a.text)
		}
	}
	for name, c := range map[string]struct {
		field string
		value any
		code  string
	}{
		"a consumer nobody knows":   {"iss", "other", "invalid_client_id"},
		"a user nobody knows":       {"sub", "x@example.com", "user hasn't approved this consumer"},
		"a user who is not let in":  {"iss", "plain", "user hasn't approved this consumer"},
		"the audience of a sandbox": {"aud", "https://test.salesforce.com", "audience is invalid"},
		"one that has expired":      {"exp", start.Add(-time.Second).Unix(), "invalid_grant"},
		"one that lives too long":   {"exp", start.Add(time.Hour).Unix(), "invalid_grant"},
	} {
		claims := good()
		claims[c.field] = c.value
		if a := ask(w.assertion(claims)); a.status != http.StatusBadRequest || !strings.Contains(a.text, c.code) {
			t.Errorf("%s: got %d %s", name, a.status, a.text)
		}
	}
	forged := w.assertion(good())
	other := good()
	other["sub"] = "agent0001@example.com"
	parts, swapped := strings.Split(forged, "."), strings.Split(w.assertion(other), ".")
	ask(parts[0]+"."+swapped[1]+"."+parts[2]).want(http.StatusBadRequest, "invalid_grant")
	w.form("/services/oauth2/token", url.Values{
		"grant_type": {"password"}, "client_id": {"key"}, "client_secret": {"secret"}, "username": {"admin@example.com"}, "password": {""},
	}).want(http.StatusBadRequest, "invalid_grant")
}

func TestTokensExpireAndAreRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{TokenLife: time.Hour})
	w.call(http.MethodGet, "/limits", nil).want(http.StatusOK, "")
	w.clock.Advance(time.Hour)
	w.call(http.MethodGet, "/limits", nil).want(http.StatusUnauthorized, "INVALID_SESSION_ID")
	w.token = w.tokenOf("key")
	w.call(http.MethodGet, "/limits", nil).want(http.StatusOK, "")
	w.form("/services/oauth2/revoke", url.Values{"token": {w.token}}).want(http.StatusOK, "")
	w.call(http.MethodGet, "/limits", nil).want(http.StatusUnauthorized, "INVALID_SESSION_ID")
}

func TestEveryAnswerTellsTheAllowance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{RequestLimit: 3})
	for n := 1; n <= 3; n++ {
		a := w.call(http.MethodGet, "/sobjects/User/"+w.people.Users[0], nil)
		if want := fmt.Sprintf("api-usage=%d/3", n); a.header.Get("Sforce-Limit-Info") != want {
			t.Errorf("got %q, want %q", a.header.Get("Sforce-Limit-Info"), want)
		}
	}
	w.call(http.MethodGet, "/limits", nil).want(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED")
	w.clock.Advance(24 * time.Hour)
	w.token = w.tokenOf("key")
	w.call(http.MethodGet, "/limits", nil).want(http.StatusOK, `"Remaining":2`)
	w.send(http.MethodGet, "/services/data/", nil, "").want(http.StatusOK, `"version":"62.0"`)
}

func TestFaultsHappenOnTheWire(t *testing.T) {
	t.Parallel()
	patch := func(w *world) got {
		return w.call(http.MethodPatch, "/sobjects/User/"+w.people.Users[0], Values{"CallCenterId": w.people.NewCallCenter})
	}
	moved := func(w *world) bool {
		r, _ := w.org.Record(w.people.Users[0])
		return r["CallCenterId"] == w.people.NewCallCenter
	}
	for name, c := range map[string]struct {
		fault sim.Fault
		check func(*testing.T, got)
		moved bool
	}{
		"refused": {sim.Fault{Kind: sim.Refused}, func(t *testing.T, g got) {
			t.Helper()
			g.want(http.StatusServiceUnavailable, "SERVER_UNAVAILABLE")
		}, false},
		"throttled": {sim.Fault{Kind: sim.Throttled, RetryAfter: 1500 * time.Millisecond}, func(t *testing.T, g got) {
			t.Helper()
			g.want(http.StatusServiceUnavailable, "SERVER_UNAVAILABLE")
			if g.header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", g.header.Get("Retry-After"))
			}
		}, false},
		"too many requests": {sim.Fault{Kind: TooMany}, func(t *testing.T, g got) {
			t.Helper()
			g.want(http.StatusTooManyRequests, "REQUEST_LIMIT_EXCEEDED")
		}, false},
		"limit exceeded": {sim.Fault{Kind: LimitExceeded}, func(t *testing.T, g got) {
			t.Helper()
			g.want(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED")
		}, false},
		"failed": {sim.Fault{Kind: sim.Failed}, func(t *testing.T, g got) {
			t.Helper()
			g.want(http.StatusInternalServerError, "UNKNOWN_EXCEPTION")
		}, false},
		"expired": {sim.Fault{Kind: sim.Expired}, func(t *testing.T, g got) {
			t.Helper()
			g.want(http.StatusUnauthorized, "INVALID_SESSION_ID")
		}, false},
		"locked": {sim.Fault{Kind: LockedRow}, func(t *testing.T, g got) {
			t.Helper()
			g.want(http.StatusBadRequest, "UNABLE_TO_LOCK_ROW")
		}, false},
		"answer lost": {sim.Fault{Kind: sim.AnswerLost}, func(t *testing.T, g got) {
			t.Helper()
			if g.err == nil {
				t.Errorf("an answer came: %d %s", g.status, g.text)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1, Options{})
			c.fault.Op = "PATCH /services/data"
			w.org.Faults.Inject(c.fault)
			w.call(http.MethodGet, "/limits", nil).want(http.StatusOK, "")
			c.check(t, patch(w))
			if moved(w) != c.moved {
				t.Errorf("moved %v, want %v", moved(w), c.moved)
			}
			if name == "expired" {
				w.token = w.tokenOf("key")
			}
			patch(w).want(http.StatusNoContent, "")
		})
	}
}

func TestAnAnswerCutShortIsNotWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 50, Options{})
	w.org.Faults.Inject(sim.Fault{Kind: sim.CutShort, Op: "/query"})
	a := w.ask("SELECT Id FROM User")
	if a.err == nil || len(a.text) == 0 || json.Valid([]byte(a.text)) {
		t.Errorf("got %v and %d bytes", a.err, len(a.text))
	}
}

func TestASlowAnswerWaitsForTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{TokenLife: 100 * 365 * 24 * time.Hour})
	w.org.Faults.Inject(sim.Fault{Kind: sim.Slow, Delay: time.Minute, Op: "/limits"})
	answered := make(chan got)
	go func() { answered <- w.call(http.MethodGet, "/limits", nil) }()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case a := <-answered:
			a.want(http.StatusOK, "DailyApiRequests")
			if w.org.Now().Before(start.Add(time.Minute)) {
				t.Error("the answer came before its time")
			}
			return
		case <-deadline:
			t.Fatal("no answer")
		default:
			// How far the request has come is not to be seen from here, so
			// time goes on until the answer is there.
			if len(w.org.Faults.Struck()) > 0 {
				w.clock.Advance(30 * time.Second)
			}
			runtime.Gosched()
		}
	}
}

func TestOneLockedRowDoesNotHoldTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, Options{})
	w.org.Faults.Inject(sim.Fault{Kind: LockedRow, About: w.people.Users[1]})
	var records []Values
	for _, id := range w.people.Users {
		records = append(records, Values{"attributes": Values{"type": "User"}, "Id": id, "CallCenterId": w.people.NewCallCenter})
	}
	a := w.call(http.MethodPatch, "/composite/sobjects", Values{"records": records})
	if want := "ok UNABLE_TO_LOCK_ROW ok"; a.codes() != want {
		t.Errorf("got %s", a.text)
	}
}

func TestARefreshedSandboxIsAnotherOrg(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, OrgOptions{Sandbox: true}, Population{Users: 2}, Options{})
	before := w.org.ID()
	a := w.send(http.MethodPost, "/sim/refresh?name=uat&call_centers=clear", nil, "")
	a.want(http.StatusOK, "00D")
	if w.org.ID() == before {
		t.Error("the org id is the same")
	}
	w.call(http.MethodGet, "/limits", nil).want(http.StatusUnauthorized, "INVALID_SESSION_ID")
	w.token = w.tokenOf("key")
	if got := w.soql("SELECT Id, IsSandbox FROM Organization"); len(got) != 1 || got[0]["Id"] != w.org.ID() {
		t.Errorf("organization %v", got)
	}
	r, _ := w.org.Record(w.people.Users[0])
	if r["Email"] != "agent0001@example.com.invalid" || r["Username"] != "agent0001@example.com.uat" || r["CallCenterId"] != nil {
		t.Errorf("got %v", r)
	}
}

func TestADemoSeesWhenSomebodyMovedAndCameBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, Options{})
	user := w.people.Users[1]
	for _, center := range []string{w.people.NewCallCenter, w.people.OldCallCenter} {
		w.clock.Advance(1500 * time.Millisecond)
		w.call(http.MethodPatch, "/sobjects/User/"+user, Values{"CallCenterId": center}).want(http.StatusNoContent, "")
	}
	var changes []Change
	w.send(http.MethodGet, "/sim/history?field=CallCenterId&id="+user[:15], nil, "").into(&changes)
	if len(changes) != 2 || changes[1].At.Sub(changes[0].At) != 1500*time.Millisecond {
		t.Fatalf("got %+v", changes)
	}
	w.send(http.MethodGet, fmt.Sprintf("/sim/history?field=CallCenterId&after=%d", changes[0].Seq), nil, "").into(&changes)
	if len(changes) != 1 || changes[0].New != w.people.OldCallCenter {
		t.Errorf("after the first: %+v", changes)
	}
	w.send(http.MethodPost, "/sim/login?user="+user, nil, "").want(http.StatusNoContent, "")
	if got := w.soql("SELECT Id, LoginTime FROM LoginHistory WHERE LoginType = 'Application' AND UserId = '" + user + "'"); len(got) != 1 {
		t.Errorf("logins: %v", got)
	}
}

func TestAKeyMayHoldASlash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	path := "/sobjects/Task/Ext__c/" + url.PathEscape("pbx/17 a")
	w.call(http.MethodPatch, path, Values{"Subject": "Call"}).want(http.StatusCreated, `"created":true`)
	w.call(http.MethodPatch, path, Values{"Subject": "Call"}).want(http.StatusOK, `"created":false`)
	w.call(http.MethodGet, path, nil).want(http.StatusOK, "pbx/17 a")
}

func TestAWriteCanBeHeldAgainstALaterChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	user := w.people.Users[0]
	seen := w.call(http.MethodGet, "/sobjects/User/"+user, nil).header.Get("Last-Modified")
	w.clock.Advance(time.Minute)
	if err := w.org.Change("User", user, Values{"Extension": "1"}); err != nil {
		t.Fatal(err)
	}
	w.send(http.MethodPatch, "/services/data/v62.0/sobjects/User/"+user, map[string]string{
		"Authorization": "Bearer " + w.token, "If-Unmodified-Since": seen,
	}, `{"Extension":"2"}`).want(http.StatusPreconditionFailed, "PRECONDITION_FAILED")
}

func TestTenThousandPeopleAreNoBurden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10_000, Options{})
	if got := w.soql("SELECT Id FROM User WHERE FederationIdentifier = 'AGENT9999'"); len(got) != 1 || got[0]["Id"] != w.people.Users[9998] {
		t.Errorf("got %v", got)
	}
	w.ask("SELECT COUNT() FROM User WHERE CallCenterId = '"+w.people.OldCallCenter+"'").want(http.StatusOK, `"totalSize":10000`)
}

func BenchmarkFindingOneOfTenThousand(b *testing.B) {
	org, err := NewOrg(OrgOptions{})
	if err != nil {
		b.Fatal(err)
	}
	people := org.Populate(Population{Users: 10_000})
	q, bad := parse("SELECT Id, CallCenterId FROM User WHERE Id = '" + people.Users[5000] + "' AND IsActive = true")
	if bad != nil {
		b.Fatal(bad)
	}
	for b.Loop() {
		org.mu.Lock()
		hits, bad := org.find(q)
		org.mu.Unlock()
		if bad != nil || len(hits.rows) != 1 {
			b.Fatal("not found")
		}
	}
}
