package config

import (
	"fmt"
	"net"
	"path"

	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/internal/placed"
)

// Notify says who hears of what happens to plans, and by which way.
type Notify struct {
	// Mail is where all mail is handed in.
	Mail     Mail                      `mapstructure:"mail"`
	Channels map[string]*NotifyChannel `mapstructure:"channels"`
}

// Mail is the company's mail server.
type Mail struct {
	// Server is host:port.
	Server string `mapstructure:"server"`
	// Encryption is starttls, tls or none.
	Encryption string `mapstructure:"encryption"`
	// CA is a file with the certificates of which the server's must be one.
	CA       string `mapstructure:"ca"`
	User     string `mapstructure:"user"`
	Password Secret `mapstructure:"password"`
	// From is the sender.
	From string `mapstructure:"from"`
}

// NotifyChannel is a way to some people, and what they hear of.
type NotifyChannel struct {
	// Kind is mail, slack, teams or webhook.
	Kind string `mapstructure:"kind"`
	// To are mailboxes.
	To []string `mapstructure:"to"`
	// URL is where a chat or a program takes messages: a secret, since whoever
	// knows it may post there.
	URL Secret `mapstructure:"url"`
	// Secret signs what a webhook gets.
	Secret Secret `mapstructure:"secret"`
	// Events, Plans and Urgent choose; what is left out chooses all.
	Events []string `mapstructure:"events"`
	Plans  []string `mapstructure:"plans"`
	Urgent bool     `mapstructure:"urgent"`
}

func (l *loader) checkNotify() {
	n := &l.config.Notify
	l.oneOf("notify.mail.encryption", n.Mail.Encryption, "starttls", "tls", "none")
	if n.Mail.Server != "" {
		if _, port, err := net.SplitHostPort(n.Mail.Server); err != nil || port == "" {
			l.at("notify.mail.server", fmt.Sprintf("%q is not host:port", n.Mail.Server), "write it as mail.example.test:587")
		}
		if n.Mail.From == "" {
			l.at("notify.mail.from", "not set", "name the sender, as in dualtone <dualtone@example.test>")
		}
	}
	for name, c := range sorted(n.Channels) {
		l.checkChannel(placed.Join("notify.channels", name), c)
	}
}

func (l *loader) checkChannel(key string, c *NotifyChannel) {
	switch l.oneOf(key+".kind", c.Kind, "mail", "slack", "teams", "webhook"); c.Kind {
	case "mail":
		if len(c.To) == 0 {
			l.at(key+".to", "goes to nobody", "name mailboxes, as in [ops@example.test]")
		}
		if l.config.Notify.Mail.Server == "" {
			l.at(key+".kind", "there is no mail server", "set notify.mail.server")
		}
	case "slack", "teams", "webhook":
		if c.URL == "" && l.origin[key+".url"] == (place{}) {
			l.at(key+".url", "not set", "give env:NAME or file:/path of the address to post to")
		}
	}
	var kinds []string
	for _, k := range rollout.EventKinds() {
		kinds = append(kinds, string(k))
	}
	for i, event := range c.Events {
		l.oneOf(fmt.Sprintf("%s.events[%d]", key, i), event, kinds...)
	}
	for i, pattern := range c.Plans {
		if _, err := path.Match(pattern, ""); err != nil {
			l.at(fmt.Sprintf("%s.plans[%d]", key, i), fmt.Sprintf("%q is no pattern", pattern), "write a plan's name, in which * stands for anything")
		}
	}
}
