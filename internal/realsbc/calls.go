package realsbc

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Calls are calls that somebody makes through an SBC.
type Calls struct {
	// Dir is where the files of the calls go, which begin with Name.
	Dir, Name string
	// From is where the caller is, To the SBC.
	From netip.Addr
	To   netip.AddrPort
	// Numbers are called one after the other, and again from the first. Callers are
	// who calls, a number for each or one for all.
	Numbers, Callers []string
	// Rate is how many calls begin in a second, Count how many there are.
	Rate, Count int
	// Hold is how long a call is up.
	Hold time.Duration
	// Patience is how long a caller waits to be answered; 0 is usualPatience.
	Patience time.Duration
}

const usualPatience = 9 * time.Second

// Call is what became of one call.
type Call struct {
	// Place is which of the calls it was, from 1.
	Place  int
	Number string
	// Sent is when the call was begun, Answered and Ended what they say, if they were.
	Sent, Answered, Ended time.Time
	// Platform answered the call, Source is how the SBC found it: dualtone, fallback
	// or emergency.
	Platform, Source string
	// Revision is the table's that the call's header X-Route-Version names, and Heard
	// what the platform was told about who calls: P-Asserted-Identity and Identity.
	Revision, Heard string
	// Refused is the final answer to a call that nobody took, 0 for none.
	Refused int
}

// Cut reports whether the call was answered and its caller could not end it.
func (c *Call) Cut() bool { return !c.Answered.IsZero() && c.Ended.IsZero() }

// Lost reports whether the call got no final answer at all.
func (c *Call) Lost() bool { return c.Answered.IsZero() && c.Refused == 0 }

// Calling is calls in progress.
type Calling struct {
	process *process
	log     string
}

// Begin starts to make calls.
func (c Calls) Begin(ctx context.Context) (*Calling, error) {
	file, err := scenario(c.Dir, "caller.xml", c.Name)
	if err != nil {
		return nil, err
	}
	from, err := Free(ctx, c.From)
	if err != nil {
		return nil, err
	}
	list, log := filepath.Join(c.Dir, c.Name+".csv"), filepath.Join(c.Dir, c.Name+".calls")
	var lines strings.Builder
	lines.WriteString("SEQUENTIAL\n")
	for i, number := range c.Numbers {
		fmt.Fprintf(&lines, "%s;%s\n", number, c.Callers[i%len(c.Callers)])
	}
	if err := os.WriteFile(list, []byte(lines.String()), 0o600); err != nil {
		return nil, err
	}
	p, err := start(c.Dir, c.Name, "sipp", c.To.String(), "-sf", file, "-inf", list, "-i", from.Addr().String(), "-p", port(from),
		"-m", strconv.Itoa(c.Count), "-r", strconv.Itoa(c.Rate), "-l", strconv.Itoa(c.Count), "-d", strconv.FormatInt(c.Hold.Milliseconds(), 10),
		"-nostdin", "-recv_timeout", strconv.FormatInt(cmp.Or(c.Patience, usualPatience).Milliseconds(), 10), "-trace_logs", "-log_file", log, "-trace_err", "-error_file", filepath.Join(c.Dir, c.Name+".err"))
	if err != nil {
		return nil, err
	}
	return &Calling{process: p, log: log}, nil
}

// Stop begins no more calls; those that are up go on.
func (c *Calling) Stop() { _ = c.process.cmd.Process.Signal(syscall.SIGUSR1) }

// Kill ends the calls as they are.
func (c *Calling) Kill() { c.process.kill() }

// Wait waits until all calls have ended and tells what became of each, in their
// order.
func (c *Calling) Wait(ctx context.Context) ([]Call, error) {
	select {
	case <-c.process.ended:
	case <-ctx.Done():
		c.process.kill()
		return nil, ctx.Err()
	}
	// SIPp ends with 1 when a call failed, which its log tells as well.
	const failed = 1
	if code := c.process.cmd.ProcessState.ExitCode(); code != 0 && code != failed {
		return nil, fmt.Errorf("sipp: %w: %s", c.process.err, c.process.said())
	}
	f, err := os.Open(c.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return readCalls(bufio.NewScanner(f))
}

// Place makes the calls and waits for their end.
func (c Calls) Place(ctx context.Context) ([]Call, error) {
	calling, err := c.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return calling.Wait(ctx)
}

// readCalls reads what the scenario logs: what happened, which call, when in Unix
// seconds, and what is particular to it.
func readCalls(lines *bufio.Scanner) ([]Call, error) {
	all := map[int]*Call{}
	for lines.Scan() {
		// The time is written for people and for programs, with spaces in between.
		fields := strings.Fields(lines.Text())
		const least = 5
		if len(fields) < least {
			return nil, fmt.Errorf("calls: %q", lines.Text())
		}
		place, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("calls: %q: %w", lines.Text(), err)
		}
		seconds, err := strconv.ParseFloat(fields[4], 64)
		if err != nil {
			return nil, fmt.Errorf("calls: %q: %w", lines.Text(), err)
		}
		c := all[place]
		if c == nil {
			c = &Call{Place: place}
			all[place] = c
		}
		if err := c.happened(fields[0], time.UnixMicro(int64(seconds*1e6)), fields[least:]); err != nil {
			return nil, err
		}
	}
	byPlace := func(a, b *Call) int { return cmp.Compare(a.Place, b.Place) }
	var calls []Call
	for _, c := range slices.SortedFunc(maps.Values(all), byPlace) {
		calls = append(calls, *c)
	}
	return calls, lines.Err()
}

func (c *Call) happened(what string, at time.Time, rest []string) error {
	switch {
	case what == "sent" && len(rest) == 1:
		c.Sent, c.Number = at, rest[0]
	case what == "answered":
		c.Answered = at
		c.answeredBy(strings.Join(rest, " "))
	case what == "refused" && len(rest) == 1:
		code, err := strconv.Atoi(rest[0])
		if err != nil {
			return fmt.Errorf("calls: refused %q: %w", rest[0], err)
		}
		c.Refused = code
	case what == "ended":
		c.Ended = at
	default:
		return fmt.Errorf("calls: %s %v: not of the scenario", what, rest)
	}
	return nil
}

// answeredBy reads an X-Platform and an X-Heard with a bar between them, such as
// "old/X-Route-Source: dualtone X-Route-Version: 7 | P-Asserted-Identity: ...". A call
// that was not looked up has no source, and one that went through a PBX not even a
// platform.
func (c *Call) answeredBy(headers string) {
	found, heard, _ := strings.Cut(headers, "|")
	c.Heard = strings.TrimSpace(heard)
	var rest string
	c.Platform, rest, _ = strings.Cut(strings.TrimSpace(found), "/")
	fields := strings.Fields(rest)
	for i := 0; i+1 < len(fields); i += 2 {
		switch fields[i] {
		case "X-Route-Source:":
			c.Source = fields[i+1]
		case "X-Route-Version:":
			c.Revision = fields[i+1]
		}
	}
}
