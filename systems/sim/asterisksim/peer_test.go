package asterisksim_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/internal/nodetest"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
)

// heard is one line of what the independent client understood.
type heard struct {
	Action   string
	Response map[string]any
	List     []map[string]any
	Ready    bool
	Events   []map[string]any
}

// TestAnIndependentClientUnderstandsIt drives the simulator with the npm package
// asterisk-manager, which knows nothing of it.
func TestAnIndependentClientUnderstandsIt(t *testing.T) {
	t.Parallel()
	a := startOver(t, func(w *sim.World) {
		asterisksim.Populate(w, asterisksim.Company{People: 3, Queues: []string{"support"}})
	})
	lines := peer(t, a.Addr())
	answers := map[string]heard{}
	verdicts := map[string][]any{}
	for {
		h := next(t, lines)
		if h.Ready {
			break
		}
		answers[h.Action] = h
		verdicts[h.Action] = append(verdicts[h.Action], h.Response["message"])
	}
	want := map[string][]any{
		"Ping": {nil}, "CoreSettings": {nil},
		"PJSIPShowEndpoints": {"A listing of Endpoints follows, presented as EndpointList events"},
		"QueueRemove":        {"Removed interface from queue"},
		"QueueAdd":           {"Added interface to queue", "Unable to add interface: Already there"},
		"QueueStatus":        {"Queue status will follow"},
		"DBPut":              {"Updated database successfully"}, "DBGet": {"Result will follow"},
		"Command": {"Invalid/unknown command: Command. Use Action: ListCommands to show available commands."},
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got := len(answers["PJSIPShowEndpoints"].List); got != 4 {
		t.Errorf("%d events of endpoints, want 3 and the end", got)
	}
	var member map[string]any
	for _, e := range answers["QueueStatus"].List {
		if e["location"] == "Local/1001@from-queue/n" {
			member = e
		}
	}
	if member["name"] != "Ann: Agent" || member["penalty"] != "3" || member["stateinterface"] != "hint:1001@ext-local" {
		t.Errorf("member %v", member)
	}
	if p, _ := a.world.Person("1001"); p.Forward != "14155550100" || answers["DBGet"].List[0]["val"] != p.Forward {
		t.Errorf("forward %q, read as %v", p.Forward, answers["DBGet"].List)
	}

	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "support", Ring: time.Second, Talk: time.Minute})
	a.clock.Advance(time.Hour)
	seen := map[any]bool{}
	for _, e := range next(t, lines).Events {
		seen[e["event"]] = true
	}
	for _, name := range []string{"Newchannel", "QueueCallerJoin", "DialBegin", "DialEnd", "AgentConnect", "BridgeEnter"} {
		if !seen[name] {
			t.Errorf("the client missed %s", name)
		}
	}
}

func next(t *testing.T, lines *bufio.Scanner) heard {
	t.Helper()
	if !lines.Scan() {
		t.Fatalf("the client ended early: %v", lines.Err())
	}
	var h heard
	if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
		t.Fatalf("%v in %s", err, lines.Bytes())
	}
	return h
}

// peer installs the client outside of the checkout, as the lock file pins it,
// and starts it.
func peer(t *testing.T, addr string) *bufio.Scanner {
	t.Helper()
	dir := nodetest.Home(t, filepath.Join("testdata", "peer"))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "node", "talk.js", host, port, "dualtone", "s3cret") //nolint:gosec // the simulator of this test
	cmd.Dir = dir
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		if t.Failed() {
			cancel()
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("client: %v\n%s", err, complaints.String())
		}
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return lines
}
