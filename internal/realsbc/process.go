package realsbc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// patience is how long a program may take to start.
	patience = 20 * time.Second
	// ending is how long it may take to end when it is asked to.
	ending = 5 * time.Second
)

// process is a program with a group of its own, which ends with it.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
	err   error
}

// start runs a program whose output goes to NAME.log.
func start(dir, name string, command ...string) (*process, error) {
	p := &process{log: filepath.Join(dir, name+".log"), ended: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()                                //nolint:errcheck // The program holds its own copy.
	p.cmd = exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // Programs of ours, ended by stop.
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", command[0], err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}

// stop asks the program to end, and kills what is left of its group.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(ending):
	}
	p.kill()
}

// kill ends the program and all that it has started, at once.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

// said is the end of the program's output.
func (p *process) said() string {
	const most = 3000
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
