package realtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Enter has all threads of this process, and all that they start, run before those
// of ordinary programs. Among themselves they take turns. It returns
// errors.ErrUnsupported where the system has nothing of the kind, and an error of
// os.ErrPermission without CAP_SYS_NICE or a limit of real-time priority.
func Enter() error {
	// A thread that has not been turned yet may start another meanwhile: so until
	// all are found to be.
	for {
		turned, err := turnAll()
		if err != nil || turned == 0 {
			return err
		}
	}
}

// turnAll turns the threads that are ordinary, and says how many there were.
func turnAll() (turned int, err error) {
	threads, err := filepath.Glob("/proc/self/task/[0-9]*")
	if err != nil || len(threads) == 0 {
		return 0, errors.Join(err, os.ErrNotExist)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(filepath.Base(t))
		if err != nil {
			return turned, err
		}
		is, err := unix.SchedGetAttr(id, 0)
		if err == nil && ordinary(is.Policy) {
			turned++
			err = unix.SchedSetAttr(id, &unix.SchedAttr{Policy: unix.SCHED_RR, Priority: 1}, 0)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
			return turned, fmt.Errorf("priority of a thread: %w", err)
		}
	}
	return turned, nil
}

// ordinary reports whether threads of a policy wait for all that have a real-time priority:
// whoever started this process may have put it behind others.
func ordinary(policy uint32) bool {
	return policy == unix.SCHED_NORMAL || policy == unix.SCHED_BATCH || policy == unix.SCHED_IDLE
}
