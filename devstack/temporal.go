package devstack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// temporalOptions is what a Temporal server is started with.
type temporalOptions struct {
	Options

	databaseURL string
	folder      *folder
	namespace   string
}

// temporalServer is a running Temporal server.
type temporalServer struct {
	temporalOptions

	program string
	ports   ports
	say     progress

	mu     sync.Mutex
	server *child
	died   chan<- error
}

// The services behind the frontend listen too. Their ports matter to nobody.
const (
	frontendPort = "temporal"
	pagesPort    = "temporal-ui"
	historyPort  = "temporal-history"
	matchingPort = "temporal-matching"
	workerPort   = "temporal-worker"
)

func startTemporal(ctx context.Context, opts temporalOptions, say progress) (*temporalServer, error) {
	cache, err := cacheDir(opts.CacheDir)
	if err != nil {
		return nil, err
	}
	program, err := temporalFinder{cache: cache, account: opts.folder.account, say: say}.find(ctx)
	if err != nil {
		return nil, err
	}
	t := &temporalServer{temporalOptions: opts, program: program, say: say}
	if err := t.clear(ctx); err != nil {
		return nil, err
	}
	t.ports, err = opts.folder.choose(ctx, ports{
		frontendPort: opts.TemporalPort, pagesPort: opts.UIPort, historyPort: 0, matchingPort: 0, workerPort: 0,
	})
	if err != nil {
		return nil, err
	}
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	return t, opts.folder.keepPorts(t.ports)
}

// clear ends a server that an earlier process left on this folder.
func (t *temporalServer) clear(ctx context.Context) error {
	pid := processOf(t.pidFile())
	if pid == 0 || !worksIn(pid, t.folder.path) {
		return nil
	}
	return leftover{pid: pid, name: "Temporal", farewell: syscall.SIGTERM}.end(ctx, t.say)
}

func (t *temporalServer) pidFile() string { return t.folder.file("temporal.pid") }

// database is the name of the workflows' database. Our own Postgres serves
// this stack alone. In a given one the name follows dualtone's database, so
// that two installations, or another Temporal, stay apart.
func (t *temporalServer) database() string {
	if t.DatabaseURL == "" {
		return "temporal"
	}
	u, err := url.Parse(t.DatabaseURL)
	if err != nil || len(u.Path) < 2 {
		return "dualtone_temporal"
	}
	clean := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}
	name := strings.Map(clean, strings.ToLower(u.Path[1:]))
	if name[0] >= '0' && name[0] <= '9' {
		name = "db_" + name
	}
	// Postgres cuts names at 63 bytes, and the longest word behind this one has 20.
	if len(name) > 43 {
		sum := sha256.Sum256([]byte(u.Path))
		name = name[:34] + "_" + hex.EncodeToString(sum[:4])
	}
	return name + "_temporal"
}

func (t *temporalServer) arguments() []string {
	port := func(name string) string { return strconv.Itoa(t.ports[name]) }
	return []string{
		"--database", t.database(),
		"--visibility-database", t.database() + "_visibility",
		"--namespace", t.namespace,
		"--frontend-port", port(frontendPort),
		"--history-port", port(historyPort),
		"--matching-port", port(matchingPort),
		"--worker-port", port(workerPort),
		"--ui-port", port(pagesPort),
	}
}

func (t *temporalServer) run(ctx context.Context) error {
	began := time.Now()
	server, err := launch{
		name: "Temporal", program: t.program, args: t.arguments(), account: t.folder.account, dir: t.folder.path,
		env:     []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.folder.path, "TZ=UTC", "DATABASE_URL=" + t.databaseURL},
		logFile: t.folder.file("temporal.log"), farewell: syscall.SIGTERM,
		// Its database ends at the same moment, so there is nothing to put in order.
		orphaned: syscall.SIGKILL,
	}.start()
	if err != nil {
		return err
	}
	if err := writeWhole(t.pidFile(), []byte(strconv.Itoa(server.cmd.Process.Pid)+"\n")); err != nil {
		server.kill()
		return fmt.Errorf("devstack: temporal: %w", err)
	}
	if err := server.await(ctx, 2*time.Minute, t.ready); err != nil {
		server.kill()
		return err
	}
	t.say("devstack: Temporal is ready on %s after %s, its pages on %s", t.address(), time.Since(began).Round(10*time.Millisecond), t.uiURL())
	t.use(server)
	return nil
}

// ready asks the frontend for its health, and its pages for an open door.
func (t *temporalServer) ready(ctx context.Context) error {
	door, err := (&net.Dialer{}).DialContext(ctx, "tcp", hostPort(t.ports[pagesPort]))
	if err != nil {
		return err
	}
	return errors.Join(door.Close(), healthy(ctx, t.address(), t.Logger))
}

func (t *temporalServer) use(server *child) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.server = server
	if t.died != nil {
		server.tell(t.died)
	}
}

func (t *temporalServer) tell(died chan<- error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.died = died
	t.server.tell(died)
}

func (t *temporalServer) current() *child {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.server
}

func (t *temporalServer) address() string { return hostPort(t.ports[frontendPort]) }

func (t *temporalServer) uiURL() string { return "http://" + hostPort(t.ports[pagesPort]) }

func (t *temporalServer) restart(ctx context.Context) error {
	t.current().kill()
	return t.run(ctx)
}

// stop ends the server. A volatile one has nothing to finish.
func (t *temporalServer) stop(ctx context.Context) error {
	if t.Volatile {
		t.current().kill()
	} else {
		t.current().stop(ctx, 20*time.Second)
	}
	if err := os.Remove(t.pidFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("devstack: temporal: %w", err)
	}
	return nil
}
