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
		Ring: func(t testing.TB, user dualtone.UserID) systemtest.Call {
			t.Helper()
			return d.call(t, "12125550190", string(user), user)
		},
		Finish: d.finish,
	}
}

func (d desk) do(t testing.TB, action string, pairs ...string) []realasterisk.Message {
	t.Helper()
	answer, err := d.admin.Do(action, pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (d desk) join(t testing.TB, queue, extension, label string) {
	t.Helper()
	d.do(t, "QueueAdd", "Queue", queue, "Interface", "PJSIP/"+extension, "MemberName", label, "Penalty", "1")
}

func (d desk) forward(t testing.TB, user dualtone.UserID) string {
	t.Helper()
	answer, err := d.admin.Do("DBGet", "Family", "CF", "Key", string(user))
	if err != nil {
		return ""
	}
	return answer[1]["Val"]
}

func (d desk) divert(t testing.TB, user dualtone.UserID, to string) {
	t.Helper()
	if to == "" {
		d.do(t, "DBDel", "Family", "CF", "Key", string(user))
		return
	}
	d.do(t, "DBPut", "Family", "CF", "Key", string(user), "Val", to)
}

func (d desk) members(t testing.TB, queue dualtone.QueueID) []sim.Member {
	t.Helper()
	var all []sim.Member
	for _, m := range d.do(t, "QueueStatus", "Queue", string(queue)) {
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
func (d desk) call(t testing.TB, from, dialed string, user dualtone.UserID) systemtest.Call {
	t.Helper()
	d.do(t, "Originate", "Channel", "Local/s@caller/n", "Context", "from-internal", "Exten", dialed, "Priority", "1",
		"CallerID", `"Customer" <`+from+`>`, "Async", "true")
	d.until(t, "the phone rings", func() bool { return d.phone(t, user, "phones") != "" })
	return systemtest.Call{
		Answer: func(t testing.TB) {
			t.Helper()
			d.do(t, "Redirect", "Channel", d.phone(t, user, "phones"), "Context", "answered", "Exten", string(user), "Priority", "1")
			d.until(t, "the phone is answered", func() bool { return d.phone(t, user, "answered") != "" })
		},
		HangUp: func(t testing.TB) {
			t.Helper()
			d.do(t, "Hangup", "Channel", d.phone(t, user, ""))
			// The customer of a queue would wait for the next member.
			for _, m := range d.do(t, "CoreShowChannels") {
				if m["Context"] == "caller" {
					_, _ = d.admin.Do("Hangup", "Channel", m["Channel"])
				}
			}
			d.until(t, "nobody talks", func() bool { return len(d.do(t, "CoreShowChannels")) == 2 })
		},
	}
}

func (d desk) finish(t testing.TB, user dualtone.UserID, from []string) {
	t.Helper()
	for _, number := range from {
		call := d.call(t, strings.TrimPrefix(number, "+"), string(user), user)
		call.Answer(t)
		call.HangUp(t)
	}
}

// phone returns the channel on the phone's own side.
func (d desk) phone(t testing.TB, user dualtone.UserID, context string) string {
	t.Helper()
	for _, m := range d.do(t, "CoreShowChannels") {
		if strings.HasPrefix(m["Channel"], "PJSIP/phones-") && m["Exten"] == string(user) && strings.HasPrefix(m["Context"], context) {
			return m["Channel"]
		}
	}
	return ""
}

func (desk) until(t testing.TB, what string, so func() bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-timeout:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
