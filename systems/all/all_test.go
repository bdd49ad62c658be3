package all_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/all"
)

var update = flag.Bool("update", false, "write docs/capabilities.md anew")

func TestCapabilitiesInTheDocsAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	const path = "../../docs/capabilities.md"
	want := all.Table(all.Specs())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/capabilities.md is not up to date, go test ./systems/all -update (-code +docs):\n%s", diff)
	}
}

func TestSpecsAreSortedAndOpenOneThing(t *testing.T) {
	t.Parallel()
	specs := all.Specs()
	if !slices.IsSortedFunc(specs, func(a, b systems.Spec) int { return strings.Compare(a.Kind, b.Kind) }) {
		t.Error("the kinds are not in order")
	}
	for _, s := range specs {
		if s.Kind == "" || s.Summary == "" || (s.OpenPlatform == nil) == (s.OpenCRM == nil) {
			t.Errorf("spec %q needs a summary and exactly one way to open it", s.Kind)
		}
	}
}
