package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// routed is what the part about the routing plane found.
type routed struct {
	Compared []compared `json:"compared"`
	Missing  []string   `json:"missing,omitempty"`
	Table    bigTable   `json:"table"`
	// Journal is where the edge kept its decisions.
	Journal string `json:"journal,omitempty"`
	// HeldUp is the share of time in which the servers' processor is somewhere else, before
	// anybody asks and after each comparison.
	HeldUp []float64 `json:"held_up,omitempty"`
}

// compared is one interface of the edge and a peer that does the like, asked in turns.
type compared struct {
	Interface string  `json:"interface"`
	Peer      string  `json:"peer"`
	Ours      figures `json:"ours"`
	Theirs    figures `json:"theirs"`
	// Floor is an echo at the rates of Ours.Loaded and FloorAlike at those of
	// Ours.Alike, where there is one.
	Floor      []probed `json:"floor,omitempty"`
	FloorAlike []probed `json:"floor_alike,omitempty"`
}

// figures are what one server showed in each round.
type figures struct {
	// Closed is with as many questions outstanding as there are callers.
	Closed []probed `json:"closed"`
	// Capacity is the highest rate at which every question was answered rightly and in
	// time.
	Capacity []float64 `json:"capacity"`
	// Loaded is at 80 % of the capacity, and Alike at 80 % of the peer's: the same
	// for both.
	Loaded   []probed `json:"loaded"`
	Alike    []probed `json:"alike,omitempty"`
	Resident int64    `json:"resident"`
}

const (
	callersAtOnce = 32
	closedSpan    = 3 * time.Second
	rampSpan      = 1500 * time.Millisecond
	loadedSpan    = 4 * time.Second
	loadedShare   = 0.8
)

// contender is a running server and how it is asked.
type contender struct {
	name    string
	process *process
	asker   asker
}

// route measures the edges beside their peers, and the table alone.
func route(ctx context.Context, s settings, found *findings) error {
	r := &routed{Journal: s.routingJournal}
	if err := r.measureTable(ctx, s); err != nil {
		return err
	}
	p, err := newPlane(ctx, s)
	if err != nil {
		return err
	}
	defer p.close()
	floor, err := p.startEcho(ctx)
	if err != nil {
		return err
	}
	p.later(floor.process.stop)
	if err := r.lookAt(p.cores.server); err != nil {
		return err
	}
	letGo, err := keepTo(p.cores.prober)
	if err != nil {
		return err
	}
	defer letGo()
	for _, c := range []struct {
		name, peer, program string
		ours                asker
		start               func(context.Context) (contender, error)
		floor               *contender
	}{
		{"SIP 302", "Kamailio stateless (sl, htable)", "kamailio", p.sipAsker(p.at.sip), p.startKamailio, &floor},
		{"HTTP look-up", "nginx, one fixed answer", "nginx", p.httpAsker(), p.startNginx, nil},
		{"ENUM", "NSD, the same zone", "nsd", p.enumAsker(p.at.enum), p.startNSD, nil},
	} {
		if !strings.HasPrefix(c.name, s.routingOnly) {
			continue
		}
		if _, err := exec.LookPath(c.program); err != nil {
			s.say("%s: NOT COMPARED: no %s on this machine; tools/setup.sh sbc peers installs it as root", c.name, c.program)
			r.Missing = append(r.Missing, fmt.Sprintf("%s beside %s: no %s on the machine", c.name, c.peer, c.program))
			continue
		}
		peer, err := c.start(ctx)
		if err != nil {
			return err
		}
		got, err := compare(ctx, s, contender{"dualtone edge", p.edge, c.ours}, peer, c.floor)
		peer.process.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		got.Interface, got.Peer = c.name, c.peer
		r.Compared = append(r.Compared, got)
		if err := r.lookAt(p.cores.server); err != nil {
			return err
		}
	}
	found.Routing = r
	return nil
}

// lookAt sees how often the servers' processor is somewhere else.
func (r *routed) lookAt(cpu int) error {
	share, err := heldUp(cpu, loadedSpan)
	r.HeldUp = append(r.HeldUp, share)
	return err
}

// compare asks both in turns, so that whatever else the machine does meets both, and
// an echo as well if there is one.
func compare(ctx context.Context, s settings, ours, theirs contender, floor *contender) (compared, error) {
	var c compared
	for range s.routingRounds {
		for _, side := range []struct {
			who contender
			fig *figures
		}{{theirs, &c.Theirs}, {ours, &c.Ours}} {
			if err := side.fig.measure(ctx, s, side.who); err != nil {
				return c, fmt.Errorf("%s: %w", side.who.name, err)
			}
		}
		alike, err := ours.asker.ask(ctx, openLoop(c.Theirs.Loaded[len(c.Theirs.Loaded)-1].Rate, loadedSpan))
		if err != nil {
			return c, fmt.Errorf("%s: %w", ours.name, err)
		}
		c.Ours.Alike = append(c.Ours.Alike, alike)
		s.say("%-14s at the peer's rate of %.0f/s: p50 %d us, p99 %d us", ours.name, alike.Rate, alike.P50, alike.P99)
		if floor == nil {
			continue
		}
		for _, at := range []struct {
			rate float64
			all  *[]probed
		}{{c.Ours.Loaded[len(c.Ours.Loaded)-1].Rate, &c.Floor}, {alike.Rate, &c.FloorAlike}} {
			least, err := floor.asker.ask(ctx, openLoop(at.rate, loadedSpan))
			if err != nil {
				return c, fmt.Errorf("%s: %w", floor.name, err)
			}
			*at.all = append(*at.all, least)
			s.say("%-14s at the same %.0f/s: p50 %d us, p99 %d us; the questions were up to %d us late (p99)", floor.name, at.rate, least.P50, least.P99, least.Late)
		}
	}
	c.Theirs.Alike = c.Theirs.Loaded
	return c, nil
}

func (f *figures) measure(ctx context.Context, s settings, who contender) error {
	group := who.process.cmd.Process.Pid
	timed := func(at pace) (probed, error) {
		before := groupUsage(group)
		p, err := who.asker.ask(ctx, at)
		if p.Answered > 0 {
			p.CPU = float64((groupUsage(group) - before).Microseconds()) / float64(p.Answered)
		}
		return p, err
	}
	closed, err := timed(closedLoop(callersAtOnce, closedSpan))
	if err != nil {
		return err
	}
	f.Closed = append(f.Closed, closed)
	capacity, err := ramp(ctx, who.asker, closed.rate()/2)
	if err != nil {
		return err
	}
	f.Capacity = append(f.Capacity, capacity)
	loaded, err := timed(openLoop(loadedShare*capacity, loadedSpan))
	if err != nil {
		return err
	}
	f.Loaded = append(f.Loaded, loaded)
	f.Resident = max(f.Resident, groupResident(group))
	s.say("%-14s %6.0f/s in a closed loop, %4.1f us of processor an answer; clean up to %6.0f/s; at 80 %%: p50 %d us, p99 %d us, %d of %d answered, %d wrong, %d turned away",
		who.name, closed.rate(), closed.CPU, capacity, loaded.P50, loaded.P99, loaded.Answered, loaded.Asked, loaded.Wrong, loaded.TurnedAway)
	return nil
}

// ramp raises the rate from one that is certain until not every question is answered.
// A rate gets a second chance: the machine does other things as well.
func ramp(ctx context.Context, a asker, from float64) (float64, error) {
	const step, steps, lowest = 1.25, 12, 100
	clean := 0.0
	for rate, n := from, 0; n < steps; n++ {
		ok, err := cleanAt(ctx, a, rate)
		switch {
		case err != nil:
			return 0, err
		case ok:
			clean, rate = rate, rate*step
		case clean > 0 || rate < lowest:
			return clean, nil
		default:
			rate /= 2
		}
	}
	return clean, nil
}

func cleanAt(ctx context.Context, a asker, rate float64) (bool, error) {
	for range 2 {
		p, err := a.ask(ctx, openLoop(rate, rampSpan))
		if err != nil || p.clean() {
			return err == nil, err
		}
	}
	return false, nil
}
