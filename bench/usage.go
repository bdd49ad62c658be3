package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// tick is the kernel's unit of processor time on Linux.
const tick = 10 * time.Millisecond

// usage is processor time by what it was used for.
type usage map[string]time.Duration

func (u usage) since(before usage) usage {
	later := usage{}
	for name, spent := range u {
		later[name] = spent - before[name]
	}
	return later
}

// stat is what the kernel says of a process.
type stat struct {
	pid, parent, group int
	own, reaped        time.Duration
	command            string
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	// The name in brackets may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("process %d: short stat", pid)
	}
	n := func(i int) int64 { v, _ := strconv.ParseInt(fields[i], 10, 64); return v }
	command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return stat{
		pid: pid, parent: int(n(1)), group: int(n(2)),
		own: time.Duration(n(11)+n(12)) * tick, reaped: time.Duration(n(13)+n(14)) * tick,
		command: strings.ReplaceAll(string(command), "\x00", " "),
	}, nil
}

func processes() []stat {
	names, _ := filepath.Glob("/proc/[0-9]*")
	var all []stat
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(name))
		if s, err := readStat(pid); err == nil {
			all = append(all, s)
		}
	}
	return all
}

// groupUsage is the processor time of all processes of a group.
func groupUsage(group int) time.Duration {
	var all time.Duration
	for _, s := range processes() {
		if s.group == group {
			all += s.own
		}
	}
	return all
}

// groupResident is the memory of all processes of a group; what they share counts
// for each.
func groupResident(group int) int64 {
	var all int64
	for _, s := range processes() {
		if s.group == group {
			all += resident(s.pid)
		}
	}
	return all
}

// What Postgres works for: its processes name the database that they serve.
const (
	forDualtone = "Postgres for dualtone"
	forTemporal = "Postgres for Temporal"
	forAll      = "Postgres, writing"
)

// postgresUsage splits the time of a Postgres by whom its processes serve.
func postgresUsage(postmaster int, u usage) {
	for _, s := range processes() {
		switch {
		case s.pid == postmaster:
			u[forAll] += s.own + s.reaped
		case s.parent != postmaster:
		case strings.Contains(s.command, " temporal"):
			u[forTemporal] += s.own
		case strings.Contains(s.command, "dualtone dualtone"), strings.Contains(s.command, "postgres dualtone"):
			u[forDualtone] += s.own
		default:
			u[forAll] += s.own
		}
	}
}

// resident is the memory of a process in bytes.
func resident(pid int) int64 { return memoryOf(pid, "VmRSS:") }

// memoryOf is what the kernel says of a process's memory, in bytes.
func memoryOf(pid int, what string) int64 {
	text, _ := fs.ReadFile(os.DirFS("/proc"), fmt.Sprintf("%d/status", pid))
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != what {
			continue
		}
		kb, _ := strconv.ParseInt(fields[1], 10, 64)
		return kb << 10
	}
	return 0
}

// runWatched runs a command to its end and says the most memory that it held. It is asked for
// while the command runs: the kernel's own figure at the end (ru_maxrss) is at least what the
// starting process held.
func runWatched(cmd *exec.Cmd) (most int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	const often = 2 * time.Millisecond
	look := time.NewTicker(often)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return most, err
		case <-look.C:
			most = max(most, memoryOf(cmd.Process.Pid, "VmHWM:"))
		}
	}
}

// liveHeap is the size in MB that the last garbage collection found alive, as a
// program writes it to its log under GODEBUG=gctrace=1.
func liveHeap(log string) (int, error) {
	text, err := os.ReadFile(log) //nolint:gosec // the measurement's own folder
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`(\d+)->(\d+)->(\d+) MB`).FindAllStringSubmatch(string(text), -1)
	if len(found) == 0 {
		return 0, nil
	}
	return strconv.Atoi(found[len(found)-1][3])
}

func readPID(file string) (int, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the measurement's own folder
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}
