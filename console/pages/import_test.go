package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

func TestTheImportPageTellsWhoseCallsWouldGoAstray(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, err := s.router.Apply(t.Context(), []routing.Change{{To: routing.Route{Number: "+442079460101", Sides: []dualtone.Side{dualtone.New}}}}, routing.Provenance{Actor: "test"})
	must(t, err)
	ada := s.as(t, "ada", access.Admin)
	form := url.Values{"csv": {"id,name,numbers\nu1,Ada,+442079460101\n"}}
	const says = "u1 is on the old side, and calls to +442079460101 would not ring there first"
	if got := ada.send(t, "/users/import", form); got.status != http.StatusOK || !strings.Contains(got.text, says) || !strings.Contains(got.text, `name="stray"`) {
		t.Errorf("%d %s", got.status, got.text)
	}
	form.Set("write", "all")
	if got := ada.send(t, "/users/import", form); got.status != http.StatusConflict || !strings.Contains(got.text, says) {
		t.Errorf("written all the same: %d %s", got.status, got.text)
	}
	if all, err := s.desk.People.List(t.Context(), cutover.PeopleQuery{}); err != nil || len(all) > 0 {
		t.Errorf("%v, %v are in the user list after it was refused", all, err)
	}
	form.Set("stray", "allow")
	if got := ada.send(t, "/users/import", form); got.status != http.StatusOK {
		t.Errorf("allowed: %d %s", got.status, got.text)
	}
	form.Del("write")
	form.Del("stray")
	if got := ada.send(t, "/users/import", form); strings.Contains(got.text, "go astray") || !strings.Contains(got.text, "replaced") {
		t.Errorf("who is astray already is told of: %s", got.text)
	}
}
