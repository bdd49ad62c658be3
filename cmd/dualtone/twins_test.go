package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/console/api"
)

// twins reads which operations of the API do what a page or a command does; none for
// what has a reason to have none.
func twins(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/twins.txt")
	must(t, err)
	all := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		who, does, _ := strings.Cut(line, ": ")
		if _, twice := all[who]; twice {
			t.Errorf("%s is there twice", who)
		}
		all[who] = nil
		switch reason, none := strings.CutPrefix(does, "- "); {
		case does == "" || none && reason == "":
			t.Errorf("%s has no twin, and no reason for it", who)
		case !none:
			all[who] = strings.Split(does, ", ")
		}
	}
	return all
}

func TestProgramsCanDoWhateverTheBrowserAndTheCommandLineCan(t *testing.T) {
	t.Parallel()
	o := newServerOffice(t)
	known, operations := twins(t), map[string]bool{}
	there := map[string]bool{}
	for _, r := range o.server.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if below, ok := strings.CutPrefix(path, api.Prefix); ok {
			operations[method+" "+below] = r.Action != ""
		} else if r.Action != "" {
			there[r.Pattern] = true
		}
	}
	for name := range actions() {
		there[name] = true
	}
	for _, who := range slices.Sorted(maps.Keys(there)) {
		if _, ok := known[who]; !ok {
			t.Errorf("%s is not in testdata/twins.txt: which operation of the API does the same?", who)
		}
	}
	used := map[string]bool{}
	for who, does := range known {
		if actions()[who] != "" {
			for _, operation := range does {
				used[operation] = true
			}
		}
	}
	for operation, acts := range operations {
		method, path, _ := strings.Cut(operation, " ")
		whole := method + " " + api.Prefix + path
		if _, reason := known[whole]; acts && reason == used[operation] {
			t.Errorf("%s: want a command that asks for it in testdata/twins.txt, or the reason why none does", whole)
		}
		there[whole] = true
	}
	for who, does := range known {
		if !there[who] {
			t.Errorf("%s is in testdata/twins.txt and nowhere else", who)
		}
		for _, operation := range does {
			if _, has := operations[operation]; !has {
				t.Errorf("%s: the API has no %s", who, operation)
			}
		}
	}
}
