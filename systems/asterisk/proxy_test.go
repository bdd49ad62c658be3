package asterisk_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// proxy stands between a connector and a real Asterisk and fails as it is told,
// so that the suite's faults can be tried on the real one too.
type proxy struct {
	faults   *sim.Faults
	to       string
	listener net.Listener
}

func startProxy(t *testing.T, to string, faults *sim.Faults) *proxy {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{faults: faults, to: to, listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

// pair is one connector's connection and the one that it leads to.
type pair struct {
	client, server net.Conn

	mu   sync.Mutex
	doom map[string]sim.FaultKind // by ActionID: what shall happen to the answer
	// half counts messages of an answer that is to be cut short.
	half map[string]int
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = client.Close()
		return
	}
	c := &pair{client: client, server: server, doom: map[string]sim.FaultKind{}, half: map[string]int{}}
	go c.answers()
	in := bufio.NewReader(client)
	for {
		text, err := block(in)
		if err != nil {
			c.close()
			return
		}
		c.request(p.faults, text)
	}
}

func (c *pair) close() {
	_ = c.client.Close()
	_ = c.server.Close()
}

func (c *pair) request(faults *sim.Faults, text string) {
	id := value(text, "ActionID")
	fault, struck := faults.Next(value(text, "Action"), text)
	if !struck {
		_, _ = c.server.Write([]byte(text))
		return
	}
	switch fault.Kind {
	case sim.Refused:
		c.close()
	case sim.Expired:
		c.refuse(id, "Authentication Required")
	case sim.Failed:
		c.refuse(id, "Internal error")
	case sim.Slow:
		time.AfterFunc(fault.Delay, func() { _, _ = c.server.Write([]byte(text)) })
	default:
		c.mu.Lock()
		c.doom[id] = fault.Kind
		c.mu.Unlock()
		_, _ = c.server.Write([]byte(text))
	}
}

func (c *pair) refuse(id, message string) {
	_, _ = fmt.Fprintf(c.client, "Response: Error\r\nActionID: %s\r\nMessage: %s\r\n\r\n", id, message)
}

// answers carries what Asterisk says, less what is doomed.
func (c *pair) answers() {
	defer c.close()
	in := bufio.NewReader(c.server)
	banner, err := in.ReadString('\n')
	if err != nil {
		return
	}
	_, _ = c.client.Write([]byte(banner))
	for {
		text, err := block(in)
		if err != nil {
			return
		}
		c.mu.Lock()
		id := value(text, "ActionID")
		kind := c.doom[id]
		c.half[id]++
		first := c.half[id] == 1 && value(text, "EventList") == "start"
		c.mu.Unlock()
		switch {
		case kind == sim.AnswerLost:
			return
		case kind == sim.CutShort && !first:
			// Of a list comes its beginning, of a single answer its first half.
			_, _ = c.client.Write([]byte(text[:len(text)/2]))
			return
		default:
			_, _ = c.client.Write([]byte(text))
		}
	}
}

func block(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		b.WriteString(line)
		if strings.TrimSpace(line) == "" {
			return b.String(), nil
		}
	}
}

func value(text, key string) string {
	for line := range strings.SplitSeq(text, "\r\n") {
		if v, ok := strings.CutPrefix(line, key+": "); ok {
			return v
		}
	}
	return ""
}
