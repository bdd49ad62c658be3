package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/log"
)

// DefaultNamespace is the Temporal namespace that dualtone works in.
const DefaultNamespace = "dualtone"

// Options say what to start, where it keeps its state, and what is there
// already.
type Options struct {
	// Dir keeps the state. It is required unless nothing is started.
	Dir string
	// CacheDir keeps what is fetched or built once for all folders. Empty
	// means the account's cache folder, for root /var/cache/dualtone.
	CacheDir string
	// DatabaseURL names a Postgres to use. Then none is started.
	DatabaseURL string
	// TemporalAddress names a Temporal frontend (host:port) to use. Then none
	// is started.
	TemporalAddress string
	// Namespace is the Temporal namespace to ensure. Empty means "dualtone".
	Namespace string
	// SearchAttributes are the typed attributes that every namespace gets
	// which is created here.
	SearchAttributes map[string]enums.IndexedValueType
	// PostgresPort, TemporalPort and UIPort are fixed ports. Zero means the
	// port of the last start where that is free, else any free one.
	PostgresPort, TemporalPort, UIPort int
	// Volatile gives up durability for speed. For tests.
	Volatile bool
	// Progress receives a line for each step. Nil means none.
	Progress io.Writer
	// Logger receives what the Temporal client has to say. Nil means nothing.
	Logger log.Logger
}

// Stack is a running Postgres and Temporal server, its own or given ones.
type Stack struct {
	// DatabaseURL connects to dualtone's database, as the program's own role where
	// the server was started here. It holds a password.
	DatabaseURL string
	// OwnerURL connects to the same as the owner of everything, to change the
	// schema and to guard the audit from the program. Empty when the server is given.
	OwnerURL string
	// TemporalAddress is host:port of the Temporal frontend.
	TemporalAddress string
	// Namespace is the Temporal namespace that exists for dualtone.
	Namespace string
	// UIURL is where Temporal's web pages are. Empty when the server is given.
	UIURL string

	dir        *folder
	postgres   *Postgres
	temporal   *temporalServer
	attributes map[string]enums.IndexedValueType
	logger     log.Logger
	died       chan error
	stop       sync.Once
	stopErr    error
}

// Start brings up what the options do not name, and returns when all of it
// answers. On an error nothing is left running.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	s := &Stack{
		DatabaseURL:     opts.DatabaseURL,
		TemporalAddress: opts.TemporalAddress,
		Namespace:       opts.Namespace,
		attributes:      opts.SearchAttributes,
		logger:          quietUnless(opts.Logger),
		died:            make(chan error, 2),
	}
	if s.Namespace == "" {
		s.Namespace = DefaultNamespace
	}
	if err := s.start(ctx, opts); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, opts Options) error {
	say := progressTo(opts.Progress)
	if opts.DatabaseURL == "" || opts.TemporalAddress == "" {
		dir, err := openFolder(opts.Dir)
		if err != nil {
			return err
		}
		s.dir = dir
	}
	if opts.DatabaseURL != "" {
		if err := pingGiven(ctx, opts.DatabaseURL); err != nil {
			return err
		}
	}
	if opts.DatabaseURL == "" {
		pg, err := startPostgresIn(ctx, s.dir, opts, say)
		if err != nil {
			return err
		}
		s.postgres = pg
		pg.tell(s.died)
		if s.OwnerURL, err = pg.CreateDatabase(ctx, "dualtone"); err != nil {
			return err
		}
		if s.DatabaseURL, err = pg.admit(ctx, s.dir, "dualtone"); err != nil {
			return err
		}
	}
	if opts.TemporalAddress == "" {
		database := s.OwnerURL // the server makes databases of its own
		if database == "" {
			database = s.DatabaseURL
		}
		server, err := startTemporal(ctx, temporalOptions{Options: opts, databaseURL: database, folder: s.dir, namespace: s.Namespace}, say)
		if err != nil {
			return err
		}
		s.temporal, s.TemporalAddress, s.UIURL = server, server.address(), server.uiURL()
		server.tell(s.died)
	}
	return s.CreateNamespace(ctx, s.Namespace)
}

// pingGiven tells early what is wrong with a database that the caller named.
func pingGiven(ctx context.Context, databaseURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("devstack: the given database does not let us in: %w: check its URL, or give none to have one started here", err)
	}
	return conn.Close(ctx)
}

// Done receives an error when a program of this stack ends that nobody
// stopped. It says which, why as far as known, and where its log is.
func (s *Stack) Done() <-chan error { return s.died }

// Stop ends what Start started, Temporal before its database, and frees the
// folder. Stopping twice is the same as once. A program that does not end in
// time is killed; its state survives that.
func (s *Stack) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		var errs []error
		if s.temporal != nil {
			errs = append(errs, s.temporal.stop(ctx))
		}
		if s.postgres != nil {
			errs = append(errs, s.postgres.Stop(ctx))
		}
		if s.dir != nil {
			errs = append(errs, s.dir.close())
		}
		s.stopErr = errors.Join(errs...)
	})
	return s.stopErr
}

// ErrNotOurs says that the stack was given this service and did not start it.
var ErrNotOurs = errors.New("given, not started here")

// CreateDatabase makes sure that a database of this name exists and returns
// its URL.
func (s *Stack) CreateDatabase(ctx context.Context, name string) (string, error) {
	if s.postgres == nil {
		return "", fmt.Errorf("devstack: database %s: postgres is %w", name, ErrNotOurs)
	}
	return s.postgres.CreateDatabase(ctx, name)
}

// RestartPostgres kills Postgres without warning and starts it again on the
// same port.
func (s *Stack) RestartPostgres(ctx context.Context) error {
	if s.postgres == nil {
		return fmt.Errorf("devstack: restart: postgres is %w", ErrNotOurs)
	}
	return s.postgres.Restart(ctx)
}

// RestartTemporal kills the Temporal server without warning and starts it
// again on the same ports.
func (s *Stack) RestartTemporal(ctx context.Context) error {
	if s.temporal == nil {
		return fmt.Errorf("devstack: restart: temporal is %w", ErrNotOurs)
	}
	return s.temporal.restart(ctx)
}

// DefaultDir is the folder for an installation that names none: for root
// /var/lib/dualtone, else dualtone in the account's data folder.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/dualtone", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "dualtone"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("devstack: data folder: %w", err)
	}
	return filepath.Join(home, ".local", "share", "dualtone"), nil
}

func cacheDir(given string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	// Root's own cache folder is closed to the account that runs the servers.
	if os.Geteuid() == 0 {
		return "/var/cache/dualtone", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("devstack: cache folder: %w", err)
	}
	return filepath.Join(dir, "dualtone"), nil
}

// progress writes a line about what is being done.
type progress func(format string, args ...any)

func progressTo(w io.Writer) progress {
	if w == nil {
		return func(string, ...any) {}
	}
	var mu sync.Mutex
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(w, format+"\n", args...)
	}
}

// every repeats a line with the time gone by until the returned function is
// called, for work that a reader may take for stuck.
func (p progress) every(interval time.Duration, format string, args ...any) (stop func()) {
	done := make(chan struct{})
	began := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				p(format+" (%s so far)", append(slices.Clip(args), time.Since(began).Round(time.Second))...)
			}
		}
	})
	return func() { close(done); wg.Wait() }
}
