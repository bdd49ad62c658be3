package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever interrupts up while it starts is told that it has stopped what it had
// started, and not that something goes on.
func TestAnInterruptedStartSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	dir := t.TempDir()
	for _, open := range []string{dir, filepath.Dir(dir)} { // the servers' account has to pass through
		if err := os.Chmod(open, 0o755); err != nil { //nolint:gosec // G302: nothing is in it
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	a := newApp(strings.NewReader(""), &said, &said)
	root := newRoot(a)
	root.SetArgs([]string{"up", "--data-dir", dir})
	err := root.ExecuteContext(ctx)
	if !errors.Is(err, context.Canceled) || exitCode(err) != exitInterrupted {
		t.Fatalf("the error is %v with code %d, want interrupted", err, exitCode(err))
	}
	said.Reset()
	a.fail(err)
	if text := said.String(); !strings.Contains(text, "is stopped again") || strings.Contains(text, "nothing that runs") {
		t.Errorf("it says %q", text)
	}
}
