// Package follow keeps the routing table of an edge: whole in memory, a
// heartbeat behind the database, and on disk for the time in which there is no
// database. It never gives up a good table for none and never serves a bad one.
package follow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Source is the part of a routing.Router that is followed.
type Source interface {
	Since(ctx context.Context, after routing.Revision) (routing.Snapshot, error)
}

// Watcher tells of new revisions until it fails or the context ends.
type Watcher interface {
	Watch(ctx context.Context, told func(routing.Revision)) error
}

// Config is what a follower needs. Zero durations have defaults.
type Config struct {
	Source Source
	// Watcher may be nil; then the poll alone finds changes.
	Watcher Watcher
	Options routing.Options
	// File is where the last good table is kept; empty keeps none.
	File string
	// Poll is how often the table is confirmed although nothing was announced.
	Poll time.Duration
	// Save is how long changes are gathered before they are written to disk.
	Save time.Duration
	Log  *slog.Logger
	Now  func() time.Time
	// Changed, if given, is told of every table as soon as it decides.
	Changed func(routing.Revision)
}

// Origin is where the table that decides was read from.
type Origin string

// The origins.
const (
	Nowhere  Origin = "nowhere"
	Disk     Origin = "disk"
	Database Origin = "database"
)

// Status is how well the table is followed.
type Status struct {
	Revision  routing.Revision `json:"revision"`
	Routes    int              `json:"routes"`
	Origin    Origin           `json:"origin"`
	Confirmed time.Time        `json:"confirmed,omitzero"`
	// Problem is why the table cannot be confirmed; empty while it can.
	Problem string `json:"problem,omitempty"`
}

// Follower decides from the newest good table. It is safe for concurrent use.
type Follower struct {
	cfg       Config
	table     atomic.Pointer[routing.Table]
	confirmed atomic.Int64 // Unix nanoseconds
	guard     *routing.Guard
	pinned    atomic.Uint64
	callbacks routing.Callbacks

	mu     sync.Mutex
	status Status
	wake   chan struct{}
	save   chan struct{}
}

var _ routing.Decider = (*Follower)(nil)

// New returns a follower that serves the table on disk, if there is a good one,
// until Run has read a newer one. The error says why there is none; the follower
// works all the same.
func New(cfg Config) (*Follower, error) {
	cfg = cfg.withDefaults()
	f := &Follower{cfg: cfg, guard: routing.NewGuard(), wake: make(chan struct{}, 1), save: make(chan struct{}, 1)}
	f.table.Store(routing.NewTable(cfg.Options))
	f.status.Origin = Nowhere
	if cfg.File == "" {
		return f, nil
	}
	kept, err := read(cfg.File)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("table on disk: %w", err)
	}
	table, err := f.table.Load().Load(kept.Snapshot)
	if err != nil {
		return f, fmt.Errorf("table on disk: %w", err)
	}
	f.serve(table, Disk, kept.confirmed)
	return f, nil
}

func (c Config) withDefaults() Config {
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.Save <= 0 {
		c.Save = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Decide decides from the newest table. It counts the call against loops and
// remembers who called for help, so ask it once for each new call.
func (f *Follower) Decide(call routing.Call) routing.Decision {
	t := f.table.Load()
	if call.Repeated = f.guard.Seen(call.Caller, call.Called, call.At); call.Repeated {
		f.pinned.Add(1)
	}
	if f.callbacks.Any() {
		call.Callback = f.callbacks.Side(t.Called(call), call.At)
	}
	d := t.Decide(call)
	if d.Emergency {
		f.callbacks.Note(call, d)
	}
	return d
}

// Pinned counts the calls that came so often that the default took them.
func (f *Follower) Pinned() uint64 { return f.pinned.Load() }

// Table is the one that decides now.
func (f *Follower) Table() *routing.Table { return f.table.Load() }

// Revision is the one that decides now.
func (f *Follower) Revision() routing.Revision { return f.table.Load().Revision() }

// Age is how long ago the table was known to be the active one.
func (f *Follower) Age(now time.Time) time.Duration {
	return now.Sub(time.Unix(0, f.confirmed.Load()))
}

// Status tells how well the table is followed.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

func (f *Follower) serve(t *routing.Table, from Origin, confirmed time.Time) {
	f.table.Store(t)
	f.confirmed.Store(confirmed.UnixNano())
	f.mu.Lock()
	solved := f.status.Problem != ""
	f.status = Status{Revision: t.Revision(), Routes: t.Len(), Origin: from, Confirmed: confirmed}
	f.mu.Unlock()
	if solved {
		f.cfg.Log.Info("route table is confirmed again", "revision", t.Revision())
	}
}

// Run follows the table until the context ends.
func (f *Follower) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	defer parts.Wait()
	if f.cfg.Watcher != nil {
		parts.Go(func() { f.watch(ctx) })
	}
	if f.cfg.File != "" {
		parts.Go(func() { f.keep(ctx) })
	}
	poll := time.NewTicker(f.cfg.Poll)
	defer poll.Stop()
	// What is on disk may be of another database, so the first read is whole; and so is
	// the one after a database without any revision, whose next ones are others.
	for whole := true; ; {
		after := f.Revision()
		if whole {
			after = 0
		}
		err := f.refresh(ctx, after)
		whole = err != nil && (whole || errors.Is(err, errBlank))
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		case <-f.wake:
		}
	}
}

// refresh reads what changed after a revision, or the whole table after 0. A
// table that cannot be read or must not be served leaves the one before in place.
func (f *Follower) refresh(ctx context.Context, after routing.Revision) error {
	before := f.table.Load()
	s, err := f.cfg.Source.Since(ctx, after)
	if err == nil {
		err = f.take(before, after, s)
	}
	if err != nil && ctx.Err() == nil {
		f.complain(err)
	}
	return err
}

// errBlank is a database in which no route was ever made.
var errBlank = errors.New("holds no revision of the route table")

func (f *Follower) take(before *routing.Table, after routing.Revision, s routing.Snapshot) error {
	now := f.cfg.Now()
	if s.Revision == 0 && before.Revision() > 0 {
		return fmt.Errorf("the database %w, and this edge serves %d: it was emptied or is another one: %w", errBlank, before.Revision(), dualtone.ErrConflict)
	}
	table := before
	var err error
	switch {
	case after == 0 || s.Revision < after:
		// The whole table, or the one of a restored backup, which is whole too.
		table, err = before.Load(s)
	case s.Revision > after:
		table, err = before.With(s)
	}
	if err != nil {
		return err
	}
	f.serve(table, Database, now)
	if table != before {
		if f.cfg.Changed != nil {
			f.cfg.Changed(table.Revision())
		}
		signal(f.save)
	}
	return nil
}

// complain notes why the table is not confirmed, and logs it when it is news.
func (f *Follower) complain(err error) {
	f.mu.Lock()
	news := f.status.Problem != err.Error()
	f.status.Problem = err.Error()
	f.mu.Unlock()
	if news {
		f.cfg.Log.Error("route table is not confirmed; the last good one is served",
			"error", err, "kind", dualtone.Kind(err), "revision", f.Revision())
	}
}

// watch wakes the follower for every announced revision. While the connection
// is lost the poll goes on; that it is lost is said once.
func (f *Follower) watch(ctx context.Context) {
	for said := false; ; {
		err := f.cfg.Watcher.Watch(ctx, func(routing.Revision) {
			said = false
			signal(f.wake)
		})
		if ctx.Err() != nil {
			return
		}
		if !said {
			f.cfg.Log.WarnContext(ctx, "route table is polled: its announcements were lost", "error", err)
		}
		said = true
		if !pause(ctx, f.cfg.Poll) {
			return
		}
	}
}

// keep writes the first table to disk at once, and later ones when their changes
// have been gathered, and at the end. Right after a change of very many numbers
// the processors are needed to put it into effect.
func (f *Follower) keep(ctx context.Context) {
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
		case <-f.save:
		}
		if !first && pause(ctx, f.cfg.Save) {
			drain(f.save)
		}
		if f.Status().Origin == Database {
			if err := write(f.cfg.File, f.table.Load(), time.Unix(0, f.confirmed.Load())); err != nil {
				f.cfg.Log.ErrorContext(ctx, "route table is not kept on disk", "error", err)
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// pause waits; false when the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
