package sbc_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realsbc"
)

func TestCallsThroughARealSBCReachTheSideThatTheTableSays(t *testing.T) {
	t.Parallel()
	for i, lookup := range []realsbc.Lookup{realsbc.SIP, realsbc.HTTP, realsbc.ENUM} {
		t.Run(string(lookup), func(t *testing.T) {
			needSBC(t, lookup)
			t.Parallel()
			w := newWorld(t, lookup, fmt.Sprintf("127.0.77.%d", i+1), ports{})
			w.populate(t)
			for _, act := range []struct {
				what string
				do   func(*testing.T)
			}{
				{"every plan", w.plans},
				{"a split is sticky", w.split},
				{"a flip with 40 calls up", w.flipInUse},
				{"the first platform is dead", w.failover},
				{"a flood of ten times the capacity", w.flood},
				{"Postgres is away", w.withoutPostgres},
				{"the table on disk is of another format version", w.foreignTable},
				{"Postgres comes back", w.withPostgresAgain},
				{"the SBC is started anew, with the patience of the kit", w.asShipped},
				{"the route server hangs", w.hang},
				{"the route server is killed", w.kill},
			} {
				// One act after the other, in one world.
				if !t.Run(act.what, act.do) {
					return
				}
			}
		})
	}
}

func (w *world) plans(t *testing.T) {
	t.Helper()
	check(t, "plans", w.call(t, burst{
		numbers: []string{"+15551230001", "+15551230002", "+15551230003", "+15551230004", "911"}, count: 30, rate: 20,
	}), wants{
		"+15551230001": {"old", asked},
		"+15551230002": {"new", asked},
		// Both ring, and the new side's phones are picked up first.
		"+15551230003": {"new", asked},
		"+15551230004": {"new", asked},
		"911":          {"old", emergency},
	})
	for _, c := range w.call(t, burst{numbers: []string{"+15559999999"}, count: 2, rate: 2}) {
		// Kamailio's ENUM module cannot tell a number that is not there from a server that
		// is not, so there the kit lets it ring where it did before the migration.
		if w.lookup == realsbc.ENUM && (c.Platform != "old" || c.Source != fallback) || w.lookup != realsbc.ENUM && c.Refused != 404 {
			t.Errorf("a number that is nobody's: %+v", c)
		}
	}
}

func (w *world) split(t *testing.T) {
	t.Helper()
	var callers []string
	for i := range 20 {
		callers = append(callers, fmt.Sprintf("+1718%07d", i))
	}
	went, sides := map[int]string{}, map[string]int{}
	for _, c := range w.call(t, burst{numbers: []string{"+15551230005"}, count: 60, rate: 30, callers: callers}) {
		caller := (c.Place - 1) % len(callers)
		if before, known := went[caller]; c.Source != asked || known && before != c.Platform {
			t.Errorf("%s reached %s and then: %+v", callers[caller], before, c)
		}
		went[caller] = c.Platform
		sides[c.Platform]++
	}
	// ENUM knows no caller: there a split is decided for the number.
	if want := map[bool]int{true: 1, false: 2}[w.lookup == realsbc.ENUM]; len(sides) != want {
		t.Errorf("the calls of a split reached %v", sides)
	}
}

// flipInUse moves a number while 40 calls to it are up: all calls end in order, and
// the very next one goes to the new side.
func (w *world) flipInUse(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	onOld, onNew := w.old.Answered(), w.next.Answered()
	calling, err := w.burst(burst{numbers: []string{"+15551230001"}, count: 2000, rate: 20, hold: 5 * time.Second}).Begin(ctx)
	must(t, err)
	// Some of them still ring, and of some the caller has not heard yet.
	w.await(t, "40 calls are up", func() bool { return w.old.Answered()-onOld >= 50 })
	written, served := w.flip(t, "+15551230001", dualtone.Old, dualtone.New)
	w.await(t, "calls reach the new side", func() bool { return w.next.Answered()-onNew >= 20 })
	calling.Stop()
	calls, err := calling.Wait(ctx)
	must(t, err)
	check(t, "flip", calls, wants{"+15551230001": {"old|new", asked}})
	up, next := 0, time.Time{}
	for _, c := range calls {
		switch {
		case c.Answered.Before(written):
			up++
			if c.Platform != "old" {
				t.Errorf("answered before the flip by the new side: %+v", c)
			}
		case c.Sent.After(served) && c.Platform != "new":
			t.Errorf("sent after the flip to the old side: %+v", c)
		case c.Sent.After(written) && next.IsZero() && c.Platform == "new":
			next = c.Sent
		}
	}
	if taken := w.old.Answered() - onOld + w.next.Answered() - onNew; len(calls) != taken || up < 40 || next.IsZero() {
		t.Errorf("%d calls, of which %d were taken and %d were up at the flip; the next one to the new side: %s", len(calls), taken, up, next)
	}
	t.Logf("%d calls were up; the edge served the flip after %s; the next call was sent %s after it", up,
		served.Sub(written).Round(time.Millisecond), next.Sub(written).Round(time.Millisecond))
	w.flip(t, "+15551230001", dualtone.New, dualtone.Old)
	check(t, "flip back", w.call(t, burst{numbers: []string{"+15551230001"}, count: 2, rate: 2}), wants{"+15551230001": {"old", asked}})
}

func (w *world) failover(t *testing.T) {
	t.Helper()
	w.next.Stop()
	check(t, "failover", w.call(t, burst{numbers: []string{"+15551230004"}, count: 2, rate: 2}), wants{"+15551230004": {"old", asked}})
	w.startNew(t)
	numbers, want := everybody(asked)
	check(t, "the new platform is back", w.call(t, burst{numbers: numbers, count: 8, rate: 10}), want)
}

// withoutPostgres takes the database away: the edge goes on with what it has, also
// when it is started anew, from its disk.
func (w *world) withoutPostgres(t *testing.T) {
	t.Helper()
	w.stopServer(t)
	numbers, want := everybody(asked)
	check(t, "without Postgres", w.call(t, burst{numbers: numbers, count: 100, rate: 20}), want)
	w.endEdge(t, syscall.SIGTERM)
	w.startEdge(t)
	w.await(t, "the edge serves from its disk", func() bool { return w.revision(t) > 0 })
	w.awaitAsked(t, "+15551230006")
	check(t, "started without Postgres", w.call(t, burst{numbers: numbers, count: 20, rate: 20}), want)
}

// foreignTable leaves the edge with a file that it must not read: it has no table,
// says so, and the calls go where the kit's fallback sends them.
func (w *world) foreignTable(t *testing.T) {
	t.Helper()
	w.endEdge(t, syscall.SIGTERM)
	file := filepath.Join(w.dir, "routes.table")
	const foreign = "dualtone routes 99 of a later program\n"
	must(t, os.WriteFile(file, []byte(foreign), 0o600))
	w.startEdge(t)
	w.await(t, "the edge is there, without a table", func() bool {
		status, _ := w.get(t, "http://"+w.at.http.String()+"/ready")
		return status == 503
	})
	numbers, want := everybody(fallback)
	check(t, "foreign table", w.call(t, burst{numbers: numbers, count: 40, rate: 20}), want)
	w.endEdge(t, syscall.SIGTERM)
	if text, err := os.ReadFile(file); err != nil || string(text) != foreign { //nolint:gosec // The test's own folder.
		t.Errorf("the file of the later program now holds %.100q: %v", text, err)
	}
	must(t, os.Remove(file))
	w.startEdge(t)
}

// withPostgresAgain brings the database back: the edge finds it by itself, and what
// was changed while it was away counts.
func (w *world) withPostgresAgain(t *testing.T) {
	t.Helper()
	w.startServer(t)
	w.await(t, "the edge has the table again", func() bool { return w.revision(t) > 0 })
	w.flip(t, "+15551230001", dualtone.Old, dualtone.New)
	w.awaitAsked(t, "+15551230006")
	check(t, "with Postgres", w.call(t, burst{numbers: []string{"+15551230001"}, count: 3, rate: 10}), wants{"+15551230001": {"new", asked}})
	w.flip(t, "+15551230001", dualtone.New, dualtone.Old)
	numbers, want := everybody(asked)
	check(t, "with Postgres", w.call(t, burst{numbers: numbers, count: 20, rate: 20}), want)
}

// asShipped starts the SBC anew: from here on a call may be found by the fallback as well. It
// knows where each number was last answered once it has asked for it.
func (w *world) asShipped(t *testing.T) {
	t.Helper()
	w.sbc.Stop()
	w.startSBC(t, 0)
	numbers, _ := everybody(asked)
	for _, number := range numbers {
		if number != "911" {
			w.awaitAsked(t, number)
		}
	}
}

// hang stops the edge in the middle of 40 calls a second, for longer than the breaker
// stays open: it must open again.
func (w *world) hang(t *testing.T) {
	t.Helper()
	numbers, want := everybody(asked + "|" + fallback)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	before := w.answers(t, "routed")
	const all, rate = 320, 40
	calling, err := w.burst(burst{numbers: numbers, count: all, rate: rate}).Begin(ctx)
	must(t, err)
	w.await(t, "calls are coming", func() bool { return w.answers(t, "routed")-before >= 20 })
	must(t, w.edge.Process.Signal(syscall.SIGSTOP))
	calls, err := calling.Wait(ctx)
	must(t, w.edge.Process.Signal(syscall.SIGCONT))
	must(t, err)
	check(t, "hung", calls, want)
	if len(calls) != all || count(calls, fallback) < all/2 {
		t.Errorf("%d calls, %d of them by the fallback", len(calls), count(calls, fallback))
	}
	w.awaitAsked(t, "+15551230006")
}

func (w *world) kill(t *testing.T) {
	t.Helper()
	w.endEdge(t, syscall.SIGKILL)
	numbers, want := everybody(fallback)
	numbers = append(numbers, "+15551238888")
	want["+15551238888"] = wants{"": {"old", fallback}}[""]
	check(t, "killed", w.call(t, burst{numbers: numbers, count: 100, rate: 40}), want)
}
