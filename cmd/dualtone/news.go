package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/internal/mail"
	"github.com/dualtone/dualtone/notify"
	"github.com/dualtone/dualtone/notify/channel"
)

// channels are the ways to people that the settings name, by name.
func channels(cfg *config.Config) ([]notify.Channel, error) {
	var all []notify.Channel
	for name, c := range cfg.Notify.Channels {
		carrier, err := carrierOf(cfg, name, c)
		if err != nil {
			return nil, err
		}
		all = append(all, notify.Channel{Name: name, Filter: filterOf(c), Carrier: carrier})
	}
	slices.SortFunc(all, func(a, b notify.Channel) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func carrierOf(cfg *config.Config, name string, c *config.NotifyChannel) (notify.Carrier, error) {
	if c.Kind == "mail" {
		server, err := mailServer(cfg)
		return &channel.Mail{Server: server, To: c.To}, err
	}
	secrets := config.MachineSecrets()
	address, err := c.URL.Resolve(secrets)
	if err != nil {
		return nil, fmt.Errorf("notify.channels.%s.url: %w: %w", name, err, dualtone.ErrInvalid)
	}
	switch c.Kind {
	case "slack":
		return channel.Slack(name, address, http.DefaultTransport)
	case "teams":
		return channel.Teams(name, address, http.DefaultTransport)
	default:
		secret, err := c.Secret.Resolve(secrets)
		if err != nil {
			return nil, fmt.Errorf("notify.channels.%s.secret: %w: %w", name, err, dualtone.ErrInvalid)
		}
		return channel.Webhook(name, address, secret, http.DefaultTransport)
	}
}

// mailServer is the mail server of the settings.
func mailServer(cfg *config.Config) (mail.Server, error) {
	m := cfg.Notify.Mail
	password, err := m.Password.Resolve(config.MachineSecrets())
	if err != nil {
		return mail.Server{}, fmt.Errorf("notify.mail.password: %w: %w", err, dualtone.ErrInvalid)
	}
	s := mail.Server{Address: m.Server, Encryption: mail.Encryption(m.Encryption), User: m.User, Password: password, From: m.From}
	if m.CA != "" {
		if s.CA, err = os.ReadFile(m.CA); err != nil {
			return s, fmt.Errorf("notify.mail.ca: %w: %w", err, dualtone.ErrInvalid)
		}
	}
	return s, s.Check()
}

// newsDesk takes in what people want to hear of. It needs no secret, so that
// whoever gives an order need not have those of the channels.
func newsDesk(cfg *config.Config, store notify.Store, costs notify.Costs) *notify.Desk {
	d := &notify.Desk{Filters: map[string]notify.Filter{}, Store: store, Now: func() time.Time { return time.Now().UTC() }, Costs: costs}
	for name, c := range cfg.Notify.Channels {
		d.Filters[name] = filterOf(c)
	}
	return d
}

func filterOf(c *config.NotifyChannel) notify.Filter {
	f := notify.Filter{Plans: c.Plans, Urgent: c.Urgent}
	for _, kind := range c.Events {
		f.Kinds = append(f.Kinds, rollout.EventKind(kind))
	}
	return f
}

// carryMeanwhile carries news until it is stopped.
func carryMeanwhile(ctx context.Context, cfg *config.Config, s *stores, log *slog.Logger) (stop func(), err error) {
	all, err := channels(cfg)
	if err != nil || len(all) == 0 {
		return func() {}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	courier := &notify.Courier{Channels: all, Store: s.notices, Log: log, Now: func() time.Time { return time.Now().UTC() }}
	go func() {
		defer close(done)
		courier.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}, nil
}
