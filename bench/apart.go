package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// apartWave moves as fast as all processors but one allow. The last one is left to
// whoever asks, as their own machine is, which does none of the servers' work.
const apartWave = "apart"

// runApart runs that wave, and asks from outside how it stands.
func (t *stage) runApart(ctx context.Context, r *planned) error {
	if r.Apart.Rows == 0 {
		return nil
	}
	last := runtime.NumCPU() - 1
	if err := confine(ctx, fmt.Sprintf("0-%d", last-1)); err != nil {
		return err
	}
	t.asker = []string{"taskset", "--cpu-list", strconv.Itoa(last)}
	var err error
	r.Apart, err = t.runWave(ctx, apartWave, r.Apart.Rows)
	t.asker = nil
	if free := confine(ctx, fmt.Sprintf("0-%d", last)); err == nil {
		err = free
	}
	t.say("%d users while the servers have %d of %d processors: status %s", r.Apart.Rows, last, last+1, r.Apart)
	return err
}

// canConfine reports whether processors can be kept from the servers here.
func canConfine() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && runtime.NumCPU() > 1
}

// confine keeps the measurement and all that it started to some processors.
func confine(ctx context.Context, processors string) error {
	family := []int{os.Getpid()}
	all := processes()
	for i := 0; i < len(family); i++ {
		for _, p := range all {
			if p.parent == family[i] && !slices.Contains(family, p.pid) {
				family = append(family, p.pid)
			}
		}
	}
	for _, pid := range family {
		args := []string{"--all-tasks", "--cpu-list", "--pid", processors, strconv.Itoa(pid)}
		said, err := exec.CommandContext(ctx, "taskset", args...).CombinedOutput() //nolint:gosec // numbers of our own
		ended := strings.Contains(string(said), "No such process")
		if err != nil && !ended {
			return fmt.Errorf("taskset %v: %w: %s", args, err, said)
		}
	}
	return nil
}
