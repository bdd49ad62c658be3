// Package nodetest installs what scripts of Node need that take part in tests.
package nodetest

import (
	"os"
	"os/exec"
	"testing"
)

// Home is a folder of the test's own with a copy of another one, and what its lock
// file names.
func Home(tb testing.TB, from string) string {
	tb.Helper()
	home := tb.TempDir()
	if err := os.CopyFS(home, os.DirFS(from)); err != nil {
		tb.Fatal(err)
	}
	Install(tb, home)
	return home
}

// Install puts into a folder what its lock file names, and runs none of it.
func Install(tb testing.TB, folder string) {
	tb.Helper()
	install := exec.CommandContext(tb.Context(), "npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	if said, err := install.CombinedOutput(); err != nil {
		tb.Fatalf("npm ci: %v\n%s", err, said)
	}
}
