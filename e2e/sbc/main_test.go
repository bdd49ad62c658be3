// Package sbc_test makes real calls through a real SBC: Kamailio with the kit of
// docs/sbc asks the real `dualtone edge`, which follows a real Postgres, and SIPp is
// the phones of both platforms and everybody who calls.
package sbc_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the program under test; TestMain builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "dualtone-sbc-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "sbc:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of temporary files
	binary = filepath.Join(dir, "dualtone")
	build := exec.Command("go", "build", "-o", binary, "github.com/dualtone/dualtone/cmd/dualtone") //nolint:gosec // a folder of our own
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "sbc: the program does not build:", err)
		return 1
	}
	return m.Run()
}
