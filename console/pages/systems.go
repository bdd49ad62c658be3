package pages

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
)

// System is a connected system as its page shows it.
type System struct {
	Name, Kind, Summary string
	// Role is old, new or crm; empty for a system that takes no part.
	Role string
	// Simulated marks one that is no vendor's own.
	Simulated    bool
	PerSecond    float64 // its limit; 0 for none
	Capabilities []string
	// Lacks gives the reason for each that it does not have.
	Lacks map[string]string
}

// Health is what a system answered when it was asked how it is.
type Health struct {
	Name, Version, Identity, Detail string
	// Trouble is why it does not work; empty if it does.
	Trouble string
}

// Fleet is the connected systems as pages see them.
type Fleet interface {
	Systems(ctx context.Context) ([]System, error)
	// Check signs in to every system and asks whether it works.
	Check(ctx context.Context) []Health
}

// fleet lists the systems.
func (d *Desk) fleet(r *http.Request, p page) (templ.Component, error) {
	all, err := d.Fleet.Systems(r.Context())
	if err != nil {
		return nil, err
	}
	return systemsPage(p, all), nil
}

// healths asks every system how it is; the page loads it after itself, since a
// system that is away takes its time.
func (d *Desk) healths(r *http.Request, _ page) (templ.Component, error) {
	return healthTable(d.Fleet.Check(r.Context())), nil
}
