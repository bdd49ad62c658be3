package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
)

func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

func beside(folder string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name))) //nolint:gosec // a test's own file
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %w", err, dualtone.ErrNotFound)
		}
		return text, err
	}
}

func readPlan(tb testing.TB, name string) *Reading {
	tb.Helper()
	text, err := os.ReadFile(name) //nolint:gosec // a test's own file
	if err != nil {
		tb.Fatal(err)
	}
	return Read(Source{Name: filepath.Base(name), Text: text, Open: beside(filepath.Dir(name)), Now: day("2027-02-10")})
}

const examplePlan = "../../docs/plans/example.yaml"

func TestTheExampleHasNoFaults(t *testing.T) {
	t.Parallel()
	for _, f := range readPlan(t, examplePlan).Faults {
		t.Errorf("%s\n%s", f, f.Excerpt)
	}
}
