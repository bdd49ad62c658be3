package sbc_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A hazard without its test is no more than a promise.
func TestEveryHazardNamesATestThatThereIs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("hazards.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := source(t)
	hazards := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| hazard |") {
			continue
		}
		hazards++
		named := regexp.MustCompile("`(Test[^`]+)`").FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, n := range named {
			test, part, _ := strings.Cut(n[1], ".")
			if !strings.Contains(tests, "func "+test+"(t *testing.T)") {
				t.Errorf("there is no %s", test)
			}
			if part != "" && !strings.Contains(tests, `{"`+part+`", w.`) {
				t.Errorf("%s has no part %q", test, part)
			}
		}
	}
	const least = 25
	if hazards < least {
		t.Errorf("%d hazards were found in the page", hazards)
	}
}

// source is the text of all tests that may be named.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range []string{"../../routing", "../../e2e/sbc", "../../calllog/stitch", "../../activities"} {
		err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := os.ReadFile(name) //nolint:gosec // The repository's own.
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
