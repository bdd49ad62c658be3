package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
)

// What a failure leaves out of its answer stands in the log, at the request's id.
func TestFailuresAreLogged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	secret := s.token(t, "desk", access.Roles()...)
	got := s.ask(t, secret, http.MethodPost, "/api/v1/reconciliations/2027-02-10", `{"reason": "the carrier asks"}`)
	if got.status != http.StatusServiceUnavailable || strings.Contains(got.text, "crm.inside.test") {
		t.Fatalf("answered %d %s, want 503 without where it was called", got.status, got.text)
	}
	id := got.header.Get("X-Request-Id")
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, id) && strings.Contains(line, "crm.inside.test does not answer") {
			return
		}
	}
	t.Errorf("the log does not say why request %s failed:\n%s", id, s.log.String())
}
