// Package devstacktest gives the tests of a package one Postgres and one
// Temporal server, started when the first test asks for them and stopped when
// the last has ended. Each test works in a database and a namespace of its
// own.
//
//	var machine devstacktest.Machine
//
//	func TestMain(m *testing.M) { os.Exit(machine.Main(m)) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		url := machine.Database(t)
//		temporal := machine.Client(t)
//		...
//	}
package devstacktest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/dualtone/dualtone/devstack"
)

// Machine is the services of one test process. The zero value is ready. It
// needs its Main to be called from TestMain, or what it starts is left to the
// kernel to end.
type Machine struct {
	// SearchAttributes are what every namespace of a test gets.
	SearchAttributes map[string]enums.IndexedValueType
	// Durable keeps the safety of real use, for tests that pull the plug.
	Durable bool

	mu       sync.Mutex
	dirs     []string
	postgres *devstack.Postgres
	stack    *devstack.Stack
	failed   error
}

// Main runs the tests and then stops what they started. It returns the exit
// code for os.Exit.
func (m *Machine) Main(tests *testing.M) int {
	defer m.Close()
	return tests.Run()
}

// Close stops what was started. Main does it; it is for a second machine.
func (m *Machine) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	ctx := context.Background()
	if m.stack != nil {
		report(m.stack.Stop(ctx))
	}
	if m.postgres != nil {
		report(m.postgres.Stop(ctx))
	}
	for _, dir := range m.dirs {
		report(os.RemoveAll(dir))
	}
}

func report(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "devstacktest:", err)
	}
}

// Stack is the shared Postgres and Temporal.
func (m *Machine) Stack(tb testing.TB) *devstack.Stack {
	tb.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stack == nil {
		opts := m.options(tb)
		stack, err := devstack.Start(context.Background(), opts)
		m.check(tb, err)
		m.stack = stack
	}
	return m.stack
}

// Database creates an empty database for this test and returns its URL. It
// starts Postgres alone where no test needed Temporal before.
func (m *Machine) Database(tb testing.TB) string {
	tb.Helper()
	url, err := m.server(tb).CreateDatabase(tb.Context(), unique(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return url
}

type databases interface {
	CreateDatabase(ctx context.Context, name string) (string, error)
}

func (m *Machine) server(tb testing.TB) databases {
	tb.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stack != nil {
		return m.stack
	}
	if m.postgres == nil {
		opts := m.options(tb)
		postgres, err := devstack.StartPostgres(context.Background(), opts)
		m.check(tb, err)
		m.postgres = postgres
	}
	return m.postgres
}

// Namespace creates a Temporal namespace for this test and returns its name.
func (m *Machine) Namespace(tb testing.TB) string {
	tb.Helper()
	name := unique(tb)
	if err := m.Stack(tb).CreateNamespace(tb.Context(), name); err != nil {
		tb.Fatal(err)
	}
	return name
}

// Client connects to Temporal in a namespace of this test. It is closed when
// the test ends.
func (m *Machine) Client(tb testing.TB) client.Client {
	tb.Helper()
	namespace := m.Namespace(tb)
	c, err := client.DialContext(tb.Context(), client.Options{
		HostPort:  m.Stack(tb).TemporalAddress,
		Namespace: namespace,
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// options make a folder that the account of the servers can reach, which the
// folder of a test (t.TempDir) is not when root runs the tests.
func (m *Machine) options(tb testing.TB) devstack.Options {
	tb.Helper()
	if m.failed != nil {
		tb.Fatalf("an earlier test could not start the services: %v", m.failed)
	}
	dir, err := os.MkdirTemp("", "dualtone-test-") //nolint:usetesting // It outlives the test that asks first.
	if err != nil {
		tb.Fatal(err)
	}
	m.dirs = append(m.dirs, dir)
	return devstack.Options{Dir: dir, Volatile: !m.Durable, SearchAttributes: m.SearchAttributes, Progress: aloud{os.Stderr}}
}

func (m *Machine) check(tb testing.TB, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	m.failed = err
	tb.Fatal(err)
}

// aloud passes on the lines about long work, such as a build, and leaves out
// what happens at each start.
type aloud struct{ io.Writer }

func (a aloud) Write(line []byte) (int, error) {
	text := string(line)
	if strings.Contains(text, "building") || strings.Contains(text, "built") || strings.Contains(text, "fetching") {
		return a.Writer.Write(line)
	}
	return len(line), nil
}

// unique is a name for a test's own things, short and readable in a log.
func unique(tb testing.TB) string {
	tb.Helper()
	clean := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}
	name := strings.Map(clean, strings.ToLower(tb.Name()))
	return name[:min(len(name), 40)] + "_" + strings.ToLower(rand.Text()[:8])
}

// RestartPostgres kills the Postgres server without warning and starts it again
// on the same port.
func (m *Machine) RestartPostgres(tb testing.TB) {
	tb.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	if m.stack != nil {
		err = m.stack.RestartPostgres(tb.Context())
	} else {
		err = m.postgres.Restart(tb.Context())
	}
	if err != nil {
		tb.Fatal(err)
	}
}
