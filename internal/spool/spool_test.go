package spool_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/dualtone/dualtone/internal/spool"
)

func opened(t *testing.T, dir string, most int64) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func listed(t *testing.T, s *spool.Spool) []spool.Segment {
	t.Helper()
	all, err := s.Segments()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// text is what the segments hold, in their order.
func text(t *testing.T, s *spool.Spool) string {
	t.Helper()
	var b strings.Builder
	for _, g := range listed(t, s) {
		part, err := os.ReadFile(g.Path)
		must(t, err)
		b.Write(part)
	}
	return b.String()
}

func TestWhatWasAppendedIsThereAfterACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := opened(t, dir, 1<<20)
	w := first.Writer("10.0.0.1:4000")
	must(t, w.Append(t.Context(), []byte("one\ntw")))
	must(t, w.Append(t.Context(), []byte("o\n")))
	// Nothing is closed: the process is gone.
	again := opened(t, dir, 1<<20)
	if got := text(t, again); got != "one\ntwo\n" || again.Used() != 8 {
		t.Errorf("%q, %d bytes", got, again.Used())
	}
	if g := listed(t, again)[0]; !g.Closed {
		t.Error("nobody will add to a segment that a crash left open")
	}
	select {
	case <-again.News():
	default:
		t.Error("nobody is told of what was left")
	}
}

func TestAFullSpoolWaitsUntilSomethingIsRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, t.TempDir(), 64)
		w := s.Writer("box")
		line := []byte("12345678901234\n")
		for range 4 {
			must(t, w.Append(t.Context(), line))
		}
		done := make(chan error, 1)
		go func() { done <- w.Append(t.Context(), line) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("it takes more than it may: %v", err)
		default:
		}
		must(t, s.Remove(listed(t, s)[0]))
		must(t, <-done)
		if s.Used() > s.Max() {
			t.Errorf("%d of %d bytes", s.Used(), s.Max())
		}

		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- w.Append(ctx, line) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestSegmentsEndWithLinesAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), 800)
	w := s.Writer("box")
	var want strings.Builder
	for _, part := range []string{strings.Repeat("a", 90), strings.Repeat("b", 60) + "\n", "c\n", strings.Repeat("d", 250), "e\n"} {
		must(t, w.Append(t.Context(), []byte(part)))
		want.WriteString(part)
	}
	must(t, w.Close())
	all := listed(t, s)
	if got := text(t, s); got != want.String() || len(all) != 3 {
		t.Errorf("%d segments: %q", len(all), got)
	}
	for _, g := range all {
		must(t, s.Remove(g))
	}
	if s.Used() != 0 {
		t.Errorf("%d bytes are left of nothing", s.Used())
	}
}
