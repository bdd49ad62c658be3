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
	held     heldTo
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
