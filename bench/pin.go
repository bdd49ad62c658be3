package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cores are the processors of a measurement: the prober has one for itself and the server that it
// asks another, as two machines have. Where they share one, a server seems slow whenever the
// prober has its turn.
type cores struct{ prober, server int }

var errOneCore = errors.New("needs two processors: one for the prober, one for the server")

// twoCores are the first and the last processor that this process may use.
func twoCores() (cores, error) {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return cores{}, fmt.Errorf("processors: %w", err)
	}
	if may.Count() < 2 {
		return cores{}, errOneCore
	}
	first, last := -1, 0
	for cpu, found := 0, 0; found < may.Count(); cpu++ {
		if !may.IsSet(cpu) {
			continue
		}
		found++
		last = cpu
		if first < 0 {
			first = cpu
		}
	}
	return cores{first, last}, nil
}

func only(cpu int) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(cpu)
	return &set
}

// on starts a process that has this processor alone.
func on(cpu int, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := errors.Join(unix.SchedGetaffinity(0, &before), unix.SchedSetaffinity(0, only(cpu))); err != nil {
		return fmt.Errorf("processor %d: %w", cpu, err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	return start()
}

// ahead starts a process whose threads the kernel lets run before those of all ordinary ones.
func ahead(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_RR, Priority: 1}, 0); err != nil {
		return fmt.Errorf("real-time priority: %w", err)
	}
	defer func() { _ = unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_NORMAL}, 0) }()
	return start()
}

// keepTo has all of this process run on one processor until it is let go. Go then uses one
// thread at a time, or others that look for work would take turns with the prober's.
func keepTo(cpu int) (letGo func(), err error) {
	var before unix.CPUSet
	if err := errors.Join(unix.SchedGetaffinity(0, &before), eachThread(only(cpu))); err != nil {
		return nil, fmt.Errorf("processor %d: %w", cpu, err)
	}
	threads := runtime.GOMAXPROCS(1)
	return func() {
		runtime.GOMAXPROCS(threads)
		_ = eachThread(&before)
	}, nil
}

func eachThread(set *unix.CPUSet) error {
	threads, err := filepath.Glob("/proc/self/task/[0-9]*")
	if err != nil || len(threads) == 0 {
		return errors.Join(err, os.ErrNotExist)
	}
	for _, t := range threads {
		id, _ := strconv.Atoi(filepath.Base(t))
		if err := unix.SchedSetaffinity(id, set); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// longHeldUp is what a hundredth of all answers may take at most.
const longHeldUp = time.Millisecond

// heldUp is the share of a span in which whoever has a processor to himself does not have it, for
// longer than longHeldUp at a time: the kernel has it then, or the machine on which this one runs.
// No server answers better than that.
func heldUp(cpu int, span time.Duration) (share float64, err error) {
	err = on(cpu, func() error {
		var away time.Duration
		began := time.Now()
		for last := began; last.Sub(began) < span; {
			now := time.Now()
			if missed := now.Sub(last); missed > longHeldUp {
				away += missed
			}
			last = now
		}
		share = away.Seconds() / span.Seconds()
		return nil
	})
	return share, err
}
