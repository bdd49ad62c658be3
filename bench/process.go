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
	"syscall"
	"time"
)

// process is a program that the measurement started and will stop.
type process struct {
	name  string
	log   string
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
	ended chan struct{}
}

// startProcess runs a program whose standard error goes to NAME.log.
func startProcess(dir, name string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()                      //nolint:errcheck // the child holds its own copy
	p.cmd = exec.Command(program, args...) //nolint:gosec,noctx // stopped orderly by stop
	p.cmd.Stderr = log
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // stop has asked for it
	}()
	return p, nil
}

// stop asks the program to end and kills it if it does not.
func (p *process) stop() {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// oneProcessor keeps a simulator from spending more on being ready to use a
// second processor than it would spend there.
const oneProcessor = "GOMAXPROCS=1"

// startSimulator runs one simulator and waits until it says where it is.
func startSimulator(ctx context.Context, dir, kind string, people int) (*process, ready, error) {
	var up ready
	self, err := os.Executable()
	if err != nil {
		return nil, up, err
	}
	p, err := startProcess(dir, kind, []string{oneProcessor}, self, "simulate", kind, strconv.Itoa(people))
	if err != nil {
		return nil, up, err
	}
	if err := json.NewDecoder(p.out).Decode(&up); err != nil {
		p.stop()
		return nil, up, fmt.Errorf("simulator %s did not start, see %s: %w", kind, p.log, err)
	}
	return p, up, ctx.Err()
}
