package asterisk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realasterisk"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/systemtest"
)

// desk is an administrator's own place at the real PBX: real calls are made and
// answered from here, and nothing of it goes through the connector.
type desk struct{ admin *realasterisk.Admin }

func newDesk(t *testing.T, pbx *realasterisk.PBX) desk {
	t.Helper()
	admin, err := pbx.Admin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	return desk{admin}
}

func (d desk) peer() systemtest.Peer {
	return systemtest.Peer{
		Forward: d.forward,
		Divert:  d.divert,
		Members: d.members,
		Ring: func(tb testing.TB, user dualtone.UserID) systemtest.Call {
			tb.Helper()
			return d.call(tb, "12125550190", string(user), user)
		},
		Finish: d.finish,
	}
}

func (d desk) do(tb testing.TB, action string, pairs ...string) []realasterisk.Message {
	tb.Helper()
	answer, err := d.admin.Do(action, pairs...)
	if err != nil {
		tb.Fatal(err)
	}
	return answer
}

func (d desk) join(tb testing.TB, queue, extension, label string) {
	tb.Helper()
	d.do(tb, "QueueAdd", "Queue", queue, "Interface", "PJSIP/"+extension, "MemberName", label, "Penalty", "1")
}

func (d desk) forward(tb testing.TB, user dualtone.UserID) string {
	tb.Helper()
	answer, err := d.admin.Do("DBGet", "Family", "CF", "Key", string(user))
	if err != nil {
		return ""
	}
	return answer[1]["Val"]
}

func (d desk) divert(tb testing.TB, user dualtone.UserID, to string) {
	tb.Helper()
	if to == "" {
		d.do(tb, "DBDel", "Family", "CF", "Key", string(user))
		return
	}
	d.do(tb, "DBPut", "Family", "CF", "Key", string(user), "Val", to)
}

func (d desk) members(tb testing.TB, queue dualtone.QueueID) []sim.Member {
	tb.Helper()
	var all []sim.Member
	for _, m := range d.do(tb, "QueueStatus", "Queue", string(queue)) {
		if m["Event"] != "QueueMember" {
			continue
		}
		_, person, _ := strings.Cut(m["Location"], "/")
		all = append(all, sim.Member{
			Person: person, Device: m["Location"], StateDevice: m["StateInterface"], Label: m["Name"],
			Paused: m["Paused"] == "1", PauseReason: m["PausedReason"], Fixed: m["Membership"] == "static",
		})
	}
	return all
}

// call lets a customer dial, and returns once the user's phone rings.
func (d desk) call(tb testing.TB, from, dialed string, user dualtone.UserID) systemtest.Call {
	tb.Helper()
	d.do(tb, "Originate", "Channel", "Local/s@caller/n", "Context", "from-internal", "Exten", dialed, "Priority", "1",
		"CallerID", `"Customer" <`+from+`>`, "Async", "true")
	d.until(tb, "the phone rings", func() bool { return d.phone(tb, user, "phones") != "" })
	return systemtest.Call{
		Answer: func(tb testing.TB) {
			tb.Helper()
			d.do(tb, "Redirect", "Channel", d.phone(tb, user, "phones"), "Context", "answered", "Exten", string(user), "Priority", "1")
			d.until(tb, "the phone is answered", func() bool { return d.phone(tb, user, "answered") != "" })
		},
		HangUp: func(tb testing.TB) {
			tb.Helper()
			d.do(tb, "Hangup", "Channel", d.phone(tb, user, ""))
			// The customer of a queue would wait for the next member.
			for _, m := range d.do(tb, "CoreShowChannels") {
				if m["Context"] == "caller" {
					_, _ = d.admin.Do("Hangup", "Channel", m["Channel"])
				}
			}
			d.until(tb, "nobody talks", func() bool { return len(d.do(tb, "CoreShowChannels")) == 2 })
		},
	}
}

func (d desk) finish(tb testing.TB, user dualtone.UserID, from []string) {
	tb.Helper()
	for _, number := range from {
		call := d.call(tb, strings.TrimPrefix(number, "+"), string(user), user)
		call.Answer(tb)
		call.HangUp(tb)
	}
}

// phone returns the channel on the phone's own side.
func (d desk) phone(tb testing.TB, user dualtone.UserID, context string) string {
	tb.Helper()
	for _, m := range d.do(tb, "CoreShowChannels") {
		if strings.HasPrefix(m["Channel"], "PJSIP/phones-") && m["Exten"] == string(user) && strings.HasPrefix(m["Context"], context) {
			return m["Channel"]
		}
	}
	return ""
}

func (desk) until(tb testing.TB, what string, so func() bool) {
	tb.Helper()
	timeout := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-timeout:
			tb.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
