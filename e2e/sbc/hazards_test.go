package sbc_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realsbc"
)

// TestHazards are those that live in the SBC, each by its name in docs/sbc/hazards.md.
func TestHazards(t *testing.T) {
	t.Parallel()
	for i, lookup := range []realsbc.Lookup{realsbc.SIP, realsbc.HTTP, realsbc.ENUM} {
		t.Run(string(lookup), func(t *testing.T) {
			needSBC(t, lookup)
			t.Parallel()
			w := newWorld(t, lookup, fmt.Sprintf("127.0.77.%d", 51+i), ports{})
			w.populate(t)
			for _, act := range []struct {
				what string
				do   func(*testing.T)
			}{
				{"the caller's identity arrives as it was sent", w.identity},
				{"headers of a target reach every platform that rings", w.headers},
				{"nobody outside says where a call comes from", w.forged},
				{"the last-known cache does not outlive a rollback", w.rolledBack},
				{"a voicemail that is quicker than a person takes the call", w.voicemail},
				{"two phones that are answered at once both have the call", w.doubleAnswer},
				{"calls that no worker of the SBC has time for wait for one", w.withoutWorkers},
			} {
				// One act after the other, in one world.
				if !t.Run(act.what, act.do) {
					return
				}
			}
			if strings.Contains(w.sbc.Log(), "required headers not found") {
				t.Errorf("the SBC was sent what it cannot read:\n%s", w.sbc.Log())
			}
		})
	}
}

// identity is about caller ID and STIR/SHAKEN: what the carrier has signed must reach
// either platform as it was.
func (w *world) identity(t *testing.T) {
	t.Helper()
	for _, number := range []string{"+15551230001", "+15551230002", "+15551230004", "911"} {
		c := w.call(t, burst{numbers: []string{number}, count: 1, rate: 1, callers: []string{"+17185550100"}})[0]
		const want = "P-Asserted-Identity: <sip:+17185550100@carrier.example.test> " +
			"Identity: signed-for-+17185550100;info=<https://certificates.example.test/1.pem>;ppt=shaken"
		if c.Heard != want {
			t.Errorf("%s: %s heard %q", number, c.Platform, c.Heard)
		}
	}
}

// headers is about Kamailio's rtjson, which sets the headers of a target for serial
// routing alone, and about contacts, whose headers are no part of an address.
func (w *world) headers(t *testing.T) {
	t.Helper()
	revision := strconv.FormatInt(int64(w.revision(t)), 10)
	if w.lookup == realsbc.ENUM {
		revision = "" // a NAPTR record holds an address and no headers
	}
	for _, c := range w.call(t, burst{numbers: []string{"+15551230001", "+15551230002", "+15551230003", "+15551230004"}, count: 20, rate: 10}) {
		if c.Source != asked || c.Revision != revision {
			t.Errorf("%s, answered by %s: X-Route-Version is %q, want %q", c.Number, c.Platform, c.Revision, revision)
		}
	}
}

// forged is a caller outside who says that the call comes from the new platform, to
// which it would then not be handed.
func (w *world) forged(t *testing.T) {
	t.Helper()
	c := w.dialer(t)
	answers := c.invite(t, "+15551230002", "X-Dualtone-Ingress: new\r\nX-Route-Source: fallback\r\n", time.Second)
	if len(answers) != 1 || answers[0].StatusCode != http.StatusOK || !strings.HasPrefix(header(answers[0], "X-Platform"), "new/X-Route-Source: "+asked) {
		t.Errorf("got %v", answers)
	}
	c.end(t, answers)
}

// rolledBack is a number that was answered on the new side before it was taken back.
// The kit's command empties the cache, so that the fallback knows nothing of it.
func (w *world) rolledBack(t *testing.T) {
	t.Helper()
	const number = "+15551230006"
	w.flip(t, number, dualtone.Old, dualtone.New)
	check(t, "moved", w.call(t, burst{numbers: []string{number}, count: 1, rate: 1}), wants{number: {"new", asked}})
	w.flip(t, number, dualtone.New, dualtone.Old)
	must(t, w.sbc.Forget(t.Context()))
	must(t, w.edge.Process.Signal(syscall.SIGSTOP))
	calls := w.call(t, burst{numbers: []string{number}, count: 1, rate: 1})
	must(t, w.edge.Process.Signal(syscall.SIGCONT))
	check(t, "taken back, and dualtone is away", calls, wants{number: {"old", fallback}})
	w.awaitAsked(t, "+15551230006")
}

// voicemail answers on the old side long before the person does whose phone rings on
// the new one: so both must not ring where one answers by itself, and what answers by
// itself is tried last.
func (w *world) voicemail(t *testing.T) {
	t.Helper()
	const number = "+15551230003"
	w.old.Stop()
	w.next.Stop()
	w.old = w.phones(t, "old", w.at.old, 20*time.Millisecond)
	w.next = w.phones(t, "new", w.at.next, time.Second)
	check(t, "the voicemail is first", w.call(t, burst{numbers: []string{number}, count: 1, rate: 1}), wants{number: {"old", asked}})

	file := filepath.Join(w.dir, "voicemail.csv")
	must(t, os.WriteFile(file, []byte("number,plan,answers\n"+number+",both,voicemail\n"), 0o600))
	if out, err := w.run(t, "route", "import", file, "--reason", "both ring"); err == nil || !strings.Contains(out, "voicemail") {
		t.Errorf("both ring where a voicemail answers: %v\n%s", err, out)
	}
	must(t, os.WriteFile(file, []byte("number,plan,answers\n"+number+",\"new,old\",voicemail\n"), 0o600))
	w.do(t, "route", "import", file, "--reason", "the voicemail is last")
	w.await(t, "the person answers", func() bool {
		c := w.call(t, burst{numbers: []string{number}, count: 1, rate: 1})[0]
		return c.Platform == "new" && c.Source == asked
	})
	must(t, os.WriteFile(file, []byte("number,plan,answers\n"+number+",both,\n"), 0o600))
	w.do(t, "route", "import", file, "--reason", "the voicemail is off")
}

// withoutWorkers takes the workers away that ask over HTTP and ENUM. A call that is set aside waits
// for them, and nothing is left of it: a timer that ended before would leave its transaction in
// the SBC for ever.
func (w *world) withoutWorkers(t *testing.T) {
	t.Helper()
	if w.lookup == realsbc.SIP {
		return // nothing is set aside
	}
	w.old.Stop()
	w.old = w.phones(t, "old", w.at.old, 4*time.Second)
	letGo, err := w.sbc.Held(t.Context())
	must(t, err)
	defer time.AfterFunc(7*time.Second, letGo).Stop()
	const number = "+15551230001"
	calls := w.call(t, burst{numbers: []string{number}, count: 4, rate: 20, patient: true})
	check(t, "without workers", calls, wants{number: {"old", asked + "|" + fallback}})
	w.await(t, "the SBC has forgotten every call", func() bool {
		n, err := w.sbc.Transactions(t.Context())
		return err == nil && n == 0
	})
}

// doubleAnswer is two phones that are picked up in the same moment. A proxy must hand
// on both answers (RFC 3261 section 16.7); the caller's side ends all but one, and the
// SBC brings its BYE to the right phone.
func (w *world) doubleAnswer(t *testing.T) {
	t.Helper()
	const number, together = "+15551230003", 60 * time.Millisecond
	w.old.Stop()
	w.next.Stop()
	w.old, w.next = w.phones(t, "old", w.at.old, together), w.phones(t, "new", w.at.next, together)
	c := w.dialer(t)
	w.await(t, "two phones answered one call", func() bool {
		answers := c.invite(t, number, "", 500*time.Millisecond)
		platforms := map[string]bool{}
		for _, a := range answers {
			platform, _, _ := strings.Cut(header(a, "X-Platform"), "/")
			platforms[platform] = true
		}
		c.end(t, answers)
		return platforms["old"] && platforms["new"]
	})
}
