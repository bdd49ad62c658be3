package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The program's exit codes, as its help tells them.
const (
	exitOK          = 0
	exitFailure     = 1
	exitInvalid     = 2
	exitNotFound    = 3
	exitConflict    = 4
	exitDenied      = 5
	exitUnavailable = 6
	exitPartial     = 7
	exitUnsupported = 8
)

// program is the real binary with a configuration.
type program struct {
	config string
	env    []string
}

// answer is how a command ended and what it said.
type answer struct {
	args     []string
	code     int
	out, err string
}

func (a answer) String() string {
	return fmt.Sprintf("dualtone %s ended with %d\n%s%s", strings.Join(a.args, " "), a.code, a.out, a.err)
}

// commandPatience is how long a single command may take.
const commandPatience = 2 * time.Minute

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	if p.config != "" {
		args = append([]string{"--config", p.config}, args...)
	}
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // the program under test
	cmd.Env = append(os.Environ(), p.env...)
	cmd.WaitDelay = time.Second
	return cmd
}

// do runs a command to its end.
func (p program) do(t *testing.T, args ...string) answer {
	t.Helper()
	return p.run(t, t.Context(), args...)
}

// afterwards runs a command when the test is over and its context canceled.
func (p program) afterwards(t *testing.T, args ...string) answer {
	t.Helper()
	return p.run(t, context.WithoutCancel(t.Context()), args...)
}

func (p program) run(t *testing.T, ctx context.Context, args ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := p.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatalf("dualtone %s: %v", strings.Join(args, " "), err)
	}
	return answer{args: args, code: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

// good runs a command that must succeed.
func (p program) good(t *testing.T, args ...string) answer {
	t.Helper()
	a := p.do(t, args...)
	if a.code != exitOK {
		t.Fatal(a)
	}
	return a
}

// ask runs a command with answers for programs, and reads what it says into a
// value.
func (p program) ask(t *testing.T, into any, args ...string) answer {
	t.Helper()
	a := p.do(t, append(args, "--output", "json")...)
	if into != nil && a.out != "" {
		if err := json.Unmarshal([]byte(a.out), into); err != nil {
			t.Fatalf("%v\nis no JSON: %v", a, err)
		}
	}
	return a
}

// worker is a running dualtone worker.
type worker struct {
	cmd   *exec.Cmd
	ready chan struct{}
	ended chan struct{}

	mu   sync.Mutex
	tail []string
}

// startWorker starts a worker that the test's end kills.
func (p program) startWorker(t *testing.T) *worker {
	t.Helper()
	w := &worker{cmd: p.command(context.WithoutCancel(t.Context()), "worker"), ready: make(chan struct{}), ended: make(chan struct{})}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := w.cmd.StderrPipe()
	must(t, err)
	must(t, w.cmd.Start())
	go w.listen(out)
	t.Cleanup(w.kill)
	return w
}

// listen waits for the word that the worker is ready, and keeps its last words.
func (w *worker) listen(out io.Reader) {
	defer close(w.ended)
	isReady := sync.OnceFunc(func() { close(w.ready) })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "worker is ready") {
			isReady()
		}
		w.mu.Lock()
		if w.tail = append(w.tail, lines.Text()); len(w.tail) > 200 {
			w.tail = w.tail[1:]
		}
		w.mu.Unlock()
	}
	_ = w.cmd.Wait() // it was killed, or its last words tell why
}

// words are the last that the worker said.
func (w *worker) words() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.tail, "\n")
}

// kill is SIGKILL: nothing is put in order.
func (w *worker) kill() {
	_ = w.cmd.Process.Kill() // it may have ended by itself
	<-w.ended
}

// work runs a worker for the rest of the test.
func (p program) work(t *testing.T) *worker {
	t.Helper()
	w := p.startWorker(t)
	select {
	case <-w.ready:
	case <-w.ended:
		t.Fatalf("the worker does not start:\n%s", w.words())
	case <-time.After(30 * time.Second):
		t.Fatalf("the worker is not ready in time:\n%s", w.words())
	}
	return w
}

// eventually waits until something is so.
func eventually(t tester, what string, is func() bool) {
	t.Helper()
	within(t, time.Minute, what, is)
}

// within waits until something is so, for as long as it may take on a machine
// that is busy with much else.
func within(t tester, limit time.Duration, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %s: %s", limit, what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// file writes a file into the site's folder and returns its path.
func (s *site) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	must(t, os.WriteFile(path, []byte(text), 0o600)) //nolint:gosec // The test's own folder.
	return path
}
