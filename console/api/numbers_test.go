package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

func TestAUserListThatLeadsCallsAstrayIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, err := s.router.Apply(t.Context(), []routing.Change{{To: routing.Route{Number: "+442079460101", Sides: []dualtone.Side{dualtone.New}}}}, routing.Provenance{Actor: "test"})
	must(t, err)
	admin := s.token(t, "ada", access.Admin)
	const csv = `{"csv":"id,name,numbers\nu1,Ada,+442079460101\n"`
	send := func(more string) answer { return s.ask(t, admin, http.MethodPost, "/api/v1/users", csv+more+"}") }
	const says = "u1 is on the old side, and calls to +442079460101 would not ring there first (rule +442079460101)"
	dry := told[api.Imported](t, send(`,"dry_run":true`), http.StatusOK)
	if len(dry.Strays) != 1 || dry.Strays[0].String() != says {
		t.Errorf("a dry run tells of %v", dry.Strays)
	}
	if got := send(""); got.status != http.StatusConflict || !strings.Contains(got.text, says) || !strings.Contains(got.text, "--allow-stray") {
		t.Errorf("%d %s", got.status, got.text)
	}
	if all, err := s.people.List(t.Context(), cutover.PeopleQuery{}); err != nil || len(all) > 0 {
		t.Errorf("%v, %v are in the user list after it was refused", all, err)
	}
	if made := told[api.Imported](t, send(`,"allow_stray":true`), http.StatusOK); made.Written != 1 || len(made.Strays) != 1 {
		t.Errorf("%+v", made)
	}
	if again := told[api.Imported](t, send(""), http.StatusOK); again.Written != 1 || again.Strays == nil || len(again.Strays) > 0 {
		t.Errorf("who is astray already: %+v", again)
	}
}
