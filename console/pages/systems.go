package pages

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
)

// System is a connected system as its page shows it.
type System struct {
	Name, Kind, Summary string
	// Role is old, new or crm; empty for a system that takes no part.
	Role string
	// Simulated marks one that is no vendor's own.
	Simulated bool
	PerSecond float64 // its limit; 0 for none
	// Day is how many requests plans made of it within a day, Hour how many of them
	// in the busiest hour, and Wait how long one would wait for its turn now.
	Day, Hour    int
	Wait         time.Duration
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
	// OnCalls counts who of some users of the new system is on a call now.
	OnCalls(ctx context.Context, users []dualtone.UserID) (int, error)
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

// limit says how often a system may be asked.
func (s System) limit() string {
	if s.PerSecond == 0 {
		return "none is set"
	}
	return strconv.FormatFloat(s.PerSecond, 'g', -1, 64) + " requests a second, over all processes"
}

// used says how much of the limit plans took.
func (s System) used() string {
	text := fmt.Sprintf("%s requests of plans within a day, %s of them in the busiest hour", counted(s.Day), counted(s.Hour))
	if s.PerSecond > 0 {
		text += fmt.Sprintf(": %.1f %% of what the limit allows", 100*float64(s.Hour)/(s.PerSecond*time.Hour.Seconds()))
	}
	return text
}
