package postgres

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const template = "dualtone_template"

// server is the one Postgres of this test binary, databases the number of
// databases made on it.
var (
	server    *url.URL
	databases atomic.Int64
)

func TestMain(m *testing.M) {
	stop, err := startServer(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "postgres for the tests:", err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

func startServer(ctx context.Context) (stop func(), err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no server programs in /usr/lib/postgresql: %w", err)
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "dualtone-postgres-")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		if err := os.Chown(dir, 65534, 65534); err != nil {
			return nil, err
		}
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, attr
		cmd.Env = []string{"LC_ALL=C", "TZ=Pacific/Auckland", "PATH=" + os.Getenv("PATH")}
		return cmd
	}
	if out, err := run("initdb", "-D", data, "-U", "dualtone", "-A", "trust", "-N", "-E", "UTF8").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		return nil, err
	}
	cmd := run("postgres", "-D", data, "-p", strconv.Itoa(port), "-k", "", "-c", "listen_addresses=127.0.0.1",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300", "-c", "timezone=Pacific/Auckland")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	server = &url.URL{Scheme: "postgres", User: url.User("dualtone"), Host: fmt.Sprintf("127.0.0.1:%d", port), RawQuery: "sslmode=disable"}
	if err := makeTemplate(ctx); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

func urlOf(database string) string {
	u := *server
	u.Path = "/" + database
	return u.String()
}

func makeTemplate(ctx context.Context) error {
	var admin *pgx.Conn
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if admin, err = pgx.Connect(ctx, urlOf("postgres")); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close(ctx) }()
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+template); err != nil {
		return err
	}
	pool, err := Open(ctx, urlOf(template))
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = Migrate(ctx, pool, nil)
	return err
}

// emptyURL makes a database without a schema.
func emptyURL(tb testing.TB) string { return makeDatabase(tb, "template1") }

func makeDatabase(tb testing.TB, from string) string {
	tb.Helper()
	name := fmt.Sprintf("test_%d", databases.Add(1))
	admin, err := pgx.Connect(tb.Context(), urlOf("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = admin.Close(tb.Context()) }()
	if _, err := admin.Exec(tb.Context(), "CREATE DATABASE "+name+" TEMPLATE "+from); err != nil {
		tb.Fatal(err)
	}
	return urlOf(name)
}

// newPool opens a migrated database of the test's own.
func newPool(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return openPool(tb, makeDatabase(tb, template))
}

func openPool(tb testing.TB, url string) *pgxpool.Pool {
	tb.Helper()
	pool, err := Open(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}
