package dualtone_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dualtone/dualtone"

// floor says what the packages of a floor must not reach through the packages of
// this module, tests left out. A name that ends in /... stands for everything
// below it as well.
type floor struct {
	who    []string
	except []string
	behind []string          // packages that are not looked through
	never  map[string]string // package: the reason
}

func floors() []floor {
	return []floor{
		{who: []string{""}, never: map[string]string{
			"net":          "the vocabulary touches no wire",
			"net/http":     "the vocabulary touches no wire",
			"database/sql": "the vocabulary touches no database",
			"os":           "the vocabulary touches no machine",
		}},
		{who: []string{"cutover", "cutover/plan", "cutover/rollout", "routing", "people", "report", "finance", "finance/contract", "finance/cost", "finance/sample"}, never: map[string]string{
			"net/http":      "decisions are pure",
			"database/sql":  "decisions are pure",
			"math/rand":     "decisions replay",
			"math/rand/v2":  "decisions replay",
			"os":            "decisions are pure",
			ours("systems"): "a decision does not know who carries it out",
		}},
		{who: []string{"report/document/...", "report/focus", "report/statement", "report/press", "report/delivery"}, never: map[string]string{
			"github.com/jackc/pgx/v5": "SQL belongs in postgres",
			ours("postgres"):          "stores come as ports",
			ours("systems"):           "a report knows no connector",
			ours("config"):            "take the values you need",
			ours("workflows"):         "a report does not know who calls it",
		}},
		// A workflow names activities and what goes in and out of them; what those
		// reach is their affair.
		{who: []string{"workflows"}, behind: []string{"activities"}, never: map[string]string{
			"net/http":     "a workflow reaches the world through activities",
			"database/sql": "a workflow reaches the world through activities",
			"os":           "a workflow replays anywhere",
			"math/rand":    "a workflow replays",
			"math/rand/v2": "a workflow replays",
		}},
		{who: []string{"workflows"}, never: map[string]string{
			"github.com/jackc/pgx/v5": "SQL belongs in postgres",
			ours("postgres"):          "stores come as ports",
			ours("systems/all"):       "activities drive ports",
			ours("systems/sim/..."):   "simulators stay out of production",
		}},
		{who: []string{"activities"}, never: map[string]string{
			"github.com/jackc/pgx/v5": "SQL belongs in postgres",
			ours("postgres"):          "activities drive ports",
			ours("systems/all"):       "activities drive ports",
			ours("systems/sim/..."):   "simulators stay out of production",
		}},
		{who: []string{"access", "audit"}, never: map[string]string{
			"net/http":      "who may what does not depend on how they ask",
			"database/sql":  "decisions are pure",
			"math/rand":     "a secret is not guessed",
			ours("systems"): "a decision does not know who carries it out",
		}},
		{who: []string{"control", "console", "console/api"}, never: map[string]string{
			"github.com/jackc/pgx/v5": "SQL belongs in postgres",
			ours("postgres"):          "surfaces take stores as interfaces",
			ours("systems/all"):       "surfaces ask the workflows",
			ours("config"):            "take the values you need",
		}},
		{who: []string{"client"}, never: map[string]string{
			"github.com/jackc/pgx/v5":          "a client knows no database",
			"go.temporal.io/sdk/client":        "a client knows no workflow",
			"github.com/danielgtaylor/huma/v2": "a client knows the API's shapes alone",
			ours("postgres"):                   "a client knows no database",
			ours("console"):                    "a client is of use without the server",
			ours("config"):                     "take the values you need",
		}},
		{who: []string{"calllog", "calllog/format", "calllog/stitch", "calllog/account", "calllog/reconcile"}, never: map[string]string{
			"net/http":      "reading what was written is pure",
			"database/sql":  "reading what was written is pure",
			"math/rand":     "reading what was written is pure",
			"os":            "sources open files, formats read them",
			ours("systems"): "a format knows no connector",
		}},
		{who: []string{"calllog/source"}, never: map[string]string{
			"github.com/jackc/pgx/v5": "SQL belongs in postgres",
			ours("postgres"):          "stores come as ports",
			ours("systems"):           "a source knows no connector",
			ours("config"):            "take the values you need",
		}},
		// Whoever answers an SBC does so from memory, whatever else is away.
		{who: []string{
			"routing/edge", "routing/sipedge", "routing/httpedge", "routing/enumedge", "routing/curriedge",
			"routing/follow", "routing/rollcall", "routing/probe",
		}, never: map[string]string{
			"github.com/jackc/pgx/v5":   "a table and its edges come as ports",
			"database/sql":              "a table and its edges come as ports",
			"go.temporal.io/sdk/client": "a call does not wait for a workflow",
			ours("postgres"):            "a table and its edges come as ports",
			ours("systems"):             "an edge knows no platform's own interface",
			ours("cutover"):             "an edge serves what was decided",
			ours("config"):              "take the values you need",
			"testing":                   "tests test",
		}},
		{who: []string{"systems/..."}, except: []string{"systems/sim/...", "systems/systemtest/..."}, never: map[string]string{
			"go.temporal.io/sdk/client":    "a connector does not know who calls it",
			"go.temporal.io/sdk/activity":  "a connector does not know who calls it",
			ours("cutover"):                "a connector carries out, it does not decide",
			ours("postgres"):               "a connector keeps nothing",
			ours("config"):                 "a connector gets its settings decoded",
			ours("systems/sim/..."):        "a connector is written from the vendor's words, not from our simulator",
			ours("systems/systemtest"):     "tests test",
			"github.com/spf13/viper":       "only config reads settings",
			"go.temporal.io/sdk/workflow":  "a connector does not know who calls it",
			"github.com/google/go-cmp/cmp": "tests test",
			"testing":                      "tests test",
		}},
		{who: []string{"systems/sim/..."}, never: map[string]string{
			ours("systems"):               "a simulator is written from the vendor's words, not from our ports",
			ours("systems/asterisk"):      "a simulator never shares a mistake with its connector",
			ours("systems/amazonconnect"): "a simulator never shares a mistake with its connector",
			ours("systems/salesforce"):    "a simulator never shares a mistake with its connector",
			ours("cutover"):               "a simulator knows nothing of the migration",
		}},
		{who: []string{"postgres", "devstack"}, never: map[string]string{
			ours("systems/all"):     "no connector below cmd",
			ours("workflows"):       "imports go down only",
			ours("config"):          "take the values you need",
			ours("systems/sim/..."): "simulators stay out of production",
		}},
		{who: []string{"notify"}, never: map[string]string{
			"net/http":                "channels reach people, notify decides who hears",
			"github.com/jackc/pgx/v5": "SQL belongs in postgres",
			ours("systems"):           "who hears of a plan knows no system",
			ours("config"):            "take the values you need",
		}},
		{who: []string{"config"}, never: map[string]string{
			ours("postgres"):    "settings reach nothing",
			ours("workflows"):   "settings reach nothing",
			ours("systems/all"): "settings reach nothing",
		}},
		{who: []string{"cmd/dualtone"}, never: map[string]string{
			ours("systems/sim/..."):    "simulators stay out of production",
			ours("systems/systemtest"): "tests test",
			"testing":                  "tests test",
		}},
	}
}

func ours(name string) string { return strings.TrimSuffix(module+"/"+name, "/") }

func TestPackagesReachOnlyTheFloorsBelow(t *testing.T) {
	t.Parallel()
	imports := packages(t)
	for _, f := range floors() {
		for _, who := range f.who {
			from := matching(imports, ours(who))
			if len(from) == 0 {
				t.Errorf("%s: no such package; take it out of this test", ours(who))
			}
			for _, pkg := range from {
				if !slices.ContainsFunc(f.except, func(e string) bool { return matches(ours(e), pkg) }) {
					f.check(t, imports, pkg)
				}
			}
		}
		for banned := range f.never {
			if len(matching(imports, banned)) == 0 {
				t.Errorf("%s: banned, but no such package is left in the build; take it out of this test", banned)
			}
		}
	}
}

func TestConnectorsDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	imports := packages(t)
	isConnector := func(pkg string) bool {
		return matches(ours("systems/..."), pkg) && pkg != ours("systems") && pkg != ours("systems/all") &&
			!matches(ours("systems/sim/..."), pkg) && !matches(ours("systems/systemtest/..."), pkg)
	}
	for pkg := range imports {
		if !isConnector(pkg) {
			continue
		}
		for _, sibling := range imports[pkg] {
			if isConnector(sibling) && !strings.HasPrefix(sibling, pkg+"/") {
				t.Errorf("%s imports %s: a connector sees the vocabulary, the ports and internal; no sibling", pkg, sibling)
			}
		}
	}
}

func (f floor) check(t *testing.T, imports map[string][]string, pkg string) {
	t.Helper()
	for reached, path := range reach(imports, pkg, f.behind) {
		for banned, reason := range f.never {
			if matches(banned, reached) {
				t.Errorf("%s reaches %s: %s\n\t%s", pkg, reached, reason, strings.Join(path, " -> "))
			}
		}
	}
}

// reach lists what a package imports itself and through other packages of this
// module, those behind a package left out, each with the way there. What a third
// party imports is its own affair.
func reach(imports map[string][]string, pkg string, behind []string) map[string][]string {
	found := map[string][]string{}
	todo := [][]string{{pkg}}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		for _, next := range imports[path[len(path)-1]] {
			if _, seen := found[next]; seen {
				continue
			}
			way := append(slices.Clone(path), next)
			found[next] = way
			if matches(module+"/...", next) && !slices.ContainsFunc(behind, func(b string) bool { return ours(b) == next }) {
				todo = append(todo, way)
			}
		}
	}
	return found
}

func matches(pattern, pkg string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == dir || strings.HasPrefix(pkg, dir+"/")
	}
	return pkg == pattern
}

func matching(imports map[string][]string, pattern string) []string {
	var all []string
	for pkg := range imports {
		if matches(pattern, pkg) {
			all = append(all, pkg)
		}
	}
	slices.Sort(all)
	return all
}

// packages asks the go command for everything that the module is built from and
// what each of it imports.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-json=ImportPath,Imports,ForTest", "./...").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			ForTest    string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return imports
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if p.ForTest == "" && !strings.HasSuffix(p.ImportPath, ".test") {
			imports[p.ImportPath] = p.Imports
		}
	}
}
