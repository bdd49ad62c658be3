package pages_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
)

// fields are the names by which pages are asked something, in addresses and forms.
func fields() []string {
	return []string{
		"text", "side", "state", "site", "team", "cohort", "accounts", "after", "by", "day", "from", "to", "number", "system", "agent", "queue", "direction",
		"ended", "user", "verdict", "open", "record", "raw", "stage", "name", "note", "people", "verb", "reason", "hash", "hold", "for", "opens", "longer",
		"task", "evidence", "owner", "source", "csv", "write", "over", "leg", "crm", "do", "row", "path", "reader", "days", "pinned", "roles", "password", "what", "who",
	}
}

func TestInjectedTextIsTextInEveryFieldOfEveryPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	root := s.as(t, "root", access.Roles()...)
	for _, bad := range []string{`'; DROP TABLE audit CASCADE; --`, `"><script>alert(1)</script>`, `{{7*1911917}}<img src=x onerror=alert(1)>`, `%' OR '1'='1`} {
		given := url.Values{}
		for _, f := range fields() {
			given.Set(f, bad)
		}
		for _, r := range s.server.Routes() {
			method, path, _ := strings.Cut(r.Pattern, " ")
			if unserved(path) {
				continue
			}
			for _, name := range []string{"plan", "user", "cohort", "call", "row", "token", "account", "link", "glass", "stage"} {
				path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(bad))
			}
			var got answer
			if method == http.MethodPost {
				got = root.send(t, path, given)
			} else {
				got = root.look(t, strings.TrimSuffix(path, "{$}")+"?"+given.Encode())
			}
			if got.status >= http.StatusInternalServerError {
				t.Errorf("%s with %q: %d", r.Pattern, bad, got.status)
			}
			for _, never := range []string{"<script>alert", "<img src=x", "13383419"} {
				if strings.Contains(got.text, never) {
					t.Errorf("%s with %q says %s", r.Pattern, bad, never)
				}
			}
		}
	}
	shows(t, root.look(t, "/admin/audit"), "root")
}

// unserved are pages of what this site has not, the end of the session, streams, and
// what is a file and no page.
func unserved(path string) bool {
	for _, prefix := range []string{"/routes", "/reports", "/systems", "/sign-", "/setup", "/shared", "/users/match", "/users/import/faults"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return path == "" || strings.HasSuffix(path, "/live")
}

func TestARowThatASpreadsheetWouldCalculateIsMadeHarmless(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const list = "id,name,email,=HYPERLINK(\"http://evil.example\")\n@SUM(1),-2+3,=cmd|' /C calc'!A0,x\n"
	got := s.as(t, "ada", access.Admin).send(t, "/users/import/faults", url.Values{"csv": {list}})
	rows, err := csv.NewReader(strings.NewReader(got.text)).ReadAll()
	must(t, err)
	if len(rows) < 2 {
		t.Fatalf("no fault is told: %s", got.text)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.Contains("=+-@\t\r", cell[:1]) {
				t.Errorf("a spreadsheet calculates %q", cell)
			}
		}
	}
}
