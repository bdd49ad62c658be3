package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/notify"
	"github.com/dualtone/dualtone/report/delivery"
)

func TestAReportThatIsNotScheduledGoesOutWhenTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fin := s.token(t, "fay", access.FinanceOwner)
	const path, board = "/api/v1/deliveries", `{"name":"board","report":"delay","format":"pdf","folder":"/srv/reports","ask":{"plan":"emea","days":30}`
	if got := s.ask(t, fin, "POST", path, board+`,"dry_run":true}`); got.status != http.StatusCreated {
		t.Errorf("dry run: %d %s", got.status, got.text)
	}
	made := told[delivery.Delivery](t, s.ask(t, fin, "POST", path, board+`}`), http.StatusCreated)
	if made.Actor != "fay" || made.Request.Question.Plan != "emea" || made.Request.Delay != 30 || made.Zone != "UTC" {
		t.Errorf("made: %+v", made)
	}
	if got := s.ask(t, fin, "POST", path, strings.Replace(board, "pdf", "csv", 1)+`}`); got.status != http.StatusConflict {
		t.Errorf("another one of its name: %d %s", got.status, got.text)
	}
	if got := s.ask(t, fin, "POST", path, `{"name":"post","report":"overlap","to":["a@example.test"]}`); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.text, "no mail server") {
		t.Errorf("by mail where no server takes any: %d %s", got.status, got.text)
	}
	// One that cannot be scheduled is not kept.
	if got := s.ask(t, fin, "POST", path, `{"name":"daily","report":"overlap","folder":"/srv","cron":"@daily"}`); got.status != http.StatusServiceUnavailable {
		t.Errorf("scheduled while Temporal is away: %d %s", got.status, got.text)
	}
	all := told[api.Items[api.Delivered]](t, s.ask(t, fin, "GET", path, ""), http.StatusOK)
	if len(all.Items) != 1 || all.Items[0].Name != "board" {
		t.Errorf("deliveries: %+v", all.Items)
	}
	if got := s.ask(t, fin, "DELETE", path+"/board", ""); got.status != http.StatusNoContent {
		t.Errorf("removed: %d %s", got.status, got.text)
	}
	if got := s.ask(t, fin, "POST", path+"/board/run", `{}`); got.status != http.StatusNotFound {
		t.Errorf("run when it is gone: %d %s", got.status, got.text)
	}
}

func TestALinkIsMadeListedAndEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	planner, other, admin := s.token(t, "pat", access.Planner), s.token(t, "ola", access.Planner), s.token(t, "ada", access.Admin, access.Planner)
	const path = "/api/v1/links"
	made := told[api.Shared](t, s.ask(t, planner, "POST", path, `{"path":"/plans/emea","reader":"the board","pinned":"stage=wave","reason":"steering"}`), http.StatusCreated)
	if made.By != "pat" || !strings.HasPrefix(made.Address, "/shared/"+made.ID+"-") || !strings.HasSuffix(made.Address, "/plans/emea") {
		t.Errorf("made: %+v", made)
	}
	tel := s.token(t, "tel", access.TelecomOwner)
	if got := s.ask(t, tel, "POST", path, `{"path":"/reports/cost/overlap","reader":"the board"}`); got.status != http.StatusForbidden {
		t.Errorf("a report that whoever shares it may not see: %d %s", got.status, got.text)
	}
	for text, want := range map[string]int{
		`{"path":"/admin/accounts","reader":"the board"}`: http.StatusUnprocessableEntity,
		`{"path":"/plans/emea","reader":"x","days":91}`:   http.StatusUnprocessableEntity,
	} {
		if got := s.ask(t, planner, "POST", path, text); got.status != want {
			t.Errorf("%s: %d %s, want %d", text, got.status, got.text, want)
		}
	}
	for who, want := range map[string]int{planner: 1, other: 0, admin: 1} {
		if all := told[api.Items[access.Link]](t, s.ask(t, who, "GET", path, ""), http.StatusOK); len(all.Items) != want {
			t.Errorf("%d links, want %d: %+v", len(all.Items), want, all.Items)
		}
	}
	if got := s.ask(t, other, "DELETE", path+"/"+made.ID, ""); got.status != http.StatusForbidden {
		t.Errorf("ended by another planner: %d %s", got.status, got.text)
	}
	if got := s.ask(t, planner, "DELETE", path+"/"+made.ID, ""); got.status != http.StatusNoContent {
		t.Errorf("ended: %d %s", got.status, got.text)
	}
}

func TestChannelsAreTried(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := s.token(t, "oz", access.Operator)
	const path = "/api/v1/notices/test"
	taken := told[api.Items[notify.Tried]](t, s.ask(t, operator, "POST", path, `{}`), http.StatusOK)
	if len(taken.Items) != 1 || !taken.Items[0].Taken || taken.Items[0].Channel != "desk" {
		t.Errorf("tried: %+v", taken.Items)
	}
	dry := told[api.Items[notify.Tried]](t, s.ask(t, operator, "POST", path, `{"dry_run":true}`), http.StatusOK)
	if dry.Items[0].Taken || dry.Items[0].Message == "" {
		t.Errorf("dry run: %+v", dry.Items)
	}
	if got := s.ask(t, operator, "POST", path, `{"channels":["none"]}`); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.text, "there are desk") {
		t.Errorf("an unknown channel: %d %s", got.status, got.text)
	}
}

func TestARoundTripIsConfirmedBySomebodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	tel, other := s.token(t, "tel", access.TelecomOwner), s.token(t, "cut", access.CutoverApprover)
	const path = "/api/v1/canaries"
	made := told[rollout.Canary](t, s.ask(t, tel, "POST", path, `{"id":"port-1","subject":"the number of the lift","evidence":"both letters"}`), http.StatusCreated)
	if made.Actor != "tel" || !made.Restored {
		t.Errorf("recorded: %+v", made)
	}
	if got := s.ask(t, tel, "POST", path+"/port-1/confirm", `{}`); got.status != http.StatusForbidden {
		t.Errorf("confirmed by whoever did it: %d %s", got.status, got.text)
	}
	if got := told[rollout.Canary](t, s.ask(t, other, "POST", path+"/port-1/confirm", `{}`), http.StatusOK); got.ConfirmedBy != "cut" {
		t.Errorf("confirmed: %+v", got)
	}
}

func TestAPlanIsLintedAndComparedWithoutBeingHandedIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	viewer := s.token(t, "vi", access.Viewer)
	lint := told[api.Linted](t, s.ask(t, viewer, "POST", "/api/v1/plans/lint", `{"text":"kind: CutoverPlan"}`), http.StatusOK)
	if lint.Errors == 0 || len(lint.Faults) == 0 || lint.Faults[0].Place == "" {
		t.Errorf("lint: %+v", lint)
	}
	if got := s.ask(t, viewer, "POST", "/api/v1/plans/diff", `{"text":"kind: CutoverPlan"}`); got.status != http.StatusUnprocessableEntity {
		t.Errorf("diff of a plan with faults: %d %s", got.status, got.text)
	}
}

func TestTheNextPageIsAskedForWithTheSameFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	const list = "id,name,extension,site\np1,Ann,101,London\np2,Ben,102,Leeds\np3,Cy,103,London\n"
	got := s.ask(t, admin, "POST", "/api/v1/users", `{"csv":`+strconv.Quote(list)+`}`)
	if got.status != http.StatusOK {
		t.Fatalf("import: %d %s", got.status, got.text)
	}
	var found []string
	for next := "/api/v1/users?site=London&limit=1"; next != ""; {
		got := s.ask(t, admin, "GET", next, "")
		for _, p := range told[api.Items[cutover.PersonState]](t, got, http.StatusOK).Items {
			found = append(found, string(p.ID))
		}
		address, _, _ := strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), ">")
		next = address
	}
	if strings.Join(found, " ") != "p1 p3" {
		t.Errorf("the pages hold %v, want those of London", found)
	}
}

func TestPeopleAreFoundByTheirIdsAndByAllAttributes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	const list = "id,name,extension,queue,skill\np1,Ann,101,a,x\np2,Ben,102,a,y\n\"p3,b\",Cy,103,b,x\n"
	if got := s.ask(t, admin, "POST", "/api/v1/users", `{"csv":`+strconv.Quote(list)+`}`); got.status != http.StatusOK {
		t.Fatalf("import: %d %s", got.status, got.text)
	}
	for asked, want := range map[string]string{
		"attribute=queue%3Da": "p1 p2", "attribute=queue%3Da&attribute=skill%3Dx": "p1", "attribute=skill%3Dx&attribute=queue%3Da": "p1",
		"id=p2": "p2", "id=p1&id=p3%2Cb&id=nobody": "p1 p3,b", "id=p1&id=p2&attribute=skill%3Dy": "p2",
	} {
		var found []string
		for _, p := range told[api.Items[cutover.PersonState]](t, s.ask(t, admin, "GET", "/api/v1/users?"+asked, ""), http.StatusOK).Items {
			found = append(found, string(p.ID))
		}
		if strings.Join(found, " ") != want {
			t.Errorf("%s found %v, want %s", asked, found, want)
		}
	}
}
