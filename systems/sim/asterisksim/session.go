package asterisksim

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// maxBacklog is how many events may wait for a client that does not read.
const maxBacklog = 100_000

// event is something that Asterisk tells without being asked.
type event struct {
	class string // such as call or agent
	name  string
	at    time.Time
	lines block
}

// session is one manager connection. One goroutine reads messages; another
// answers them in order and sends events only between answers.
type session struct {
	server    *Server
	conn      net.Conn
	challenge string
	in        bool // logged in

	mu     sync.Mutex
	mask   map[string]bool // classes of events wanted; nil for none
	events []event
	wake   chan struct{}
	gone   chan struct{}
	once   sync.Once
}

func newSession(s *Server, conn net.Conn) *session {
	return &session{server: s, conn: conn, wake: make(chan struct{}, 1), gone: make(chan struct{})}
}

func (c *session) close() {
	c.once.Do(func() {
		close(c.gone)
		_ = c.conn.Close()
	})
}

// parsed is what the reader hands to the answering side.
type parsed struct {
	message message
	err     error
}

func (c *session) serve() {
	defer c.close()
	if fault, struck := c.server.world.Faults.NextNamed("Connect"); struck {
		if fault.Kind != sim.Slow || !c.wait(fault.Delay) {
			return
		}
	}
	if _, err := c.conn.Write([]byte("Asterisk Call Manager/11.0.0\r\n")); err != nil {
		return
	}
	messages := make(chan parsed)
	go c.read(messages)
	for {
		select {
		case <-c.gone:
			return
		case p := <-messages:
			if !c.take(p) {
				return
			}
		case <-c.wake:
		}
		if !c.sendEvents() {
			return
		}
	}
}

// read passes on one message after the other until the client is gone.
func (c *session) read(messages chan<- parsed) {
	r := bufio.NewReaderSize(c.conn, 4096)
	for {
		m, err := readMessage(r)
		select {
		case messages <- parsed{m, err}:
		case <-c.gone:
			return
		}
		if err != nil && !errors.Is(err, errLineTooLong) && !errors.Is(err, errTooManyLines) {
			return
		}
	}
}

// take answers one message; false ends the session.
func (c *session) take(p parsed) bool {
	out := &answer{id: p.message.get("ActionID")}
	switch {
	case errors.Is(p.err, errLineTooLong) || errors.Is(p.err, errTooManyLines):
		out.fail(p.err.Error())
		return c.write(out.buf.Bytes())
	case p.err != nil:
		return false
	case p.message.name() == "":
		out.fail("Missing action in request")
		return c.write(out.buf.Bytes())
	}
	fault, struck := c.server.world.Faults.NextOf(p.message.name(), p.message.text)
	if !struck {
		c.act(p.message, out)
		return c.write(out.buf.Bytes()) && !out.bye
	}
	return c.suffer(fault, p.message, out)
}

// suffer answers a message under a fault. AMI has no word for "come back later"
// or "your session is over": it closes the connection.
func (c *session) suffer(fault sim.Fault, m message, out *answer) bool {
	switch fault.Kind {
	case sim.Slow:
		if !c.wait(fault.Delay) {
			return false
		}
		c.act(m, out)
		return c.write(out.buf.Bytes()) && !out.bye
	case sim.Failed:
		out.fail("Asterisk is shutting down")
		return c.write(out.buf.Bytes())
	case sim.CutShort:
		c.act(m, out)
		c.write(out.buf.Bytes()[:out.buf.Len()/2])
		return false
	case sim.AnswerLost:
		c.act(m, out)
		return false
	default: // refused, throttled, expired
		return false
	}
}

// wait lets time pass; false if the session ended meanwhile.
func (c *session) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.gone:
		return false
	}
}

func (c *session) write(b []byte) bool {
	_, err := c.conn.Write(b)
	return err == nil
}

// act does what the message asks for, if the client may.
func (c *session) act(m message, out *answer) {
	name := strings.ToLower(m.name())
	if !c.in && name != "login" && name != "logoff" && name != "challenge" {
		out.fail("Permission denied")
		return
	}
	a, known := c.server.actions[name]
	switch {
	case !known:
		out.fail("Invalid/unknown command: " + m.name() + ". Use Action: ListCommands to show available commands.")
	case !a.allowed(c.server.opts.Write):
		out.fail("Permission denied")
	default:
		a.run(c, m, out)
	}
}

// offer queues an event if the client wants to see it.
func (c *session) offer(e event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.mask[e.class] {
		return
	}
	if len(c.events) >= maxBacklog {
		go c.close()
		return
	}
	c.events = append(c.events, e)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *session) sendEvents() bool {
	c.mu.Lock()
	events := c.events
	c.events = nil
	c.mu.Unlock()
	var buf bytes.Buffer
	for _, e := range events {
		append(block{
			line("Event", e.name),
			line("Privilege", e.class+",all"),
			line("Timestamp", timestamp(e.at)),
		}, e.lines...).writeTo(&buf)
	}
	return buf.Len() == 0 || c.write(buf.Bytes())
}

// timestamp is a moment in seconds with six decimals.
func timestamp(t time.Time) string {
	micro := strconv.Itoa(t.Nanosecond()/1000 + 1_000_000)
	return strconv.FormatInt(t.Unix(), 10) + "." + micro[1:]
}
