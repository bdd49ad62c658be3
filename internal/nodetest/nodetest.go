// Package nodetest installs what scripts of Node need that take part in tests.
package nodetest

import (
	"os"
	"os/exec"
	"testing"
)

// Home is a folder of the test's own with a copy of another one, and what its lock
// file names.
func Home(t testing.TB, from string) string {
	t.Helper()
	home := t.TempDir()
	if err := os.CopyFS(home, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	Install(t, home)
	return home
}

// Install puts into a folder what its lock file names, and runs none of it.
func Install(t testing.TB, folder string) {
	t.Helper()
	install := exec.CommandContext(t.Context(), "npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	if said, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, said)
	}
}
