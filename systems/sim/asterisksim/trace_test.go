package asterisksim_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/systems/sim"
)

// exchange is a request of the transcript and what the real Asterisk answered.
type exchange struct{ request, answer []string }

func exchanges(t *testing.T) []exchange {
	t.Helper()
	raw, err := os.ReadFile("testdata/exchanges.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	for s := range strings.Lines(string(raw)) {
		s = strings.TrimRight(s, "\n")
		switch {
		case strings.HasPrefix(s, "> Action:"):
			all = append(all, exchange{request: []string{s[2:]}})
		case strings.HasPrefix(s, "> "):
			all[len(all)-1].request = append(all[len(all)-1].request, s[2:])
		case strings.HasPrefix(s, "<"):
			all[len(all)-1].answer = append(all[len(all)-1].answer, strings.TrimPrefix(s[1:], " "))
		}
	}
	return all
}

// differ are the fields whose values depend on the moment or the machine.
var differ = map[string]bool{
	"Timestamp": true, "CoreStartupDate": true, "CoreStartupTime": true, "CoreReloadDate": true,
	"CoreReloadTime": true, "AsteriskVersion": true, "Contacts": true, "LoginTime": true, "LastPause": true,
}

// plain takes the values that differ out of lines, and the blanks after a colon.
func plain(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, s := range lines {
		key, value, _ := strings.Cut(s, ":")
		if differ[key] {
			value = "*"
		}
		out = append(out, strings.TrimSpace(key+": "+strings.TrimSpace(value)))
	}
	return out
}

// TestAnswersAsTheRealOne replays a transcript: every line of every answer must
// come in the same order with the same words.
func TestAnswersAsTheRealOne(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.world.PutPerson(sim.Person{ID: "1001", Extension: "1001", Name: "Ann Agent", SignedIn: true})
	a.world.PutPerson(sim.Person{ID: "1002", Extension: "1002", Name: "Bob Agent"})
	a.world.PutQueue(sim.Queue{ID: "support", Number: "5000"})
	c := dial(t, a)
	for _, e := range exchanges(t) {
		name := strings.Join(e.request[:2], ", ")
		var got []string
		for i, block := range c.ask(e.request...) {
			if i > 0 {
				got = append(got, "")
			}
			got = append(got, block...)
		}
		if diff := cmp.Diff(plain(e.answer), plain(got)); diff != "" {
			t.Errorf("%s: real Asterisk (-), simulator (+):\n%s", name, diff)
		}
	}
}

// TestEventsAsTheRealOne compares the fields of events, and their order, with
// one sample of each kind.
func TestEventsAsTheRealOne(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/events.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for text := range strings.SplitSeq(string(raw), "\n\n") {
		if name, ok := strings.CutPrefix(text, "Event: "); ok {
			name, _, _ = strings.Cut(name, "\n")
			want[name] = keys(strings.Split(strings.TrimSpace(text), "\n"))
		}
	}
	got := map[string][]string{}
	for _, block := range queueDay(t) {
		if len(block) > 0 {
			got[strings.TrimPrefix(block[0], "Event: ")] = keys(block)
		}
	}
	for name, fields := range want {
		if diff := cmp.Diff(fields, got[name]); diff != "" {
			t.Errorf("%s: real Asterisk (-), simulator (+):\n%s", name, diff)
		}
	}
}

func keys(lines []string) []string {
	var all []string
	for _, s := range lines {
		key, _, _ := strings.Cut(s, ":")
		all = append(all, key)
	}
	return all
}

// queueDay lets one caller through the queue and one give up, and returns every
// block that a client saw.
func queueDay(t *testing.T) [][]string {
	t.Helper()
	a := start(t, canOriginate)
	a.world.PutPerson(sim.Person{ID: "1001", Extension: "1001", Name: "Ann Agent", SignedIn: true})
	a.world.PutQueue(sim.Queue{ID: "support", Number: "5000"})
	c := login(t, a, "on")
	var seen [][]string
	until := func(name string) {
		for {
			b := c.block()
			seen = append(seen, b)
			if len(b) > 0 && b[0] == "Event: "+name {
				return
			}
		}
	}
	until("FullyBooted")
	device := "Interface: Local/1001@from-queue/n"
	c.send("Action: QueueAdd", "Queue: support", device, "MemberName: Ann Agent", "StateInterface: PJSIP/1001")
	until("QueueMemberAdded")
	a.world.Arrive(sim.Incoming{ID: "c1", From: "12125550112", To: "5000", Ring: time.Second, Talk: time.Minute})
	until("DialBegin")
	a.clock.Advance(2 * time.Second)
	until("BridgeEnter")
	for action, last := range map[string]string{
		"CoreShowChannels": "CoreShowChannelsComplete", "Status": "StatusComplete", "QueueStatus": "QueueStatusComplete",
	} {
		c.send("Action: "+action, "ActionID: x")
		until(last)
	}
	a.clock.Advance(time.Hour)
	until("Cdr")
	c.send("Action: QueueRemove", "Queue: support", device)
	until("QueueMemberRemoved")
	a.world.Arrive(sim.Incoming{ID: "c2", From: "12125550113", To: "5000", Patience: time.Second})
	a.clock.Advance(time.Minute)
	until("QueueCallerAbandon")
	c.send("Action: Originate", "ActionID: o", "Channel: Local/s@caller/n", "Context: from-internal",
		"Exten: 5000", "Priority: 1", `CallerID: "Cust" <12125550111>`, "Async: true")
	until("OriginateResponse")
	return seen
}
