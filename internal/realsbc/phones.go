package realsbc

import (
	"bytes"
	"context"
	"embed"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed sipp/*.xml
var scenarios embed.FS

// scenario writes one of the scenarios to a folder, with some of its words
// replaced, and returns the file.
func scenario(dir, name, as string, replace ...string) (string, error) {
	text, err := scenarios.ReadFile("sipp/" + name)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, as+".xml")
	return file, os.WriteFile(file, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600)
}

// Phones are the phones of one platform: each call rings for a while and is then
// answered.
type Phones struct {
	process *process
	calls   string
}

// StartPhones runs the phones of a platform of a name, which is what its answers
// say in X-Platform.
func StartPhones(ctx context.Context, dir, platform string, at netip.AddrPort, ring time.Duration) (*Phones, error) {
	name := "phones-" + platform
	file, err := scenario(dir, "phone.xml", name, "[ring]", strconv.FormatInt(ring.Milliseconds(), 10))
	if err != nil {
		return nil, err
	}
	p, err := start(dir, name, "sipp", "-sf", file, "-i", at.Addr().String(), "-p", port(at), "-key", "platform", platform,
		"-aa", "-nostdin", "-trace_logs", "-log_file", filepath.Join(dir, name+".calls"), "-trace_err", "-error_file", filepath.Join(dir, name+".err"))
	if err != nil {
		return nil, err
	}
	if err := p.listening(ctx, at); err != nil {
		p.kill()
		return nil, fmt.Errorf("phones of %s on %s: %w: %s", platform, at, err, p.said())
	}
	return &Phones{process: p, calls: filepath.Join(dir, name+".calls")}, nil
}

// Answered is how many calls the phones have taken so far.
func (p *Phones) Answered() int {
	text, _ := os.ReadFile(p.calls) // There is none before the first call.
	return strings.Count(string(text), "\n")
}

// Called is the number of the latest call that the phones have taken, as the platform
// was handed it; empty before the first.
func (p *Phones) Called() string {
	text, _ := os.ReadFile(p.calls) // There is none before the first call.
	at := strings.LastIndex(string(text), "sip:")
	if at < 0 {
		return ""
	}
	number, _, _ := strings.Cut(string(text[at+len("sip:"):]), "@")
	return number
}

// Stop takes the phones away at once, as a power cut does.
func (p *Phones) Stop() { p.process.kill() }

// listening waits until a UDP port is taken. It looks and does not try: whoever binds the port
// to see whether it is free may have it in the moment in which the program wants it.
func (p *process) listening(ctx context.Context, at netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		taken, err := udpTaken(at)
		if taken || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("it ended: %w", p.err)
		case <-tick.C:
		}
	}
}

// udpTaken reports whether somebody has a UDP port of an IPv4 address, from the kernel's list.
func udpTaken(at netip.AddrPort) (bool, error) {
	list, err := os.ReadFile("/proc/net/udp")
	ip := at.Addr().As4()
	return bytes.Contains(list, fmt.Appendf(nil, " %08X:%04X ", binary.NativeEndian.Uint32(ip[:]), at.Port())), err
}
