package devstack

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// temporalSource is a copy of tools/temporal; the package comment says why.
//
//go:embed temporalsource/*.txt
var temporalSource embed.FS

const temporalProgram = "dualtone-temporal"

// temporalFinder gives the server program: the one on PATH when it is of the
// same source, else the cached one, else a new build.
type temporalFinder struct {
	cache   string
	account account
	say     progress
}

func (f temporalFinder) find(ctx context.Context) (string, error) {
	source, err := sourceHash()
	if err != nil {
		return "", err
	}
	if onPath, err := exec.LookPath(temporalProgram); err == nil && f.sameSource(ctx, onPath, source) {
		return onPath, nil
	}
	program := filepath.Join(f.cache, temporalProgram+"-"+source)
	if exists(program) {
		return program, f.account.canReach(f.cache)
	}
	return program, f.build(ctx, source, program)
}

// sameSource keeps a server of another release, which may know another
// schema, away from the folder.
func (f temporalFinder) sameSource(ctx context.Context, program, source string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	return err == nil && strings.Contains(string(out), " source "+source+" ") && f.account.canReach(filepath.Dir(program)) == nil
}

func (f temporalFinder) build(ctx context.Context, source, program string) error {
	if err := makeOpen(f.cache); err != nil {
		return err
	}
	if err := f.account.canReach(f.cache); err != nil {
		return err
	}
	unlock, err := lockFile(ctx, filepath.Join(f.cache, "temporal.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if exists(program) {
		return nil // Another process built it while this one waited.
	}
	goProgram, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("devstack: no Temporal server: none given, no %s of this release on PATH, none in %s, and no Go to build it with: "+
			"install Go, put the program on PATH, or name a running server by its address", temporalProgram, f.cache)
	}
	dir, err := os.MkdirTemp(f.cache, "build-")
	if err != nil {
		return fmt.Errorf("devstack: build of the Temporal server: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := writeSource(dir); err != nil {
		return err
	}
	return f.compile(ctx, goProgram, dir, compiled{source: source, program: program})
}

// compiled is what a build makes.
type compiled struct{ source, program string }

func (f temporalFinder) compile(ctx context.Context, goProgram, dir string, want compiled) error {
	began := time.Now()
	f.say("devstack: building the Temporal server from its public module. This happens once; it is large: " +
		"about 7 minutes on 2 cores, and modules of 500 MB where they are not here yet. It is kept in " + f.cache)
	stop := f.say.every(15*time.Second, "devstack: building the Temporal server")
	defer stop()
	half := filepath.Join(dir, temporalProgram)
	cmd := exec.CommandContext(ctx, goProgram, "build", "-mod=readonly", "-buildvcs=false", //nolint:gosec // G204: fixed words.
		"-ldflags", "-s -w -X main.source="+want.source, "-o", half, ".")
	cmd.Dir, cmd.WaitDelay = dir, 5*time.Second
	// The settings of whoever calls are for their own module.
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("devstack: building the Temporal server with %s: %w: %s. Without a way to the Go modules, "+
			"name a running server by its address or put %s on PATH", goProgram, err, lastOf(out), temporalProgram)
	}
	if err := errors.Join(os.Chmod(half, 0o755), os.Rename(half, want.program)); err != nil { //nolint:gosec // G302: the servers' account runs it.
		return fmt.Errorf("devstack: build of the Temporal server: %w", err)
	}
	f.say("devstack: built the Temporal server in %s", time.Since(began).Round(time.Second))
	return nil
}

// sourceHash changes with the server's sources, its requirements and the
// compiler.
func sourceHash() (string, error) {
	sum := sha256.New()
	err := eachSource(func(name string, text []byte) error {
		_, err := fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

func writeSource(dir string) error {
	return eachSource(func(name string, text []byte) error {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return fmt.Errorf("devstack: build of the Temporal server: %w", err)
		}
		return nil
	})
}

// eachSource visits the sources in order of their names, as the build sees
// them.
func eachSource(visit func(name string, text []byte) error) error {
	entries, err := fs.ReadDir(temporalSource, "temporalsource")
	if err != nil {
		return fmt.Errorf("devstack: sources of the Temporal server: %w", err)
	}
	for _, entry := range entries {
		text, err := temporalSource.ReadFile("temporalsource/" + entry.Name())
		if err != nil {
			return fmt.Errorf("devstack: sources of the Temporal server: %w", err)
		}
		if err := visit(strings.TrimSuffix(entry.Name(), ".txt"), text); err != nil {
			return err
		}
	}
	return nil
}
