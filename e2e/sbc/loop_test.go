package sbc_test

import (
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/dualtone/dualtone/internal/realasterisk"
	"github.com/dualtone/dualtone/internal/realsbc"
)

// needPBX says why a real Asterisk cannot take part. DUALTONE_TEST_ASTERISK is off to
// leave it out, fetch to get it where the machine can, and require to fail without it.
func needPBX(t *testing.T) {
	t.Helper()
	switch mode := os.Getenv("DUALTONE_TEST_ASTERISK"); {
	case mode == "off":
		t.Skip("left out by DUALTONE_TEST_ASTERISK=off")
	case mode == "" && !realasterisk.Fetched():
		t.Skip("no Asterisk for a B2BUA; DUALTONE_TEST_ASTERISK=fetch gets one")
	case mode != "require":
		if err := realasterisk.Available(); err != nil {
			t.Skip(err)
		}
	}
}

// A PBX makes a new call of each that it forwards, without any mark of the one before.
// One that forwards a call to the number that was called would never end it.
func TestACallThatAPBXForwardsToItselfEndsAfterOneLeg(t *testing.T) {
	t.Parallel()
	for i, lookup := range []realsbc.Lookup{realsbc.SIP, realsbc.HTTP, realsbc.ENUM} {
		t.Run(string(lookup), func(t *testing.T) {
			needSBC(t, lookup)
			needPBX(t)
			t.Parallel()
			host := fmt.Sprintf("127.0.78.%d", i+1)
			border, err := realsbc.Free(t.Context(), netip.MustParseAddr(host))
			must(t, err)
			pbx, err := realasterisk.Start(t.Context(), realasterisk.Setup{SystemName: "loop", Extra: forwarding(border)})
			must(t, err)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the PBX said:\n%s", pbx.Log())
				}
				must(t, pbx.Stop())
			})
			w := newWorld(t, lookup, host, ports{sbc: border, old: pbx.SIP})
			w.startNew(t)
			t.Cleanup(func() { w.next.Stop() })
			w.startSBC(t, unhurried)
			w.loops(t, pbx)
		})
	}
}

// forwarding makes a PBX forward every call that comes from an SBC to the number that
// was called, which leads back to the SBC, and count them.
func forwarding(border netip.AddrPort) map[string]string {
	return map[string]string{
		"pjsip.conf": fmt.Sprintf(`
[sbc]
type = endpoint
context = from-sbc
disallow = all
allow = ulaw
aors = sbc
direct_media = no
[sbc]
type = aor
contact = sip:%s
[sbc]
type = identify
endpoint = sbc
match = %s
`, border, border.Addr()),
		"extensions.conf": `
[from-sbc]
exten => _[+0-9].,1,Set(DB(legs/${EXTEN})=$[0${DB(legs/${EXTEN})} + 1])
 same => n,Dial(PJSIP/${EXTEN}@sbc,30)
 same => n,Hangup(${HANGUPCAUSE})
`,
	}
}

func (w *world) loops(t *testing.T, pbx *realasterisk.PBX) {
	t.Helper()
	call := func(number string) realsbc.Call {
		return w.call(t, burst{numbers: []string{number}, count: 1, rate: 1})[0]
	}
	if c := call("+15551230001"); c.Refused == 0 {
		t.Errorf("a call that can only go round got no final answer: %+v", c)
	}
	if n := legs(t, pbx, "+15551230001"); n != "1" {
		t.Errorf("the PBX saw the call %s times", n)
	}
	// Without dualtone, the kit's own rule hands it to the other platform, whose phones
	// are the only ones here.
	w.endEdge(t, syscall.SIGKILL)
	if c := call("+15551230006"); c.Answered.IsZero() || c.Cut() {
		t.Errorf("by the fallback: %+v", c)
	}
	if n := legs(t, pbx, "+15551230006"); n != "1" {
		t.Errorf("by the fallback, the PBX saw the call %s times", n)
	}
}

// legs is how often the PBX was handed calls to a number.
func legs(t *testing.T, pbx *realasterisk.PBX, number string) string {
	t.Helper()
	admin, err := pbx.Admin(t.Context())
	must(t, err)
	defer func() { _ = admin.Close() }()
	all, err := admin.Do("DBGet", "Family", "legs", "Key", number)
	must(t, err)
	for _, m := range all {
		if m["Val"] != "" {
			return m["Val"]
		}
	}
	return "0"
}
