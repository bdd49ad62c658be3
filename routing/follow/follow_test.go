package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// ledger is a routing table in memory whose database can be away.
type ledger struct {
	mu      sync.Mutex
	sets    []routing.Snapshot
	away    error
	told    chan routing.Revision
	asked   int
	watched int
}

func newLedger() *ledger { return &ledger{told: make(chan routing.Revision, 100)} }

func (l *ledger) put(routes ...routing.Route) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sets = append(l.sets, routing.Snapshot{Revision: routing.Revision(len(l.sets) + 1), Routes: routes, At: time.Now()})
	l.told <- routing.Revision(len(l.sets))
}

func (l *ledger) set(change func(*ledger)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func (l *ledger) Since(_ context.Context, after routing.Revision) (routing.Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.away != nil {
		return routing.Snapshot{}, l.away
	}
	if int(after) > len(l.sets) {
		after = 0
	}
	s := routing.Snapshot{Revision: routing.Revision(len(l.sets))}
	for _, set := range l.sets[after:] {
		s.Routes, s.At = append(s.Routes, set.Routes...), set.At
	}
	return s, nil
}

func (l *ledger) Watch(ctx context.Context, told func(routing.Revision)) error {
	l.set(func(l *ledger) { l.watched++ })
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case r := <-l.told:
			if r < 0 {
				return errors.New("connection lost")
			}
			told(r)
		}
	}
}

func to(number string, sides ...dualtone.Side) routing.Route {
	return routing.Route{Number: dualtone.Number(number), Person: "p\t1", Sides: sides}
}

func start(t *testing.T, cfg Config) (*Follower, func()) {
	t.Helper()
	f, err := New(cfg)
	if err != nil {
		t.Logf("starts with: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	end := sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return f, end
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 seconds", what)
		}
		<-time.After(time.Millisecond)
	}
}

func side(d routing.Decider, number string) string {
	r := d.Decide(routing.Call{Called: number, Country: "DE", Ingress: routing.FromCarrier, At: time.Now()})
	if len(r.Targets) == 0 {
		return string(r.Result)
	}
	return string(r.Targets[0].Side)
}

func TestAnAnnouncedFlipDecidesTheNextCall(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.put(to("+493010", dualtone.Old), to("+493011", dualtone.Old))
	f, _ := start(t, Config{Source: l, Watcher: l, Poll: time.Hour})
	until(t, "loaded", func() bool { return f.Revision() == 1 })
	if got := side(f, "+493010"); got != "old" {
		t.Error(got)
	}
	l.put(to("+493010", dualtone.New))
	until(t, "flipped", func() bool { return side(f, "+493010") == "new" })
	l.put(to("+493010"))
	until(t, "removed", func() bool { return side(f, "+493010") == "not_found" })
}

func TestWithoutAnnouncementsThePollFindsAFlip(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.put(to("+493010", dualtone.Old))
	f, _ := start(t, Config{Source: l, Watcher: l, Poll: 5 * time.Millisecond})
	l.told <- -1
	until(t, "watching again", func() (again bool) {
		l.set(func(l *ledger) { again = l.watched > 1 })
		return again
	})
	l.set(func(l *ledger) {
		l.sets = append(l.sets, routing.Snapshot{Revision: 2, Routes: []routing.Route{to("+493010", dualtone.New)}})
	})
	until(t, "flipped", func() bool { return side(f, "+493010") == "new" })
}

func TestTheLastGoodTableIsServedWhileThereIsNoDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "routes")
	l := newLedger()
	l.put(to("+493010", dualtone.New, dualtone.Old), to("default", dualtone.Old),
		routing.Route{Number: "+493011", Sides: []dualtone.Side{dualtone.New, dualtone.Old}, Terms: &routing.Terms{How: routing.Split, Share: 10_000}})
	f, end := start(t, Config{Source: l, Poll: time.Millisecond, Save: time.Millisecond, File: file})
	until(t, "loaded", func() bool { return f.Revision() == 1 })
	l.set(func(l *ledger) { l.away = fmt.Errorf("gone: %w", dualtone.ErrUnavailable) })
	until(t, "noticed", func() bool { return f.Status().Problem != "" })
	aged := f.Age(time.Now())
	if got := side(f, "+493010"); got != "new" || aged < 0 {
		t.Errorf("without a database: %s, age %s", got, aged)
	}
	end()
	// A new process, still without a database.
	f, _ = start(t, Config{Source: l, Poll: time.Millisecond, File: file})
	got := []string{side(f, "+493010"), side(f, "+493011"), side(f, "+493099")}
	if diff := cmp.Diff([]string{"new", "new", "old"}, got); diff != "" || f.Revision() != 1 || f.Status().Origin != Disk {
		t.Errorf("%+v %s", f.Status(), diff)
	}
	l.set(func(l *ledger) { l.away = nil })
	l.put(to("+493010", dualtone.Old))
	until(t, "back", func() bool {
		return side(f, "+493010") == "old" && f.Status().Origin == Database && f.Status().Problem == ""
	})
}

// What lasts for days must not fill the log, and whoever reads it must see the end.
func TestThatTheDatabaseIsAwayAndBackIsSaidOnce(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.put(to("+493010", dualtone.Old))
	var said bytes.Buffer
	f, end := start(t, Config{Source: l, Watcher: l, Poll: time.Millisecond, Log: slog.New(slog.NewTextHandler(&said, nil))})
	until(t, "loaded", func() bool { return f.Revision() == 1 })
	l.set(func(l *ledger) { l.away = fmt.Errorf("gone: %w", dualtone.ErrUnavailable) })
	until(t, "noticed", func() bool { return f.Status().Problem != "" })
	for range 5 {
		l.told <- -1
	}
	l.set(func(l *ledger) { l.away = nil })
	until(t, "back", func() bool { return f.Status().Problem == "" })
	end()
	for _, line := range []string{"announcements were lost", "is not confirmed", "is confirmed again"} {
		if n := strings.Count(said.String(), line); n != 1 {
			t.Errorf("%q is said %d times in\n%s", line, n, said.String())
		}
	}
}

func TestARestoredBackupIsReadWhole(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.put(to("+493010", dualtone.Old))
	l.put(to("+493011", dualtone.Old))
	f, _ := start(t, Config{Source: l, Poll: time.Millisecond})
	until(t, "loaded", func() bool { return f.Revision() == 2 })
	l.set(func(l *ledger) { l.sets = l.sets[:1] })
	until(t, "older", func() bool { return f.Revision() == 1 && side(f, "+493011") == "not_found" })
}

// A database in which nobody has ever made a route is another one than was followed.
func TestHazardADatabaseThatIsEmptyDoesNotBlankAGoodTable(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.put(to("+493010", dualtone.New))
	f, _ := start(t, Config{Source: l, Poll: time.Millisecond})
	until(t, "loaded", func() bool { return f.Revision() == 1 })
	l.set(func(l *ledger) { l.sets = nil })
	until(t, "noticed", func() bool { return strings.Contains(f.Status().Problem, "holds no revision") })
	if got := side(f, "+493010"); got != "new" || f.Revision() != 1 {
		t.Errorf("%s at %d", got, f.Revision())
	}
	l.put(to("+493010", dualtone.Old))
	until(t, "filled again", func() bool { return side(f, "+493010") == "old" && f.Status().Problem == "" })
}

func TestATableThatMustNotBeServedLeavesTheOneBefore(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.put(to("+493010", dualtone.Old))
	f, _ := start(t, Config{Source: l, Poll: time.Millisecond, Options: routing.Options{Countries: []string{"DE"}}})
	until(t, "loaded", func() bool { return f.Revision() == 1 })
	l.put(to("110", dualtone.New), to("+493010", dualtone.New))
	until(t, "noticed", func() bool { return f.Status().Problem != "" })
	if got := side(f, "+493010"); got != "old" || f.Revision() != 1 {
		t.Errorf("%s at %d", got, f.Revision())
	}
}

func TestAFileThatIsDamagedOrOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	table, err := routing.NewTable(routing.Options{}).With(routing.Snapshot{Revision: 3, Routes: []routing.Route{to("+493010", dualtone.Old)}})
	if err != nil {
		t.Fatal(err)
	}
	var good bytes.Buffer
	if err := encode(&good, table, time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"cut":     good.Bytes()[:good.Len()-20],
		"bent":    bytes.Replace(good.Bytes(), []byte("old"), []byte("new"), 1),
		"version": bytes.Replace(good.Bytes(), []byte("routes 1"), []byte("routes 2"), 1),
		"empty":   {},
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := New(Config{File: file})
		if !errors.Is(err, dualtone.ErrInvalid) || side(f, "+493010") != "no_table" {
			t.Errorf("%s: %v, %s", name, err, side(f, "+493010"))
		}
		if name == "version" {
			if err := write(file, table, time.Now()); !errors.Is(err, errVersion) {
				t.Errorf("a newer program's file is written over: %v", err)
			}
		}
	}
}

func TestTheFollowerCountsLoopsAndRemembersWhoCalledForHelp(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.put(to("+4930123456", dualtone.Old), to("+4930999", dualtone.Old), to("default", dualtone.New))
	f, _ := start(t, Config{Source: l, Poll: time.Millisecond})
	until(t, "loaded", func() bool { return f.Revision() == 1 })
	f.Decide(routing.Call{Called: "112", Caller: "030123456", Country: "DE", Ingress: routing.FromNew, At: time.Now()})
	if got := side(f, "+4930123456"); got != "new" {
		t.Errorf("call back to %s", got)
	}
	var last routing.Decision
	for range 4 {
		last = f.Decide(routing.Call{Called: "+4930999", Caller: "+4930888", Ingress: routing.FromCarrier, At: time.Now()})
	}
	if last.Scope != routing.ByDefault || f.Pinned() != 1 {
		t.Errorf("%+v, %d pinned", last, f.Pinned())
	}
}

// BenchmarkDisk writes and reads a table of a million numbers.
func BenchmarkDisk(b *testing.B) {
	const million = 1_000_000
	s := routing.Snapshot{Revision: 1}
	for i := range million {
		s.Routes = append(s.Routes, routing.Route{
			Number: dualtone.Number(fmt.Sprintf("+4930%07d", i)), Person: dualtone.PersonID(fmt.Sprintf("u%06d", i)), Sides: []dualtone.Side{dualtone.Old},
		})
	}
	table, err := routing.NewTable(routing.Options{}).With(s)
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "routes")
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			if err := write(file, table, time.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			if f, err := New(Config{File: file}); err != nil || f.Table().Len() != million {
				b.Fatal(err)
			}
		}
	})
}
