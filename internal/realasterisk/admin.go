package realasterisk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Admin is a second administrator at the PBX: one connection, one action at a
// time, no parsing beyond the lines. It shares nothing with the connector.
type Admin struct {
	conn  net.Conn
	lines *bufio.Scanner
	count int
}

// Message is one answer or event.
type Message map[string]string

// Admin signs another administrator in.
func (p *PBX) Admin(ctx context.Context) (*Admin, error) {
	a, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := a.Do("Login", "Username", Username, "Secret", Secret, "Events", "off"); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (p *PBX) dial(ctx context.Context) (*Admin, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(p.Host, strconv.Itoa(p.Port)))
	if err != nil {
		return nil, err
	}
	return &Admin{conn: conn, lines: bufio.NewScanner(conn)}, nil
}

// Close ends the connection.
func (a *Admin) Close() error { return a.conn.Close() }

// Do asks for one action, given as keys and values in turn, and returns its
// answer and the events that belong to it.
func (a *Admin) Do(action string, pairs ...string) ([]Message, error) {
	a.count++
	id := strconv.Itoa(a.count)
	var text strings.Builder
	text.WriteString("Action: " + action + "\r\nActionID: " + id + "\r\n")
	for i := 0; i+1 < len(pairs); i += 2 {
		text.WriteString(pairs[i] + ": " + pairs[i+1] + "\r\n")
	}
	if err := a.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := a.conn.Write([]byte(text.String() + "\r\n")); err != nil {
		return nil, err
	}
	return a.answer(action, id)
}

func (a *Admin) answer(action, id string) ([]Message, error) {
	var all []Message
	for {
		m, err := a.next()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", action, err)
		}
		if m["ActionID"] != id {
			continue
		}
		if m["Response"] == "Error" {
			return nil, fmt.Errorf("%s: %s", action, m["Message"])
		}
		all = append(all, m)
		if m["EventList"] == "Complete" || m["Response"] != "" && m["EventList"] == "" {
			return all, nil
		}
	}
}

func (a *Admin) next() (Message, error) {
	m := Message{}
	for a.lines.Scan() {
		line := strings.TrimRight(a.lines.Text(), "\r")
		if line == "" && len(m) > 0 {
			return m, nil
		}
		if k, v, ok := strings.Cut(line, ":"); ok {
			m[k] = strings.TrimSpace(v)
		}
	}
	return nil, errors.Join(errors.New("the connection ended"), a.lines.Err())
}
