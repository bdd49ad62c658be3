package asterisksim_test

import (
	"crypto/md5" //nolint:gosec // the protocol's own challenge uses it
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
)

// closed reads until the connection ends and returns what came before.
func (c *client) closed() string {
	c.t.Helper()
	c.wait()
	rest, err := io.ReadAll(c.r)
	if netErr := net.Error(nil); errors.As(err, &netErr) && netErr.Timeout() {
		c.t.Fatal("the connection stays open")
	}
	return string(rest)
}

func TestAWrongLoginIsRefusedAndTheConnectionClosed(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, lines := range [][]string{
		{"Username: dualtone", "Secret: wrong"},
		{"Username: nobody", "Secret: s3cret"},
		{"Username: dualtone"},
		{"Username: dualtone", "AuthType: MD5", "Key: 0"},
	} {
		c := dial(t, a)
		if got := c.message(append([]string{"Action: Login"}, lines...)...); got != "Authentication failed" {
			t.Errorf("%q: %q", lines, got)
		}
		c.closed()
	}
}

func TestALoginAnswersTheMD5Challenge(t *testing.T) {
	t.Parallel()
	a := start(t)
	c := dial(t, a)
	if got := c.message("Action: Challenge", "AuthType: SHA"); got != "Must specify AuthType" {
		t.Errorf("unknown type: %q", got)
	}
	challenge := field(c.ask("Action: Challenge", "AuthType: md5")[0], "Challenge")
	sum := md5.Sum([]byte(challenge + "s3cret")) //nolint:gosec // the protocol's own challenge uses it
	got := c.message("Action: Login", "AuthType: MD5", "Username: dualtone", "Key: "+hex.EncodeToString(sum[:]), "Events: off")
	if got != "Authentication accepted" {
		t.Errorf("login: %q", got)
	}
	if got := c.message("Action: Login"); got != "Already authenticated" {
		t.Errorf("second login: %q", got)
	}
}

func TestNothingIsSaidBeforeTheLoginOrWithoutTheClass(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *asterisksim.Options) { o.Write = []string{"reporting"} })
	if got := dial(t, a).message("Action: CoreStatus"); got != "Permission denied" {
		t.Errorf("before the login: %q", got)
	}
	c := login(t, a, "off")
	for action, want := range map[string]string{
		"QueueAdd": "Permission denied", "DBPut": "Permission denied", "PJSIPShowEndpoints": "Permission denied",
		"Originate": "Permission denied", "CoreShowChannels": "Channels will follow",
		"Jump": "Invalid/unknown command: Jump. Use Action: ListCommands to show available commands.",
	} {
		if got := c.message("Action: " + action); got != want {
			t.Errorf("%s: %q, want %q", action, got, want)
		}
	}
	commands := c.ask("Action: ListCommands")[0]
	if field(commands, "Ping") == "" || field(commands, "QueueAdd") != "" {
		t.Errorf("commands: %q", commands)
	}
	if got := c.message("Color: red"); got != "Missing action in request" {
		t.Errorf("without an action: %q", got)
	}
}

func TestPipelinedActionsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	c := login(t, start(t), "off")
	c.send("Action: Ping\r\nActionID: 1\r\n\r\nAction: QueueStatus\r\nActionID: 2\r\n\r\n\r\naction: ping\nactionid: 3")
	var got []string
	for range 4 {
		b := c.block()
		got = append(got, b[0]+" "+field(b, "ActionID"))
	}
	want := []string{"Response: Success 1", "Response: Success 2", "Event: QueueStatusComplete 2", "Response: Success 3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestAMessageTooLongIsRefusedAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	c := login(t, start(t), "off")
	if got := c.message("Action: Ping", "X: "+strings.Repeat("x", 9000)); got != "Failed to parse message: line too long" {
		t.Errorf("a long line: %q", got)
	}
	if got := c.message("Action: Ping" + strings.Repeat("\r\nX: y", 200)); got != "Failed to parse message: too many lines" {
		t.Errorf("many lines: %q", got)
	}
	if got := field(c.ask("Action: Ping")[0], "Ping"); got != "Pong" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestEachSessionSeesTheEventsItAskedFor(t *testing.T) {
	t.Parallel()
	a := start(t)
	asterisksim.Populate(a.world, asterisksim.Company{People: 1, Queues: []string{"support"}})
	agent, call, off := login(t, a, "agent"), login(t, a, "off"), login(t, a, "off")
	if got := field(call.ask("Action: Events", "EventMask: call")[0], "Events"); got != "On" {
		t.Errorf("mask call: %q", got)
	}
	if got := field(off.ask("Action: Events", "EventMask: off")[0], "Events"); got != "Off" {
		t.Errorf("mask off: %q", got)
	}
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "support", Ring: time.Second, Talk: time.Second})
	a.clock.Advance(time.Minute)
	if b := agent.block(); b[0] != "Event: QueueCallerJoin" {
		t.Errorf("agent class began with %q", b[0])
	}
	if b := call.block(); b[0] != "Event: Newchannel" {
		t.Errorf("call class began with %q", b[0])
	}
	agent.event("AgentComplete")
	call.event("Hangup")
	if b := off.ask("Action: Ping"); b[0][1] != "Ping: Pong" {
		t.Errorf("a session without events got %q", b)
	}
	if b := off.ask("Action: Logoff"); b[0][0] != "Response: Goodbye" {
		t.Errorf("logoff: %q", b)
	}
	off.closed()
}

func TestFaultsReachTheClient(t *testing.T) {
	t.Parallel()
	for kind, want := range map[sim.FaultKind]struct {
		answer string
		done   bool
	}{
		sim.Slow:       {"Response: Success", true},
		sim.Failed:     {"Response: Error", false},
		sim.Refused:    {"", false},
		sim.Throttled:  {"", false},
		sim.Expired:    {"", false},
		sim.AnswerLost: {"", true},
		sim.CutShort:   {"Response: S", true},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			a := start(t)
			a.world.PutQueue(sim.Queue{ID: "support"})
			c := login(t, a, "off")
			a.world.Faults.Inject(sim.Fault{Kind: kind, Op: "QueueAdd", About: "1001", Delay: time.Millisecond})
			add := []string{"Action: QueueAdd", "Queue: support", "Interface: PJSIP/1001"}
			if want.answer == "" || kind == sim.CutShort {
				c.send(add...)
				if got := c.closed(); !strings.HasPrefix(got, want.answer) || strings.Contains(got, "\r\n\r\n") || want.answer == "" && got != "" {
					t.Errorf("answer %q", got)
				}
			} else if got := c.ask(add...)[0][0]; got != want.answer {
				t.Errorf("answer %q", got)
			}
			q, _ := a.world.Queue("support")
			if done := len(q.Members) == 1; done != want.done {
				t.Errorf("done %v, want %v", done, want.done)
			}
			// The fault is spent: a new session works.
			if got := field(login(t, a, "off").ask("Action: Ping")[0], "Ping"); got != "Pong" {
				t.Errorf("after the fault: %q", got)
			}
		})
	}
}

func TestAListCutShortNeverLooksComplete(t *testing.T) {
	t.Parallel()
	a := start(t)
	asterisksim.Populate(a.world, asterisksim.Company{People: 50})
	c := login(t, a, "off")
	a.world.Faults.Inject(sim.Fault{Kind: sim.CutShort, Op: "PJSIPShowEndpoints"})
	c.send("Action: PJSIPShowEndpoints")
	got := c.closed()
	if !strings.Contains(got, "Event: EndpointList\r\n") || strings.Contains(got, "EndpointListComplete") {
		t.Errorf("%d bytes, ending %q", len(got), got[max(0, len(got)-60):])
	}
}

func TestAConnectionIsRefusedWhenAFaultSaysSo(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.world.Faults.Inject(sim.Fault{Kind: sim.Refused, Op: "Connect"})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if b, _ := io.ReadAll(conn); len(b) > 0 {
		t.Errorf("banner %q", b)
	}
	login(t, a, "off")
}

func TestASimulatorWithoutALoginDoesNotStart(t *testing.T) {
	t.Parallel()
	if s, err := asterisksim.Start(sim.New(sim.RealTime{}), asterisksim.Options{}); err == nil {
		_ = s.Close()
		t.Error("it started")
	}
}
