package asterisksim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
)

// company is an Asterisk with people 1001 to 1004 in the queues support and
// sales, and a client that is logged in.
func company(t *testing.T, change ...func(*asterisksim.Options)) (*asterisk, *client) {
	t.Helper()
	a := startOver(t, func(w *sim.World) {
		asterisksim.Populate(w, asterisksim.Company{People: 4, Queues: []string{"support", "sales"}})
	}, change...)
	return a, login(t, a, "off")
}

// members lists the members that QueueStatus shows for a filter.
func (c *client) members(filter ...string) [][]string {
	c.t.Helper()
	return named(c.ask(append([]string{"Action: QueueStatus"}, filter...)...), "QueueMember")
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMemberGoesAndComesBackAsBefore(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	device := "Interface: Local/1001@from-queue/n"
	before, _ := a.world.Queue("support")
	if got := c.message("Action: QueueRemove", "Queue: SUPPORT", device); got != "Removed interface from queue" {
		t.Errorf("remove: %q", got)
	}
	got := c.message("Action: QueueAdd", "Queue: support", device, "Penalty: 0", "Paused: no",
		"MemberName: Agent 1001", "StateInterface: hint:1001@ext-local")
	if got != "Added interface to queue" {
		t.Errorf("add: %q", got)
	}
	after, _ := a.world.Queue("support")
	byDevice := func(q sim.Queue) map[string]sim.Member {
		m := map[string]sim.Member{}
		for _, member := range q.Members {
			m[member.Device] = member
		}
		return m
	}
	if diff := cmp.Diff(byDevice(before), byDevice(after)); diff != "" {
		t.Errorf("members before (-), after (+):\n%s", diff)
	}
}

func TestQueueActionsRefuseWhatTheRealOneRefuses(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	must(t, a.world.ChangeMembers("sales", func(m []sim.Member) ([]sim.Member, error) {
		m[0].Fixed = true
		return m, nil
	}))
	for _, try := range []struct{ action, want string }{
		{"QueueAdd|Interface: x", "'Queue' not specified."},
		{"QueueAdd|Queue: support", "'Interface' not specified."},
		{"QueueRemove|Queue: support", "Need 'Queue' and 'Interface' parameters."},
		{"QueueRemove|Queue: nosuch|Interface: x", "Unable to remove interface from queue: No such queue"},
		{"QueueRemove|Queue: sales|Interface: Local/1002@from-queue/n", "Member not dynamic"},
		{"QueuePause|Interface: x", "Need 'Interface' and 'Paused' parameters."},
		{"QueuePause|Interface: x|Paused: yes", "Interface not found"},
		{"QueuePenalty|Interface: x|Penalty: 1", "Invalid interface, queuename or penalty"},
		{"Hangup|ActionID: 1", "No channel specified"},
		{"Status|Channel: nosuch", "No such channel"},
		{"DBGet|Key: x", "No family specified."},
		{"DBPut|Family: x", "No key specified"},
		{"DBDelTree|Family: x", "Database entry not found"},
		{"GetConfig|ActionID: 1", "Filename not specified"},
		{"GetConfig|Filename: sip.conf", "Config file not found"},
		{"PJSIPShowEndpoint|Endpoint: 9999", "Unable to retrieve endpoint 9999"},
		{"ExtensionState|Context: ext-local", "Extension not specified"},
	} {
		got := c.ask(strings.Split("Action: "+try.action, "|")...)[0]
		if got[0] != "Response: Error" || field(got, "Message") != try.want {
			t.Errorf("%s: %q, want %q", try.action, got, try.want)
		}
		if strings.HasPrefix(try.action, "PJSIP") {
			c.line() // The real one ends these words with a newline of their own.
		}
	}
}

func TestPauseAndPenaltyReachOneQueueOrAll(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	p, _ := a.world.Person("1001")
	must(t, a.world.ChangeMembers("sales", func(m []sim.Member) ([]sim.Member, error) {
		return append(m, asterisksim.FreePBXMember(p)), nil
	}))
	device := "Interface: Local/1001@from-queue/n"
	c.ask("Action: QueuePause", device, "Paused: true", "Reason: cutover")
	c.ask("Action: QueuePenalty", device, "Queue: sales", "Penalty: 7")
	var got []string
	for _, m := range c.members("Member: Agent 1001") {
		got = append(got, field(m, "Queue")+" "+field(m, "Paused")+" "+field(m, "PausedReason")+" "+field(m, "Penalty"))
	}
	if diff := cmp.Diff([]string{"sales 1 cutover 7", "support 1 cutover 0"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if got := c.message("Action: QueuePause", device, "Paused: false", "Queue: sales"); got != "Interface unpaused successfully" {
		t.Errorf("unpause: %q", got)
	}
	if got := len(c.members("Queue: nosuch")); got != 0 {
		t.Errorf("%d members of a queue that is not there", got)
	}
	a.flush(t)
	if got := strings.Join(a.log.lines(), "\n"); !strings.Contains(got, "|NONE|sales|Agent 1001|PAUSE|cutover\n") {
		t.Errorf("queue_log:\n%s", got)
	}
}

func TestTheForwardIsTheCFFamily(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	c.ask("Action: DBPut", "Family: CF", "Key: 1001", "Val: 14155550100")
	c.ask("Action: DBPut", "Family: CF", "Key: 7777", "Val: 1")
	c.ask("Action: DBPut", "Family: AMPUSER/1001", "Key: cidname", "Val: Ann")
	if p, _ := a.world.Person("1001"); p.Forward != "14155550100" {
		t.Errorf("forward %q", p.Forward)
	}
	tree := func(lines ...string) []string {
		var found []string
		for _, e := range named(c.ask(append([]string{"Action: DBGetTree"}, lines...)...), "DBGetTreeResponse") {
			found = append(found, field(e, "Key")+"="+field(e, "Val"))
		}
		return found
	}
	if diff := cmp.Diff([]string{"/CF/1001=14155550100", "/CF/7777=1"}, tree("Family: CF")); diff != "" {
		t.Errorf("family CF (-want +got):\n%s", diff)
	}
	if got := len(tree()); got != 3 {
		t.Errorf("%d entries in all", got)
	}
	if got := c.message("Action: DBDelTree", "Family: CF"); got != "Key tree deleted successfully" {
		t.Errorf("deltree: %q", got)
	}
	if p, _ := a.world.Person("1001"); p.Forward != "" || len(tree("Family: CF")) != 0 || len(tree("Family: AMPUSER", "Key: 1001")) != 1 {
		t.Errorf("after deltree: forward %q, %q", p.Forward, tree())
	}
}

func TestAQueueCallShowsItsChannels(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "support"})
	show := func() []string {
		var got []string
		for _, ch := range named(c.ask("Action: CoreShowChannels"), "CoreShowChannel") {
			bridged := ""
			if field(ch, "BridgeId") != "" {
				bridged = " bridged"
			}
			got = append(got, field(ch, "Channel")+" "+field(ch, "ChannelStateDesc")+bridged)
			if field(ch, "Linkedid") != "1795365924.0" {
				t.Errorf("linkedid %q", field(ch, "Linkedid"))
			}
		}
		return got
	}
	want := []string{
		"PJSIP/trunk-00000000 Up", "Local/1001@from-queue-00000000;1 Ringing",
		"Local/1001@from-queue-00000000;2 Ring", "PJSIP/1001-00000001 Ringing",
	}
	if diff := cmp.Diff(want, show()); diff != "" {
		t.Errorf("ringing (-want +got):\n%s", diff)
	}
	must(t, a.world.Pickup("c"))
	a.clock.Advance(3725 * time.Second)
	want = []string{
		"PJSIP/trunk-00000000 Up bridged", "Local/1001@from-queue-00000000;1 Up bridged",
		"Local/1001@from-queue-00000000;2 Up bridged", "PJSIP/1001-00000001 Up bridged",
	}
	if diff := cmp.Diff(want, show()); diff != "" {
		t.Errorf("talking (-want +got):\n%s", diff)
	}
	all := named(c.ask("Action: CoreShowChannels"), "CoreShowChannel")
	if got := field(all[3], "Duration"); got != "01:02:05" {
		t.Errorf("duration %q", got)
	}
	status := named(c.ask("Action: Status", "Channel: PJSIP/1001-00000001"), "Status")
	if len(status) != 1 || field(status[0], "Seconds") != "3725" {
		t.Errorf("status %q", status)
	}
	if got := c.message("Action: Hangup", "Channel: PJSIP/1001-00000001"); got != "Channel Hungup" {
		t.Errorf("hangup: %q", got)
	}
	if got := show(); len(got) != 0 {
		t.Errorf("after the hangup: %q", got)
	}
}

func TestThePhoneShowsRingTalkHoldAndOff(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	look := func() string {
		status := field(c.members("Member: Agent 1001")[0], "Status")
		exten := field(c.ask("Action: ExtensionState", "Exten: 1001", "Context: ext-local")[0], "StatusText")
		endpoint := named(c.ask("Action: PJSIPShowEndpoint", "Endpoint: 1001"), "EndpointDetail")[0]
		return strings.Join([]string{status, exten, field(endpoint, "DeviceState"), field(endpoint, "ActiveChannels")}, ",")
	}
	got := []string{look()}
	a.world.Arrive(sim.Incoming{ID: "c", To: "1001"})
	for _, step := range []func() error{
		func() error { return nil },
		func() error { return a.world.Pickup("c") },
		func() error { return a.world.Hold("c") },
		func() error { return a.world.Resume("c") },
		func() error { return a.world.ChangePerson("1001", func(p *sim.Person) { p.SignedIn = false }) },
	} {
		must(t, step())
		got = append(got, look())
	}
	want := []string{
		"1,Idle,Not in use,0", "6,Ringing,Ringing,1", "2,InUse,In use,1", "8,Hold,On Hold,1",
		"2,InUse,In use,1", "5,Unavailable,Unavailable,0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("phone (-want +got):\n%s", diff)
	}
}

func TestWrapUpShowsInLastCallAndWrapuptime(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	a.world.Arrive(sim.Incoming{ID: "c", To: "support", Ring: time.Second, Talk: 10 * time.Second, Wrap: 30 * time.Second})
	a.clock.Advance(5 * time.Second)
	if m := c.members("Member: Agent 1001")[0]; field(m, "InCall") != "1" || field(m, "Wrapuptime") != "0" {
		t.Errorf("in the call: %q", m)
	}
	a.clock.Advance(10 * time.Second)
	m := c.members("Member: Agent 1001")[0]
	got := []string{field(m, "LastCall"), field(m, "Wrapuptime"), field(m, "CallsTaken"), field(m, "InCall"), field(m, "Status")}
	if diff := cmp.Diff([]string{"1795365935", "30", "1", "0", "1"}, got); diff != "" {
		t.Errorf("in wrap-up (-want +got):\n%s", diff)
	}
	if n := len(named(c.ask("Action: CoreShowChannels"), "CoreShowChannel")); n != 0 {
		t.Errorf("%d channels in wrap-up", n)
	}
	a.clock.Advance(30 * time.Second)
	if m := c.members("Member: Agent 1001")[0]; field(m, "Wrapuptime") != "0" || field(m, "LastCall") != "1795365935" {
		t.Errorf("after wrap-up: %q", m)
	}
}

func TestTheInventoryListsPhonesAndTrunks(t *testing.T) {
	t.Parallel()
	a, c := company(t, func(o *asterisksim.Options) { o.Trunks = []string{"carrier"} })
	must(t, a.world.ChangePerson("1002", func(p *sim.Person) { p.SignedIn = false }))
	var got []string
	for _, e := range named(c.ask("Action: PJSIPShowEndpoints"), "EndpointList") {
		got = append(got, field(e, "ObjectName")+" "+field(e, "DeviceState"))
	}
	want := []string{"1001 Not in use", "1002 Unavailable", "1003 Not in use", "1004 Not in use", "carrier Not in use"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	aors, contacts := c.ask("Action: PJSIPShowAors"), c.ask("Action: PJSIPShowContacts")
	if len(named(aors, "AorList")) != 5 || len(named(contacts, "ContactList")) != 4 {
		t.Errorf("%d AORs, %d contacts", len(aors)-2, len(contacts)-2)
	}
	detail := c.ask("Action: PJSIPShowEndpoint", "Endpoint: 1001")
	if got := field(detail[1], "Callerid"); got != `"Agent 1001" <1001>` || len(detail) != 5 {
		t.Errorf("caller id %q in %d blocks", got, len(detail))
	}
	if got := len(c.ask("Action: PJSIPShowEndpoint", "Endpoint: carrier")); got != 5 {
		t.Errorf("the trunk has %d blocks", got)
	}
	config := strings.Join(c.ask("Action: GetConfig", "Filename: queues.conf", "Category: sales")[0], "\n")
	if !strings.Contains(config, "Category-000000: sales\nLine-000000-000000: strategy=rrmemory") {
		t.Errorf("queues.conf:\n%s", config)
	}
}

func TestQueueFiguresCountCallers(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	for _, id := range []string{"1", "2", "3"} {
		a.world.Arrive(sim.Incoming{ID: id, From: "1212555011" + id, To: "support", Patience: time.Minute})
	}
	must(t, a.world.Pickup("1"))
	a.clock.Advance(10 * time.Second)
	all := c.ask("Action: QueueStatus", "Queue: support")
	entries := named(all, "QueueEntry") // The second rings and is in the line until somebody answers.
	if len(entries) != 2 || field(entries[0], "CallerIDNum") != "12125550112" || field(entries[1], "Wait") != "10" {
		t.Errorf("callers: %q", entries)
	}
	summary := named(c.ask("Action: QueueSummary", "Queue: support"), "QueueSummary")[0]
	got := []string{field(summary, "LoggedIn"), field(summary, "Available"), field(summary, "Callers"), field(summary, "LongestHoldTime")}
	if diff := cmp.Diff([]string{"2", "0", "2", "10"}, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	a.clock.Advance(time.Minute)
	params := named(c.ask("Action: QueueStatus", "Queue: support"), "QueueParams")[0]
	if field(params, "Calls") != "0" || field(params, "Abandoned") != "2" {
		t.Errorf("params: %q", params)
	}
}

func TestALampIsSetAndRead(t *testing.T) {
	t.Parallel()
	_, c := company(t)
	lamp := "Variable: DEVICE_STATE(Custom:DEVCF1001)"
	read := func(variable string) string { return field(c.ask("Action: Getvar", variable)[0], "Value") }
	got := []string{
		read(lamp), c.message("Action: Setvar", lamp, "Value: BUSY"), read(lamp),
		read("Variable: DEVICE_STATE(PJSIP/1001)"), c.message("Action: Setvar", "Variable: GREETING", "Value: hello"),
		read("Variable: GREETING"), c.message("Action: Setvar", "Variable: DEVICE_STATE(PJSIP/1001)", "Value: BUSY"),
	}
	want := []string{"UNKNOWN", "Variable Set", "BUSY", "NOT_INUSE", "Variable Set", "hello", "Variable not set"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}
