package channel

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/internal/mail"
)

// Mail carries events to mailboxes.
type Mail struct {
	Server mail.Server
	To     []string
}

// Kind is mail.
func (*Mail) Kind() string { return "mail" }

// Compose writes the mail as its reader sees it.
func (m *Mail) Compose(e rollout.Event) (string, error) {
	return fmt.Sprintf("To: %s\nSubject: %s\n\n%s", strings.Join(m.To, ", "), headline(e), text(e)), nil
}

// Carry hands the mail to the server.
func (m *Mail) Carry(ctx context.Context, e rollout.Event) error {
	return m.Server.Send(ctx, mail.Message{Key: e.Key() + strings.Join(m.To, ","), To: m.To, Subject: headline(e), Text: text(e)})
}

// headline says it in a line.
func headline(e rollout.Event) string {
	line := e.Subject() + " " + e.What
	if e.Kind == rollout.ApprovalNeeded {
		line = e.Subject() + " needs approval"
	}
	if e.Kind == rollout.GateFailed {
		line += ": a check failed"
	}
	return line
}

// text says all of it, a line each.
func text(e rollout.Event) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, strings.ReplaceAll(value, "\n", " "))
		}
	}
	fmt.Fprintf(&b, "%s\n\n", headline(e))
	for _, f := range facts(e) {
		line(f.name, f.value)
	}
	for i, command := range e.Next {
		if i == 0 {
			b.WriteString("\nNext:\n")
		}
		fmt.Fprintf(&b, "  %s\n", command)
	}
	return b.String()
}

type fact struct{ name, value string }

// facts are what is known of an event beside its headline.
func facts(e rollout.Event) []fact {
	who := e.Actor
	if e.Role != "" {
		who = fmt.Sprintf("%s (%s)", e.Actor, e.Role)
	}
	hash := e.Hash
	const enough = 12
	if len(hash) > enough {
		hash = hash[:enough]
	}
	cost := ""
	if e.Day != nil {
		cost = e.Day.Text
	}
	all := []fact{{"Why", e.Why}, {"Costs", cost}, {"Who", who}, {"When", e.At.UTC().Format(time.RFC3339)}, {"Version", hash}}
	var known []fact
	for _, f := range all {
		if f.value != "" {
			known = append(known, f)
		}
	}
	return known
}
