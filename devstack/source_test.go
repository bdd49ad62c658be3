package devstack

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "copy the sources of tools/temporal")

func TestTheEmbeddedServerIsTheOneOfTheCheckout(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, pattern := range []string{"*.go", "go.mod", "go.sum"} {
		names, err := filepath.Glob(filepath.Join("..", "tools", "temporal", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(filepath.Clean(name))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") {
				want[filepath.Base(name)] = string(text)
			}
		}
	}
	if *update {
		for name, text := range want {
			if err := os.WriteFile(filepath.Join("temporalsource", name+".txt"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Log("copied; run again without -update")
		return
	}
	got := map[string]string{}
	if err := eachSource(func(name string, text []byte) error {
		got[name] = string(text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the copies differ from tools/temporal; run go test ./devstack -run Embedded -update (-want +got):\n%s", diff)
	}
}
