package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/dualtone/dualtone/devstack/devstacktest"
)

// machine is the Postgres and the Temporal server of this test process. It is
// durable, since one test pulls their plugs.
var machine = devstacktest.Machine{Durable: true}

// binary is the program under test; TestMain builds it.
var binary string

var record = flag.Bool("record", false, "record the histories that workflows/replay_test.go replays")

func TestMain(m *testing.M) {
	// A try moves a user through real servers, so there are few by default, 27 in all
	// companies, and a failed one is not tried again with less: it tells its story at
	// once.
	for name, value := range map[string]string{"rapid.checks": "9", "rapid.shrinktime": "0s", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
		}
	}
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "dualtone-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of temporary files
	binary = filepath.Join(dir, "dualtone")
	build := exec.Command("go", "build", "-o", binary, "github.com/dualtone/dualtone/cmd/dualtone") //nolint:gosec // a folder of our own
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: the program does not build:", err)
		return 1
	}
	return machine.Main(m)
}
