package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realsbc"
)

// border is the company's real session border controller, beside the simulated one: a
// Kamailio that asks dualtone edge by SIP, real phones on both platforms, and somebody
// who calls the company's people all the time.
type border struct {
	dir string
	at  borderPorts

	sbc      *realsbc.SBC
	calling  *realsbc.Calling
	version  string
	stopping []func()
}

// borderPorts are where the SBC, both platforms and the edge are, over UDP.
type borderPorts struct{ sbc, old, next, edge netip.AddrPort }

const (
	// callsPerSecond and callLength make about twenty calls be up at any time.
	callsPerSecond = 10
	callLength     = 2 * time.Second
	// mostCalls bounds the calls, whatever becomes of the demo.
	mostCalls = 6000
)

// newBorder finds ports for a real border; nil, and the reason, where there is none.
func newBorder(ctx context.Context, dir string) (*border, error) {
	if err := realsbc.Available(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(dir, "sbc"))
	if err != nil {
		return nil, err
	}
	b := &border{dir: dir, version: realsbc.Version(ctx)}
	for _, at := range []*netip.AddrPort{&b.at.sbc, &b.at.old, &b.at.next, &b.at.edge} {
		if *at, err = realsbc.Free(ctx, netip.MustParseAddr("127.0.0.1")); err != nil {
			return nil, err
		}
	}
	return b, os.MkdirAll(dir, 0o750)
}

// start starts the edge, the platforms' phones and the SBC, and the calls.
func (b *border) start(ctx context.Context, p program, people []employee) error {
	edge, err := p.serve(ctx, b.dir, "edge", "edge")
	if err != nil {
		return err
	}
	b.later(edge.stop)
	if err := b.await(ctx, b.at.edge); err != nil {
		return fmt.Errorf("dualtone edge has no table, see %s: %w", filepath.Join(b.dir, "edge.log"), err)
	}
	for _, platform := range []struct {
		side dualtone.Side
		at   netip.AddrPort
	}{{dualtone.Old, b.at.old}, {dualtone.New, b.at.next}} {
		phones, err := realsbc.StartPhones(ctx, b.dir, string(platform.side), platform.at, 100*time.Millisecond)
		if err != nil {
			return err
		}
		b.later(phones.Stop)
	}
	b.sbc, err = realsbc.Start(ctx, realsbc.Setup{
		Dir: b.dir, Lookup: realsbc.SIP, Listen: b.at.sbc, Old: b.at.old, New: b.at.next, EdgeSIP: b.at.edge, Emergency: []string{"112", "911"},
	})
	if err != nil {
		return err
	}
	b.later(b.sbc.Stop)
	return b.call(ctx, people)
}

// call begins to call everybody in turn, each from a number of its own.
func (b *border) call(ctx context.Context, people []employee) error {
	calls := realsbc.Calls{
		Dir: b.dir, Name: "callers", From: b.at.sbc.Addr(), To: b.at.sbc, Rate: callsPerSecond, Count: mostCalls, Hold: callLength,
	}
	for i, e := range people {
		calls.Numbers = append(calls.Numbers, e.Number)
		calls.Callers = append(calls.Callers, fmt.Sprintf("+1646556%04d", i))
	}
	var err error
	b.calling, err = calls.Begin(ctx)
	return err
}

func (b *border) later(f func()) { b.stopping = append(b.stopping, f) }

// stop ends everything, the callers first.
func (b *border) stop() {
	if b.calling != nil {
		b.calling.Kill()
	}
	for _, stop := range slices.Backward(b.stopping) {
		stop()
	}
}

func (b *border) await(ctx context.Context, at netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !realsbc.Alive(ctx, at) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// hush begins no more calls.
func (b *border) hush() {
	if b != nil {
		b.calling.Stop()
	}
}

// finish waits until no call is up, and counts what became of all of them.
func (b *border) finish(ctx context.Context, t *truth) (sipCalls, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	calls, err := b.calling.Wait(ctx)
	if err != nil {
		return sipCalls{}, err
	}
	turns := t.routeTurns()
	n := sipCalls{Total: len(calls)}
	for i := range calls {
		n.count(&calls[i], turns[calls[i].Number], t.sbc.home[calls[i].Number])
	}
	return n, nil
}

// edgeLag is how much later than the database an edge may know of a flip, on a machine
// that does everything else as well.
const edgeLag = time.Second

// saidOf reports whether the table sent a number to a side at any moment of a span.
func saidOf(turns []turn, side, want dualtone.Side, from, to time.Time) bool {
	for _, t := range turns {
		if t.at.After(from) && side == want {
			return true
		}
		if t.at.After(to) {
			return false
		}
		side = t.side
	}
	return side == want
}

// sipCalls is what became of the calls through the real SBC.
type sipCalls struct {
	Total int `json:"total"`
	OnOld int `json:"on_old"`
	OnNew int `json:"on_new"`
	// Elsewhere were answered by the side that the table did not name.
	Elsewhere  int `json:"elsewhere"`
	Failed     int `json:"failed"`
	Cut        int `json:"cut"`
	ByFallback int `json:"by_fallback"`
}

// count judges one call by the turns of its number's route, which began at home.
func (n *sipCalls) count(c *realsbc.Call, turns []turn, home dualtone.Side) {
	if c.Lost() || c.Refused > 0 {
		n.Failed++
		return
	}
	if c.Cut() {
		n.Cut++
	}
	side := dualtone.Side(c.Platform)
	if side == dualtone.New {
		n.OnNew++
	} else {
		n.OnOld++
	}
	switch {
	case c.Source == "fallback":
		n.ByFallback++
	case !saidOf(turns, home, side, c.Sent.Add(-edgeLag), c.Answered):
		n.Elsewhere++
	}
}
