package main

import (
	"context"
	"net/http"
	"net/url"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

// mover shows and starts the switch of one person, from here or through a server.
type mover interface {
	Person(ctx context.Context, id dualtone.PersonID) (cutover.PersonState, error)
	Journal(ctx context.Context, q cutover.JournalQuery) ([]cutover.Entry, error)
	Preview(ctx context.Context, person dualtone.PersonID, to dualtone.Side) (cutover.Switch, error)
	// Move starts a switch, which does what was chosen with what somebody else changed.
	Move(ctx context.Context, person dualtone.PersonID, to dualtone.Side, chosen cutover.Choice) (moving, error)
}

// moving is a switch that was started.
type moving interface {
	Progress(ctx context.Context) (workflows.Progress, error)
	Wait(ctx context.Context) (workflows.Progress, error)
}

// withMover runs a command that switches one person, here or through a server.
func (a *app) withMover(ctx context.Context, reason string, do func(mover) error) error {
	return a.thereOrHere(func(_ *config.Config, s server) error { return do(moverThere{s.Client, reason}) }, func() error {
		return a.withDesk(ctx, reason, func(d *desk) error { return do(moverHere{d}) })
	})
}

// moverHere switches at Temporal itself.
type moverHere struct{ *desk }

func (m moverHere) Person(ctx context.Context, id dualtone.PersonID) (cutover.PersonState, error) {
	return m.stores.people.Person(ctx, id)
}

func (m moverHere) Journal(ctx context.Context, q cutover.JournalQuery) ([]cutover.Entry, error) {
	return m.stores.switches.Journal(ctx, q)
}

func (m moverHere) Preview(ctx context.Context, person dualtone.PersonID, to dualtone.Side) (cutover.Switch, error) {
	return m.control.Preview(ctx, person, to, m.why)
}

func (m moverHere) Move(ctx context.Context, person dualtone.PersonID, to dualtone.Side, chosen cutover.Choice) (moving, error) {
	return m.control.SwitchUserAs(ctx, person, to, chosen, m.why)
}

// moverThere has a server switch.
type moverThere struct {
	*client.Client

	reason string
}

func (m moverThere) Preview(ctx context.Context, person dualtone.PersonID, to dualtone.Side) (s cutover.Switch, err error) {
	return s, m.Get(ctx, client.Path("users", string(person), "preview"), url.Values{"to": {string(to)}}, &s)
}

func (m moverThere) Move(ctx context.Context, person dualtone.PersonID, to dualtone.Side, chosen cutover.Choice) (moving, error) {
	path := client.Path("users", string(person), "switch")
	order := api.UserSwitch{Why: api.Why{Reason: m.reason}, To: to, Over: chosen.Over, Keep: chosen.Keep}
	return movingThere{m.Client, path}, m.Send(ctx, http.MethodPost, path, order, nil)
}

// movingThere is a switch that a server has started.
type movingThere struct {
	client *client.Client
	path   string
}

// Progress asks how it stands.
func (m movingThere) Progress(ctx context.Context) (p workflows.Progress, err error) {
	return p, m.client.Get(ctx, m.path, nil, &p)
}

// Wait asks until it has ended.
func (m movingThere) Wait(ctx context.Context) (p workflows.Progress, err error) {
	for err == nil && !p.State.Final() {
		err = m.client.Get(ctx, m.path, url.Values{"wait": {"20"}}, &p)
	}
	return p, err
}
