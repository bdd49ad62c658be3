package pages_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

func TestNoSecretAndNoNumberStandsInTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	pam := s.as(t, "pam", access.Planner)
	pam.send(t, "/sign-in", url.Values{"name": {"pam"}, "password": {"a wrong sentence"}})
	made := pam.send(t, "/admin/links", url.Values{"path": {"/plans/spring"}, "reader": {"the board"}, "days": {"7"}, "reason": {"asked for"}})
	key := regexp.MustCompile(`/shared/([a-z0-9-]+)/plans/spring`).FindStringSubmatch(made.text)
	if len(key) == 0 {
		t.Fatalf("no link: %s", made.text)
	}
	pam.look(t, "/calls?number=%2B15550001234")
	s.desk.Outcome = func(context.Context, string) (*rehearsal.Outcome, error) { return nil, errors.New("it fell over") }
	if got := (visitor{site: s, http: s.Client()}).look(t, "/shared/"+key[1]+"/plans/spring/outcome"); got.status != http.StatusInternalServerError {
		t.Fatalf("a page that fails: %d", got.status)
	}
	at, err := url.Parse(s.URL)
	must(t, err)
	said := s.log.String()
	for _, never := range []string{secret, "a wrong sentence", pam.http.Jar.Cookies(at)[0].Value, key[1], "5550001234"} {
		if strings.Contains(said, never) {
			t.Errorf("the log says %q", never)
		}
	}
	for _, wanted := range []string{"it fell over", "GET /shared/{key}/{page...}", "route=\"GET /calls\""} {
		if !strings.Contains(said, wanted) {
			t.Errorf("the log does not say %q", wanted)
		}
	}
}
