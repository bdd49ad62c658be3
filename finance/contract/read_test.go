package contract

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
)

var update = flag.Bool("update", false, "write the schema and the golden files again")

func readFile(t *testing.T, name string) *Reading {
	t.Helper()
	return readFor(t, name, "pbx", "cloud")
}

// readFor reads a file with these systems connected.
func readFor(t *testing.T, name string, systems ...string) *Reading {
	t.Helper()
	text, err := os.ReadFile(name) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	return Read(Source{
		Name: filepath.Base(name), Text: text, Systems: systems,
		Book: Head{Name: "telephony", Owner: "finance@example.com", Currency: "GBP"},
		Open: func(other string) ([]byte, error) {
			text, err := os.ReadFile(filepath.Join(filepath.Dir(name), other)) //nolint:gosec // a test's own file
			if errors.Is(err, fs.ErrNotExist) {
				return nil, dualtone.ErrNotFound
			}
			return text, err
		},
	})
}

// told is everything that a reader is told.
func told(faults Faults) string {
	var b strings.Builder
	for _, f := range faults {
		b.WriteString(f.String() + "\n" + f.Excerpt + "\n\n")
	}
	return b.String()
}

func TestTheExampleBesideTheExamplePlanHasNoFaults(t *testing.T) {
	t.Parallel()
	r := readFor(t, "../../docs/plans/finance/contracts.yaml", "pbx-london", "cloud-eu")
	if len(r.Faults) > 0 || len(r.Document.File.Spec.Contracts) != 3 || len(r.Document.Quotes) != 3 {
		t.Errorf("%d contracts and %d rates; of which nothing is wrong:\n%s", len(r.Document.File.Spec.Contracts), len(r.Document.Quotes), told(r.Faults))
	}
}

func TestEveryBadContractsFileIsToldWhatIsWrongWhereAndWhatToWrite(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"testdata/good.yaml", "testdata/good.csv"} {
		if faults := readFile(t, good).Faults; len(faults) > 0 {
			t.Fatalf("%s, of which nothing is wrong:\n%s", good, told(faults))
		}
	}
	all, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(all) < 35 {
		t.Fatalf("%d bad files, %v", len(all), err)
	}
	for _, name := range append(all, "testdata/bad/rows.csv", "testdata/bad/header.csv", "testdata/bad/nothing.csv") {
		golden := strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".csv") + ".golden"
		r := readFile(t, name)
		got := told(r.Faults)
		if r.Faults.Errors() == 0 {
			t.Errorf("%s: nothing is wrong with it", name)
		}
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden) //nolint:gosec // a test's own file
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
