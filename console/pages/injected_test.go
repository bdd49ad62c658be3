package pages_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
)

// asksFor finds, in the code of the pages, what addresses and forms are asked.
var asksFor = regexp.MustCompile(`(?:\b(?:text|number|FormValue|PostFormValue)\(|\bPostForm\[)"([a-z_]+)"`)

// fields are the names by which pages are asked something, in addresses and forms.
func fields(t *testing.T) []string {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	must(t, err)
	var all []string
	for _, source := range sources {
		text, err := os.ReadFile(source) //nolint:gosec // a source of this package
		must(t, err)
		for _, found := range asksFor.FindAllStringSubmatch(string(text), -1) {
			all = append(all, found[1])
		}
	}
	slices.Sort(all)
	const several = 70
	if all = slices.Compact(all); len(all) < several {
		t.Fatalf("only %d fields were found: %v", len(all), all)
	}
	return all
}

// injected are texts that would be code to whoever takes them for it.
func injected() []string {
	return []string{`'; DROP TABLE audit CASCADE; --`, `"><script>alert(1)</script>`, `{{7*1911917}}<img src=x onerror=alert(1)>`, `%' OR '1'='1`}
}

func TestInjectedTextIsTextInEveryFieldOfEveryPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowd(t, "1001")
	s.handIn(t, "spring", "pam", "1001")
	must(t, s.desk.Cohorts.Create(t.Context(), cutover.Cohort{Name: "wave", Actor: "test"}, []dualtone.PersonID{"1001"}))
	s.as(t, "lee", access.Viewer)
	root := s.as(t, "root", access.Roles()...)
	for _, bad := range injected() {
		given := url.Values{}
		for _, f := range fields(t) {
			given.Set(f, bad)
		}
		for _, r := range s.server.Routes() {
			if r.Pattern != "POST /sign-out" { // after which root can ask nothing more
				root.inject(t, r.Pattern, bad, given)
			}
		}
	}
	shows(t, root.look(t, "/admin/audit"), "root")
}

// inject asks a route for what is given, under a bad name and under one that is there.
func (v visitor) inject(t *testing.T, route, bad string, given url.Values) {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	if path == "" { // every other address
		method, path = http.MethodGet, "/"+url.PathEscape(bad)
	}
	named, there := path, path
	for name, is := range map[string]string{
		"{plan}": "spring", "{user}": "1001", "{cohort}": "wave", "{stage}": "pilot", "{account}": "lee", "{report}": "overlap", "{chart}": "0.svg",
		"{format}": "csv", "{call}": "1", "{row}": "1", "{token}": "none", "{link}": "none", "{glass}": "none", "{key}": "none-none", "{page...}": "plans/spring",
	} {
		named, there = strings.ReplaceAll(named, name, url.PathEscape(bad)), strings.ReplaceAll(there, name, is)
	}
	if strings.HasSuffix(path, "/live") {
		there = named // which ends
	}
	for _, path := range slices.Compact([]string{named, there}) {
		path = strings.TrimSuffix(path, "{$}")
		var got answer
		if method == http.MethodPost {
			got = v.send(t, path, given)
		} else {
			got = v.look(t, path+"?"+given.Encode())
		}
		if got.status >= http.StatusInternalServerError {
			t.Errorf("%s with %q: %d", route, bad, got.status)
		}
		for _, never := range []string{"<script>alert", "<img src=x", "13383419"} {
			if strings.Contains(got.kind, "html") && strings.Contains(got.text, never) {
				t.Errorf("%s with %q says %s", route, bad, never)
			}
		}
	}
}

// Read without a filter, every page is there: none of what a page stands on is
// missing on this site.
func TestEveryPageIsThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := s.as(t, "root", access.Roles()...)
	asked := 0
	for _, r := range s.server.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if method != http.MethodGet || strings.Contains(path, "{") && path != "/{$}" {
			continue
		}
		asked++
		if got := root.look(t, strings.TrimSuffix(path, "{$}")); got.status >= http.StatusInternalServerError {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	const several = 30
	if asked < several {
		t.Errorf("only %d pages were asked for", asked)
	}
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
