package main

import (
	"context"
	"errors"
	"flag"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dualtone/dualtone/devstack/devstacktest"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/postgres"
)

var update = flag.Bool("update", false, "write what is generated anew")

func TestMain(m *testing.M) {
	testscript.Main(testMain{m}, map[string]func(){"dualtone": main})
}

// testMain stops what the tests have started.
type testMain struct{ m *testing.M }

// machine is shared by the tests of this process.
var machine devstacktest.Machine

// Run runs the tests.
func (t testMain) Run() int { return machine.Main(t.m) }

func params(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/xdg")
			env.Setenv("DUALTONE_DATA_DIR", env.WorkDir+"/data")
			env.Setenv("NO_COLOR", "1")
			// With -race, a program sleeps for a second at its end, in case somebody who
			// still runs comes to a race; a script runs dozens of programs.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "waves": keepWaves},
	}
}

// exits runs a command that must end with a code: exits 2 dualtone users.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// keepWaves keeps the people of finance's worked example, as workers sample them: in
// the spring of 2023, which is over; with "late" as they became known afterwards.
func keepWaves(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 || len(args) == 1 && args[0] != "late" {
		ts.Fatalf("usage: waves [late]")
	}
	address, paid := ts.Getenv("DUALTONE_DATABASE_URL"), finance.Date(2023, time.February, 15)
	if len(args) == 1 {
		ts.Check(lateFacts(context.Background(), address, paid))
		return
	}
	pool, err := postgres.Open(context.Background(), address)
	ts.Check(err)
	defer pool.Close()
	_, err = postgres.NewFinance(pool).KeepPlan(context.Background(), springPlan(), wavesFrom(paid, 0))
	ts.Check(err)
}

func TestCommandsThatNeedNoService(t *testing.T) {
	t.Parallel()
	testscript.Run(t, params("testdata/script"))
}

// Scripts in testdata/database find an empty database in $DATABASE.
func TestCommandsThatNeedADatabase(t *testing.T) {
	t.Parallel()
	testscript.Run(t, databaseParams(t, "testdata/database"))
}

func databaseParams(t *testing.T, dir string) testscript.Params {
	t.Helper()
	p := params(dir)
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("DUALTONE_DATABASE_URL", machine.Database(t))
		env.Setenv("DUALTONE_ACTOR", "tester")
		return setup(env)
	}
	return p
}
