package devstack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const superuser = "dualtone"

// Program is the role that dualtone signs in as. It may do in its database whatever
// it needs and nothing beside: no superuser, and no owner of what it must not change.
const Program = "dualtone_program"

// Postgres is a running server with a cluster of its own.
type Postgres struct {
	programs postgresPrograms
	cluster  string
	account  account
	password string
	port     int
	volatile bool
	own      *folder // Closed with the server when it was started alone.
	say      progress

	mu     sync.Mutex
	server *child
	died   chan<- error
}

// StartPostgres starts a Postgres alone, for those who need no Temporal.
func StartPostgres(ctx context.Context, opts Options) (*Postgres, error) {
	dir, err := openFolder(opts.Dir)
	if err != nil {
		return nil, err
	}
	pg, err := startPostgresIn(ctx, dir, opts, progressTo(opts.Progress))
	if err != nil {
		return nil, errors.Join(err, dir.close())
	}
	pg.own = dir
	return pg, nil
}

func startPostgresIn(ctx context.Context, dir *folder, opts Options, say progress) (*Postgres, error) {
	cache, err := cacheDir(opts.CacheDir)
	if err != nil {
		return nil, err
	}
	pg := &Postgres{cluster: dir.file("postgres"), account: dir.account, volatile: opts.Volatile, say: say}
	find := &search{major: clusterMajor(pg.cluster), account: dir.account, cache: cache, say: say}
	if pg.programs, err = find.find(ctx); err != nil {
		return nil, err
	}
	if pg.password, err = keptPassword(dir); err != nil {
		return nil, err
	}
	if err := pg.make(ctx, dir); err != nil {
		return nil, err
	}
	if err := pg.clear(ctx); err != nil {
		return nil, err
	}
	chosen, err := dir.choose(ctx, ports{"postgres": opts.PostgresPort})
	if err != nil {
		return nil, err
	}
	pg.port = chosen["postgres"]
	if err := pg.run(ctx); err != nil {
		return nil, err
	}
	return pg, dir.keepPorts(chosen)
}

// keptPassword is the cluster's password. It stays in the folder, readable by
// its owner alone.
func keptPassword(dir *folder) (string, error) {
	name := dir.file("postgres.password")
	if clusterMajor(dir.file("postgres")) != 0 && passwordIn(name) == "" {
		return "", fmt.Errorf("devstack: %s is missing or empty, and the cluster beside it cannot be opened without: restore it from a backup", name)
	}
	return keptIn(name)
}

// passwordIn is the password that a file keeps; empty for none.
func passwordIn(file string) string {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// keptIn is the password that a file keeps, a new one where there is none.
func keptIn(file string) (string, error) {
	if kept := passwordIn(file); kept != "" {
		return kept, nil
	}
	password := rand.Text()
	if err := writeWhole(file, []byte(password+"\n")); err != nil {
		return "", fmt.Errorf("devstack: password: %w", err)
	}
	return password, nil
}

// admit makes sure that the program's role exists and may work in a database, and
// returns the URL by which it does. Its password stays in the folder too; without
// it a new one is made.
func (p *Postgres) admit(ctx context.Context, dir *folder, database string) (string, error) {
	password, err := keptIn(dir.file("program.password"))
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, p.URL(database))
	if err != nil {
		return "", fmt.Errorf("devstack: role %s: %w", Program, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var known bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, Program).Scan(&known); err != nil {
		return "", fmt.Errorf("devstack: role %s: %w", Program, err)
	}
	word := "CREATE"
	if known {
		word = "ALTER"
	}
	for _, statement := range []string{
		word + ` ROLE ` + Program + ` LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '` + password + `'`, // letters and digits
		`GRANT CREATE, USAGE ON SCHEMA public TO ` + Program,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", fmt.Errorf("devstack: role %s: %w", Program, err)
		}
	}
	return p.urlAs(Program, password, database), nil
}

// make creates the cluster where there is none. It is made aside and then
// renamed, so that one cut short is never taken for a whole one.
func (p *Postgres) make(ctx context.Context, dir *folder) error {
	if clusterMajor(p.cluster) != 0 {
		return nil
	}
	p.say("devstack: creating a Postgres %d cluster in %s", p.programs.major, p.cluster)
	half := dir.file("postgres.new")
	secret := filepath.Join(half, "password")
	if err := errors.Join(os.RemoveAll(half), os.MkdirAll(half, 0o700), os.WriteFile(secret, []byte(p.password), 0o600),
		p.account.own(half), p.account.own(secret)); err != nil {
		return fmt.Errorf("devstack: cluster: %w", err)
	}
	args := []string{
		"--pgdata", filepath.Join(half, "cluster"), "--username", superuser, "--pwfile", secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions",
	}
	if p.volatile {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, p.programs.program("initdb"), args...) //nolint:gosec // G204: the program that was found.
	cmd.Dir, cmd.Env = half, p.environment()
	cmd.SysProcAttr = attributes(p.account, syscall.SIGTERM)
	if out, err := runOnThread(cmd); err != nil {
		return fmt.Errorf("devstack: initdb in %s: %w: %s", half, err, lastOf(out))
	}
	if err := os.Rename(filepath.Join(half, "cluster"), p.cluster); err != nil {
		return fmt.Errorf("devstack: cluster: %w", err)
	}
	return os.RemoveAll(half)
}

// clear removes what a server that was killed or lost with its machine left
// behind, and waits for one that is still on its way out.
func (p *Postgres) clear(ctx context.Context) error {
	pidFile := filepath.Join(p.cluster, "postmaster.pid")
	pid := processOf(pidFile)
	if pid == 0 {
		return nil
	}
	if worksIn(pid, p.cluster) {
		return leftover{pid: pid, name: "Postgres", farewell: syscall.SIGINT}.end(ctx, p.say)
	}
	if !exists("/proc/self") {
		return nil // Postgres itself has to tell whether the process is one of its own.
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("devstack: stale lock of Postgres: %w", err)
	}
	return nil
}

func (p *Postgres) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "HOME=" + p.cluster}
}

func (p *Postgres) settings() []string {
	set := []string{
		"port=" + strconv.Itoa(p.port),
		"listen_addresses=" + loopback,
		// A socket's path has a short limit, which a deep folder breaks.
		"unix_socket_directories=",
		// Temporal keeps a pool for each of its services and databases.
		"max_connections=400",
		"shared_buffers=256MB",
		"log_timezone=UTC",
		"timezone=UTC",
		"log_line_prefix=%m [%p] %d ",
	}
	if p.volatile {
		set = append(set, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=10min")
	}
	args := []string{"-D", p.cluster}
	for _, s := range set {
		args = append(args, "-c", s)
	}
	return args
}

// run starts the server and waits until it lets us in. A server that was
// killed may leave a helper that holds its memory for a moment: then Postgres
// refuses, and is asked again.
func (p *Postgres) run(ctx context.Context) error {
	began := time.Now()
	for {
		server, err := launch{
			name: "Postgres", program: p.programs.program("postgres"), args: p.settings(), env: p.environment(),
			dir: p.cluster, logFile: filepath.Join(filepath.Dir(p.cluster), "postgres.log"), account: p.account,
			farewell: syscall.SIGINT, orphaned: syscall.SIGINT,
		}.start()
		if err != nil {
			return err
		}
		err = server.await(ctx, 2*time.Minute, p.ping)
		if err == nil {
			p.say("devstack: Postgres %d is ready on %s after %s", p.programs.major, hostPort(p.port), time.Since(began).Round(10*time.Millisecond))
			p.use(server)
			return nil
		}
		stillHeld := !server.running() && strings.Contains(server.said(), "shared memory block")
		server.kill()
		if !stillHeld || time.Since(began) > 20*time.Second {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *Postgres) use(server *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server
	if p.died != nil {
		server.tell(p.died)
	}
}

// tell reports a server that ends on its own, now and after each restart.
func (p *Postgres) tell(died chan<- error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.died = died
	p.server.tell(died)
}

func (p *Postgres) current() *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server
}

func (p *Postgres) ping(ctx context.Context) error {
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (p *Postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, p.URL("postgres"))
}

// URL connects to a database of this server. It holds the password.
func (p *Postgres) URL(database string) string {
	return p.urlAs(superuser, p.password, database)
}

func (p *Postgres) urlAs(user, password, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(user, password), Host: hostPort(p.port),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// CreateDatabase makes sure that a database exists and returns its URL.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) (string, error) {
	conn, err := p.connect(ctx)
	if err != nil {
		return "", fmt.Errorf("devstack: database %s: %w", name, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "42P04" {
		err = nil // It is there already.
	}
	if err != nil {
		return "", fmt.Errorf("devstack: database %s: %w", name, err)
	}
	return p.URL(name), nil
}

// Restart kills the server without warning and starts it again on the same
// port.
func (p *Postgres) Restart(ctx context.Context) error {
	p.current().kill()
	if err := p.clear(ctx); err != nil {
		return err
	}
	return p.run(ctx)
}

// Stop ends the server. What is volatile is not written out first.
func (p *Postgres) Stop(ctx context.Context) error {
	server := p.current()
	if p.volatile {
		server.farewell = syscall.SIGQUIT
	}
	server.stop(ctx, time.Minute)
	if p.own == nil {
		return nil
	}
	return p.own.close()
}
