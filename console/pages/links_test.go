package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

func TestAManagerReadsOnePlanByALinkWithoutAnyButton(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	s.handIn(t, "autumn", "pam")
	pam := s.as(t, "pam", access.Planner)
	made := pam.send(t, "/admin/links", url.Values{"path": {"/plans/spring"}, "reader": {"the board"}, "days": {"7"}, "reason": {"asked for"}})
	path := regexp.MustCompile(`/shared/[a-z0-9-]+/plans/spring`).FindString(made.text)
	if path == "" {
		t.Fatalf("no address in %d %s", made.status, made.text)
	}
	if gap := regexp.MustCompile(`>\s+[.,;]`).FindString(made.text); gap != "" {
		t.Errorf("there is a gap before a sentence's end: %q", gap)
	}
	anybody := visitor{site: s, http: s.Client()}
	got := anybody.look(t, path)
	shows(t, got, "the board", "to be read and not to be changed")
	for _, never := range []string{"<button", "<form", `href="/plans`, `href="/users`, "dialog id=\"v-"} {
		if strings.Contains(got.text, never) {
			t.Errorf("the reader is shown %q", never)
		}
	}
	for _, other := range []string{
		strings.Replace(path, "/plans/spring", "/plans/autumn", 1), strings.Replace(path, "/plans/spring", "/plans", 1),
		strings.Replace(path, "/plans/spring", "/users/E1001", 1), path + "x", strings.Replace(path, "-", "-x", 1), "/shared/none-none/plans/spring",
	} {
		if got := anybody.look(t, other); got.status != http.StatusNotFound {
			t.Errorf("%s is answered with %d", other, got.status)
		}
	}
	if got := anybody.send(t, path, url.Values{"verb": {"start"}}); got.status == http.StatusOK {
		t.Error("a reader gives an order")
	}
	page := pam.look(t, "/admin/links")
	shows(t, page, "the board", "valid", `<td class="n">1</td>`)
	id := regexp.MustCompile(`/admin/links/([a-z0-9]+)/revoke`).FindStringSubmatch(page.text)[1]
	if got := s.as(t, "pat", access.Planner).send(t, "/admin/links/"+id+"/revoke", url.Values{"reason": {"spite"}}); got.status != http.StatusForbidden {
		t.Errorf("a planner ends another's link: %d", got.status)
	}
	shows(t, pam.send(t, "/admin/links/"+id+"/revoke", url.Values{"reason": {"done"}}), "revoked")
	revoked := anybody.look(t, path)
	isDead(t, revoked, "This link let the board read /plans/spring. It was revoked on", "Ask pam, who shared it, for a new one.")
	entries, err := s.audit.Entries(t.Context(), audit.Query{Action: "link.", Outcomes: []audit.Outcome{audit.Changed}})
	must(t, err)
	if len(entries) != 2 || entries[0].Reason != "asked for" || entries[1].Reason != "done" || strings.Contains(string(entries[0].After), "sum") {
		t.Errorf("the audit holds %+v", entries)
	}
}

func TestALinkEndsByItselfAndIsOnlyForWhatItsMakerSees(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	tom := s.as(t, "tom", access.TelecomOwner)
	form := url.Values{"path": {"/plans/spring"}, "reader": {"the board"}, "days": {"7"}, "reason": {"asked for"}}
	path := regexp.MustCompile(`/shared/[a-z0-9-]+/plans/spring`).FindString(tom.send(t, "/admin/links", form).text)
	s.later(8 * 24 * time.Hour)
	anybody := visitor{site: s, http: s.Client()}
	isDead(t, anybody.look(t, path), "This link let the board read /plans/spring. It expired on", "Ask tom, who shared it, for a new one.")
	// Whoever has only part of an address is not told for whom it was.
	wrong := anybody.look(t, strings.Replace(path, "/plans/spring", "x/plans/spring", 1))
	isDead(t, wrong, "There is no shared link at this address.", "ask whoever sent it for a new one")
	if strings.Contains(wrong.text, "the board") {
		t.Error("somebody with a wrong key is told for whom the link was")
	}
	for _, refused := range []string{"/reports/cost/overlap", "/users", "/plans/edit", "//evil.example/plans/x"} {
		form.Set("path", refused)
		if got := tom.send(t, "/admin/links", form); got.status == http.StatusOK {
			t.Errorf("a link to %s is made by somebody who may not see it", refused)
		}
	}
	form.Set("path", "/plans/spring")
	if got := s.as(t, "vi", access.Viewer).send(t, "/admin/links", form); got.status != http.StatusForbidden {
		t.Errorf("a viewer shares: %d", got.status)
	}
}

// isDead wants a page that says what became of a link, and nothing of what only those
// with an account can see.
func isDead(t *testing.T, got answer, words ...string) {
	t.Helper()
	shows(t, answer{status: http.StatusOK, text: got.text}, append(words, "This link shows nothing")...)
	if got.status != http.StatusNotFound || strings.Contains(got.text, "the lists") {
		t.Errorf("a dead link is answered with %d: %s", got.status, got.text)
	}
}
