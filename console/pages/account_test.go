package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

func TestAnAdminMakesAnAccountThatSignsInAndIsShutOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := s.as(t, "root", access.Admin)
	shows(t, root.send(t, "/admin/accounts", url.Values{
		"name": {"pat"}, "kind": {"person"}, "password": {secret}, "roles": {"planner", "viewer"}, "reason": {"a new colleague"},
	}), "There is an account pat.", "planner, viewer")
	pat := s.signIn(t, "pat")
	shows(t, pat.look(t, "/account"), "planner")
	if got := pat.look(t, "/admin/accounts"); got.status != http.StatusForbidden || !strings.Contains(got.text, "admin") {
		t.Errorf("a planner sees accounts: %d", got.status)
	}
	if got := pat.send(t, "/admin/accounts/root", url.Values{"do": {"disable"}, "reason": {"mine now"}}); got.status != http.StatusForbidden {
		t.Errorf("a planner disables an admin: %d", got.status)
	}
	shows(t, root.send(t, "/admin/accounts/pat", url.Values{"do": {"disable"}, "reason": {"left"}}), "The account pat is changed.", "disabled")
	if got := pat.look(t, "/account"); got.path != "/sign-in" {
		t.Errorf("a disabled account is still in, at %s", got.path)
	}
	if got := root.send(t, "/admin/accounts/root", url.Values{"do": {"disable"}, "reason": {"oops"}}); got.status != http.StatusConflict {
		t.Errorf("an admin shuts themselves out: %d", got.status)
	}
}

func TestATokensSecretIsToldOnceAndNobodyComesInWithARevokedOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	kim := s.as(t, "kim", access.Planner)
	made := kim.send(t, "/admin/tokens", url.Values{"owner": {"kim"}, "name": {"the nightly job"}, "roles": {"planner"}, "days": {"30"}, "reason": {"automation"}})
	secret := regexp.MustCompile(`dt_[a-z0-9]+_[A-Z0-9]+`).FindString(made.text)
	id, ok := access.TokenID(secret)
	if !ok {
		t.Fatalf("no secret in %d %s", made.status, made.text)
	}
	page := kim.look(t, "/account")
	shows(t, page, "the nightly job", "valid")
	if strings.Contains(page.text, secret) {
		t.Error("the secret is told again")
	}
	if got := kim.send(t, "/admin/tokens", url.Values{"owner": {"kim"}, "name": {"more"}, "roles": {"admin"}, "days": {"30"}}); got.status != http.StatusForbidden {
		t.Errorf("a token gives more than its owner has: %d", got.status)
	}
	other := s.as(t, "eve", access.Viewer)
	if got := other.send(t, "/admin/tokens/"+id+"/revoke", url.Values{"reason": {"spite"}}); got.status != http.StatusNotFound {
		t.Errorf("a viewer revokes another's token: %d", got.status)
	}
	shows(t, kim.send(t, "/admin/tokens/"+id+"/revoke", url.Values{"reason": {"done"}}), "revoked")
	held, err := s.accounts.Token(t.Context(), id)
	must(t, err)
	if held.Revoked.IsZero() {
		t.Error("the token is not revoked")
	}
}

func TestABrokenGlassIsToldEndsAndStandsInTheAudit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	shows(t, s.as(t, "vi", access.Viewer).look(t, "/admin/glass"), "Nobody ever broke the glass", `aria-disabled="true"`, "needs the role of")
	op := s.as(t, "op", access.Operator)
	if got := op.send(t, "/admin/glass", url.Values{"for": {"1h"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("the glass is broken without a reason: %d", got.status)
	}
	shows(t, op.send(t, "/admin/glass", url.Values{"for": {"1h"}, "reason": {"the trunk is down"}}), "You are incident commander until", "the trunk is down", "in force")
	shows(t, op.look(t, "/account"), "incident commander")
	vi := s.signIn(t, "vi")
	shows(t, vi.look(t, "/plans"), "op has broken the glass", "the trunk is down")
	if len(s.told) != 1 || s.told[0].Holder != "op" {
		t.Errorf("told: %+v", s.told)
	}
	shows(t, op.send(t, "/admin/glass/"+s.told[0].ID+"/mend", url.Values{}), "mended")
	if got := op.look(t, "/account"); strings.Contains(got.text, "<li>incident commander") {
		t.Error("op is still incident commander")
	}
	if got := vi.look(t, "/plans"); strings.Contains(got.text, "has broken the glass") {
		t.Error("every page still says that the glass is broken")
	}
	if len(s.told) != 2 {
		t.Errorf("nobody hears that it is mended: %+v", s.told)
	}
	entries, err := s.audit.Entries(t.Context(), audit.Query{Action: "glass.", Outcomes: []audit.Outcome{audit.Changed}})
	must(t, err)
	if len(entries) != 2 || entries[0].Reason != "the trunk is down" {
		t.Errorf("the audit holds %+v", entries)
	}
}

func TestTheAuditIsFilteredWalkedAndTakenAlong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := s.as(t, "root", access.Admin)
	root.send(t, "/admin/accounts", url.Values{"name": {"=cmd()"}, "kind": {"service"}, "reason": {"a hostile name"}})
	shows(t, root.look(t, "/admin/audit?action=account.manage&outcome=changed"), "account/=cmd()", "a hostile name")
	shows(t, root.look(t, "/admin/audit/walk"), "unbroken")
	got := root.look(t, "/admin/audit.csv?action=account.")
	shows(t, got, "serial,at,actor", "account/=cmd()")
	if s.as(t, "vi", access.Viewer).look(t, "/admin/audit").status != http.StatusForbidden {
		t.Error("a viewer sees the audit")
	}
}

func TestEveryPageNamesItsAction(t *testing.T) {
	t.Parallel()
	open := map[string]bool{"/": true, "GET /sign-in": true, "POST /sign-in": true, "POST /sign-out": true, "GET /setup": true, "POST /setup": true, "GET /shared/{key}/{page...}": true}
	for _, r := range newSite(t).server.Routes() {
		if _, known := access.Find(r.Action); !known && !open[r.Pattern] {
			t.Errorf("%s is open to everybody", r.Pattern)
		}
	}
}
