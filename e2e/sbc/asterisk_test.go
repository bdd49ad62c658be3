package sbc_test

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/docs/sbc"
	"github.com/dualtone/dualtone/internal/realasterisk"
	"github.com/dualtone/dualtone/internal/realsbc"
)

// Asterisk knows its neighbors by their address, so each has one of its own.
const (
	asteriskWorld = "127.0.79.1"
	carrierHost   = "127.0.79.20"
	oldHost       = "127.0.79.21"
	newHost       = "127.0.79.22"
)

// asteriskKit is the kit with the addresses of a world.
func asteriskKit(t *testing.T, at ports, carrier netip.AddrPort) map[string]string {
	t.Helper()
	kit := map[string]string{}
	for _, name := range []string{"pjsip.conf", "extensions.conf"} {
		text, err := sbc.Asterisk.ReadFile("asterisk/" + name)
		must(t, err)
		kit[name] = strings.NewReplacer(
			"192.0.2.20:5060", carrier.String(), "192.0.2.21:5060", at.old.String(), "192.0.2.22:5060", at.next.String(),
			"192.0.2.20", carrierHost, "192.0.2.21", oldHost, "192.0.2.22", newHost, "192.0.2.31:8080", at.http.String(),
			"EDGE_SECONDS = 1", fmt.Sprintf("EDGE_SECONDS = %.0f", unhurried.Seconds()),
		).Replace(string(text))
	}
	return kit
}

// TestCallsThroughAnAsteriskReachTheSideThatTheTableSays tries the kit for Asterisk. A
// B2BUA hides which platform answered, so the platforms' own phones tell.
func TestCallsThroughAnAsteriskReachTheSideThatTheTableSays(t *testing.T) {
	needSBC(t, realsbc.HTTP)
	needPBX(t)
	t.Parallel()
	free := func(host string) netip.AddrPort {
		at, err := realsbc.Free(t.Context(), netip.MustParseAddr(host))
		must(t, err)
		return at
	}
	w := newWorld(t, realsbc.HTTP, asteriskWorld, ports{old: free(oldHost), next: free(newHost)})
	w.startPhones(t)
	pbx, err := realasterisk.Start(t.Context(), realasterisk.Setup{SystemName: "sbc", Extra: asteriskKit(t, w.at, free(carrierHost))})
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Asterisk said:\n%s", pbx.Log())
		}
		must(t, pbx.Stop())
	})
	w.at.sbc = pbx.SIP
	w.await(t, "Asterisk has found both platforms alive", func() bool { return reachable(t, pbx) == 2 })

	w.reaches(t, "old", "+15551230001", carrierHost, dualtone.Old)
	w.reaches(t, "new", "+15551230002", carrierHost, dualtone.New)
	w.reaches(t, "both, and the new side is quicker", "+15551230003", carrierHost, dualtone.New)
	w.reaches(t, "failover, to nobody", "+15551230004", carrierHost, dualtone.New)
	w.reaches(t, "a call for help", "911", carrierHost, dualtone.Old)
	w.reaches(t, "a call for help behind an access code", "9911", oldHost, dualtone.Old)
	w.refuses(t, "a number that is nobody's", "+15559999999", carrierHost)
	w.refuses(t, "the old side hands a call back", "+15551230001", oldHost)
	w.flip(t, "+15551230006", dualtone.Old, dualtone.New)
	w.reaches(t, "the next call after a flip", "+15551230006", carrierHost, dualtone.New)

	w.endEdge(t, syscall.SIGKILL)
	w.reaches(t, "without dualtone, where it was last answered", "+15551230002", carrierHost, dualtone.New)
	w.reaches(t, "without dualtone, the old side by default", "+15551238888", carrierHost, dualtone.Old)
	w.reaches(t, "without dualtone, a call for help", "911", carrierHost, dualtone.Old)
	w.reaches(t, "without dualtone, not back to the old side", "+15551230001", oldHost, dualtone.New)
}

// reachable is how many of the platforms answer the PBX's OPTIONS.
func reachable(t *testing.T, pbx *realasterisk.PBX) int {
	t.Helper()
	admin, err := pbx.Admin(t.Context())
	must(t, err)
	defer func() { _ = admin.Close() }()
	all, err := admin.Do("DeviceStateList")
	must(t, err)
	n := 0
	for _, m := range all {
		if (m["Device"] == "PJSIP/old" || m["Device"] == "PJSIP/new") && m["State"] == "NOT_INUSE" {
			n++
		}
	}
	return n
}

// from makes one call from a host.
func (w *world) from(t *testing.T, host, number string) realsbc.Call {
	t.Helper()
	w.caller = netip.MustParseAddr(host)
	return w.call(t, burst{numbers: []string{number}, count: 1, rate: 1})[0]
}

// reaches makes a call that the phones of a side must take.
func (w *world) reaches(t *testing.T, what, number, host string, side dualtone.Side) {
	t.Helper()
	before := map[dualtone.Side]int{dualtone.Old: w.old.Answered(), dualtone.New: w.next.Answered()}
	c := w.from(t, host, number)
	onOld, onNew := w.old.Answered()-before[dualtone.Old], w.next.Answered()-before[dualtone.New]
	if c.Answered.IsZero() || c.Cut() || map[dualtone.Side]int{dualtone.Old: onOld, dualtone.New: onNew}[side] != 1 || onOld+onNew != 1 {
		t.Errorf("%s: %+v; %d phones of the old side took it and %d of the new one", what, c, onOld, onNew)
	}
	if called := map[dualtone.Side]*realsbc.Phones{dualtone.Old: w.old, dualtone.New: w.next}[side].Called(); called != number {
		t.Errorf("%s: the %s side was handed %q, want %q", what, side, called, number)
	}
}

// refuses makes a call that nobody may take.
func (w *world) refuses(t *testing.T, what, number, host string) {
	t.Helper()
	before := w.old.Answered() + w.next.Answered()
	if c := w.from(t, host, number); c.Refused == 0 || w.old.Answered()+w.next.Answered() != before {
		t.Errorf("%s: %+v", what, c)
	}
}
