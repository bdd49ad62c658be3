package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
)

var update = flag.Bool("update", false, "write the committed OpenAPI document again")

func escape(text string) string { return strings.ReplaceAll(url.PathEscape(text), "+", "%2B") }

// plain are texts that mean nothing in particular.
func plain(name string, schema *huma.Schema) string {
	switch {
	case name == "optional":
		return ""
	case len(schema.Enum) > 0:
		return fmt.Sprint(schema.Enum[0])
	case name == "day" || name == "from" || name == "to":
		return "2027-02-10"
	case name == "month":
		return "2027-02"
	case name == "leg":
		return "pbx/1"
	case name == "canary":
		return "none" // nobody confirms what they recorded themselves
	case name == "roles":
		return "viewer"
	case name == "plan" && schema.MaxLength != nil && *schema.MaxLength == 60:
		return "none"
	default:
		return "nobody"
	}
}

func TestEachRoleMayDoOverHTTPExactlyWhatTheTableSays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	secrets := map[access.Role]string{}
	for _, role := range access.Roles() {
		secrets[role] = s.token(t, "the-"+string(role), role)
	}
	want := map[string]map[audit.Outcome]int{}
	for _, name := range sortedNames(s.api.Operations()) {
		op := s.api.Operations()[name]
		action, _ := op.Extensions["x-action"].(string)
		row, known := access.Find(access.Action(action))
		if !known {
			t.Errorf("%s: action %q is not in the table", name, action)
			continue
		}
		path, text := s.request(op, plain)
		if got := s.ask(t, "", op.Method, path, text); got.status != http.StatusUnauthorized {
			t.Errorf("%s by nobody: %d", name, got.status)
		}
		for _, role := range access.Roles() {
			own := strings.ReplaceAll(text, `"viewer"`, `"`+string(role)+`"`) // nobody gives a token what they do not hold
			got := s.ask(t, secrets[role], op.Method, path, own)
			may := slices.Contains(row.Roles, role)
			key := "the-" + string(role) + " " + action
			if want[key] == nil {
				want[key] = map[audit.Outcome]int{}
			}
			switch {
			case may && (got.status == http.StatusForbidden || got.status == http.StatusUnauthorized || got.status == http.StatusUnprocessableEntity && strings.Contains(got.text, "validation failed") || got.status == http.StatusInternalServerError):
				t.Errorf("%s as %s: %d %s", name, role, got.status, got.text)
			case may && row.Writes && op.Method != http.MethodGet:
				want[key][audit.Allowed]++
			case !may:
				want[key][audit.Denied]++
				var p console.Problem
				if got.status != http.StatusForbidden || json.Unmarshal([]byte(got.text), &p) != nil || len(p.Missing) == 0 || p.Next == "" {
					t.Errorf("%s as %s: %d %s; want 403 with the missing roles", name, role, got.status, got.text)
				}
			}
		}
	}
	entries, err := s.audit.Entries(t.Context(), audit.Query{Outcomes: []audit.Outcome{audit.Allowed, audit.Denied}})
	must(t, err)
	for _, e := range entries {
		if key := e.Actor + " " + e.Action; want[key] != nil {
			want[key][e.Outcome]--
		}
	}
	for key, left := range want {
		for outcome, n := range left {
			if n != 0 {
				t.Errorf("the audit lacks %d entries of %s %s", n, key, outcome)
			}
		}
	}
}

func sortedNames[T any](all map[string]T) []string {
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestEveryRouteNamesItsAction(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	open := []string{"GET /sign-in", "POST /sign-in", "POST /sign-out", "GET /setup", "POST /setup"}
	for _, r := range s.server.Routes() {
		if _, known := access.Find(r.Action); !known && !slices.Contains(open, r.Pattern) {
			t.Errorf("%s is open to everybody", r.Pattern)
		}
	}
}

const committed = "../../docs/openapi.json"

func TestTheCommittedDocumentIsTheAPIs(t *testing.T) {
	t.Parallel()
	got := newSite(t).api.Document()
	if *update {
		must(t, os.WriteFile(committed, got, 0o600))
	}
	want, err := os.ReadFile(committed)
	must(t, err)
	if string(got) != string(want) {
		t.Errorf("the API is not what %s declares; if that is meant, go test ./console/api -run Document -update", committed)
	}
}

func TestInjectedTextIsTextInEveryField(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	everything := s.token(t, "root", access.Roles()...)
	for _, bad := range []string{`'; DROP TABLE audit CASCADE; --`, `" OR "1"="1`, `%'; SELECT pg_sleep(9)--`, `{{7*7}}<script>alert(1)</script>`, "\u202e$(id)"} {
		say := func(name string, schema *huma.Schema) string {
			if name != "optional" && len(schema.Enum) > 0 {
				return fmt.Sprint(schema.Enum[0])
			}
			return bad
		}
		for name, op := range s.api.Operations() {
			path, text := s.request(op, say)
			got := s.ask(t, everything, op.Method, path, text)
			if got.status >= http.StatusInternalServerError && got.status != http.StatusServiceUnavailable {
				t.Errorf("%s with %q: %d %s", name, bad, got.status, got.text)
			}
			if kind := got.header.Get("Content-Type"); strings.Contains(kind, "html") {
				t.Errorf("%s with %q is answered as %s", name, bad, kind)
			}
		}
	}
	if _, err := s.audit.Entries(t.Context(), audit.Query{Limit: 1}); err != nil {
		t.Errorf("the audit is gone: %v", err)
	}
}
