package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that the demo started and will stop.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{}
}

// startSimulator runs one simulator and waits until it says where it is.
func startSimulator(ctx context.Context, dir, kind string) (*process, ready, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, ready{}, err
	}
	p, out, err := start(dir, kind, exec.Command(self, "simulate", kind, dir)) //nolint:gosec,noctx // stopped orderly by stop
	if err != nil {
		return nil, ready{}, err
	}
	var up ready
	if err := json.NewDecoder(out).Decode(&up); err != nil {
		p.stop()
		return nil, up, fmt.Errorf("simulator %s did not start, see %s: %w", kind, filepath.Join(dir, kind+".log"), err)
	}
	return p, up, ctx.Err()
}

// start runs a program whose standard error goes to NAME.log.
func start(dir, name string, cmd *exec.Cmd) (*process, *bufio.Reader, error) {
	log, err := os.Create(filepath.Join(dir, name+".log")) //nolint:gosec // the demo's own folder
	if err != nil {
		return nil, nil, err
	}
	defer log.Close() //nolint:errcheck // the child holds its own copy
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	p := &process{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // stop has asked for it
	}()
	return p, bufio.NewReader(out), nil
}

// stop asks the program to end and kills it if it does not.
func (p *process) stop() {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// program runs dualtone's command line as its user does.
type program struct {
	path, config string
	out          io.Writer
}

// do runs a command and shows it with what it prints.
func (p program) do(ctx context.Context, args ...string) error {
	fmt.Fprintf(p.out, "\n$ dualtone %s\n", typed(args))
	cmd := p.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("dualtone %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// typed is how arguments are typed into a shell.
func typed(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		if quoted[i] = arg; strings.ContainsAny(arg, " ;'\"") {
			quoted[i] = strconv.Quote(arg)
		}
	}
	return strings.Join(quoted, " ")
}

// ask runs a command for its JSON.
func (p program) ask(ctx context.Context, into any, args ...string) error {
	out, err := p.command(ctx, append(args, "--output", "json")...).Output()
	if err != nil {
		return fmt.Errorf("dualtone %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(out, into)
}

// serve starts a command that runs until it is stopped. What it prints goes to
// NAME.log.
func (p program) serve(ctx context.Context, dir, name string, args ...string) (*process, error) {
	served, out, err := start(dir, name, p.command(context.WithoutCancel(ctx), args...))
	if err != nil {
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return served, nil
}

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.path, append([]string{"--config", p.config}, args...)...) //nolint:gosec // our own program
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
