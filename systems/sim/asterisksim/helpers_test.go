package asterisksim_test

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// asterisk is a simulated Asterisk with the clock of its world.
type asterisk struct {
	*asterisksim.Server
	world    *sim.World
	clock    *sim.ManualTime
	csv, log *text
}

// text is a buffer that two goroutines may use.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *text) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *text) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Split(strings.TrimSuffix(s.b.String(), "\n"), "\n")
}

func start(t *testing.T, change ...func(*asterisksim.Options)) *asterisk {
	t.Helper()
	return startOver(t, func(*sim.World) {}, change...)
}

// startOver prepares the world before Asterisk starts.
func startOver(t *testing.T, prepare func(*sim.World), change ...func(*asterisksim.Options)) *asterisk {
	t.Helper()
	clock := sim.NewManualTime(time.Date(2026, 11, 22, 16, 45, 24, 0, time.UTC))
	a := &asterisk{world: sim.New(clock), clock: clock, csv: &text{}, log: &text{}}
	opts := asterisksim.Options{
		Username: "dualtone", Secret: "s3cret",
		Records: asterisksim.Records{CSV: a.csv, QueueLog: a.log},
	}
	for _, f := range change {
		f(&opts)
	}
	prepare(a.world)
	var err error
	if a.Server, err = asterisksim.Start(a.world, opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// flush waits until the records are written.
func (a *asterisk) flush(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// client is a bare manager client: it writes lines and reads blocks.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, a *asterisk) *client {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t: t, conn: conn, r: bufio.NewReader(conn)}
	if banner := c.line(); banner != "Asterisk Call Manager/11.0.0" {
		t.Fatalf("banner %q", banner)
	}
	return c
}

// login is dial with a login that succeeded.
func login(t *testing.T, a *asterisk, events string) *client {
	t.Helper()
	c := dial(t, a)
	c.send("Action: Login", "Username: dualtone", "Secret: s3cret", "Events: "+events)
	if got := c.block(); got[0] != "Response: Success" {
		t.Fatalf("login: %q", got)
	}
	return c
}

// wait gives what comes next the time it may take.
func (c *client) wait() {
	c.t.Helper()
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) send(lines ...string) {
	c.t.Helper()
	c.wait()
	if _, err := c.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n")); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) line() string {
	c.t.Helper()
	c.wait()
	s, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("after %q: %v", s, err)
	}
	return strings.TrimRight(s, "\r\n")
}

// block reads up to an empty line.
func (c *client) block() []string {
	c.t.Helper()
	var lines []string
	for {
		s := c.line()
		if s == "" {
			return lines
		}
		lines = append(lines, s)
	}
}

// ask sends an action and reads its whole answer, the events of a list
// included.
func (c *client) ask(lines ...string) [][]string {
	c.t.Helper()
	c.send(lines...)
	all := [][]string{c.block()}
	if !has(all[0], "EventList: start") {
		return all
	}
	for !has(all[len(all)-1], "EventList: Complete") {
		all = append(all, c.block())
	}
	return all
}

// message asks for something with a short answer and returns its Message.
func (c *client) message(lines ...string) string {
	c.t.Helper()
	return field(c.ask(lines...)[0], "Message")
}

// event reads until an event of that name comes.
func (c *client) event(name string) []string {
	c.t.Helper()
	for {
		if b := c.block(); len(b) > 0 && b[0] == "Event: "+name {
			return b
		}
	}
}

func has(lines []string, want string) bool {
	return slices.Contains(lines, want)
}

func field(lines []string, key string) string {
	for _, s := range lines {
		if value, ok := strings.CutPrefix(s, key+": "); ok {
			return value
		}
	}
	return ""
}

// named are the events of one name within an answer.
func named(blocks [][]string, event string) [][]string {
	var found [][]string
	for _, b := range blocks {
		if len(b) > 0 && b[0] == "Event: "+event {
			found = append(found, b)
		}
	}
	return found
}

func canOriginate(o *asterisksim.Options) {
	o.Write = []string{"system", "agent", "call", "reporting", "originate"}
}
