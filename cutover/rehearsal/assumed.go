package rehearsal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Assumed is the model where nothing was measured yet: steps as slow as a
// throttled cloud makes them, six calls an hour in office hours. A report names
// it among its grounds.
func Assumed(zone string) *Model {
	seconds := func(shortest, longest float64) Spread {
		return Spread{time.Duration(shortest * float64(time.Second)), time.Duration(longest * float64(time.Second))}
	}
	m := &Model{
		Steps: Steps{
			Capture: seconds(1, 10), Ready: seconds(2, 15), Move: seconds(1, 10), Verify: seconds(1, 10),
			TakeBack: seconds(3, 30), Split: seconds(0.05, 1),
		},
		Traffic: officeHours(zone),
		Failed:  assumedFailed,
		Grounds: []string{
			"steps: assumed, no switch was measured",
			fmt.Sprintf("failures: assumed, %g in a hundred", assumedFailed*100),
			fmt.Sprintf("calls: assumed, %d an hour for each user on weekdays from 08:00 to 18:00", assumedCalls),
		},
	}
	return m
}

const (
	assumedFailed = 0.02
	assumedCalls  = 6
)

func officeHours(zone string) Traffic {
	t := Traffic{Zone: zone, Hourly: make([]float64, HalfHours), Busy: Spread{30 * time.Second, 15 * time.Minute}}
	for day := range 5 {
		for half := 16; half < 36; half++ {
			t.Hourly[day*48+half] = assumedCalls
		}
	}
	return t
}

// enough is how many measured switches outweigh the assumptions.
const enough = 20

// Learn takes what was measured in the place of what was assumed, as far as it
// is enough to go by.
func (m *Model) Learn(seen Measured) {
	if seen.Switches >= enough {
		back := m.Steps.TakeBack
		if seen.Back > 0 {
			back = seen.Steps.TakeBack
		}
		m.Steps = seen.Steps
		m.Steps.TakeBack = back
		m.Grounds[0] = fmt.Sprintf("steps: measured on %d switches, %d ways back", seen.Switches, seen.Back)
	} else if seen.Switches > 0 {
		m.Grounds[0] = fmt.Sprintf("steps: assumed, only %d switches were measured and %d are enough", seen.Switches, enough)
	}
	if seen.Tried >= enough {
		m.Failed = float64(seen.Failed) / float64(seen.Tried)
		m.Grounds[1] = fmt.Sprintf("failures: measured, %d of %d switches", seen.Failed, seen.Tried)
	}
}

// Recording is the calls that were recorded of some users in some days.
type Recording struct {
	Traffic Traffic `json:"traffic"`
	Calls   int     `json:"calls"`
	// Users is of how many users they are, Known of how many it was looked for.
	Users int       `json:"users"`
	Known int       `json:"known"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	// Source is where they were recorded.
	Source string `json:"source"`
}

// enoughCalls is how many recorded calls outweigh the assumptions.
const enoughCalls = 100

// Recorded takes recorded calls in the place of the assumed ones, as far as there
// are enough to go by.
func (m *Model) Recorded(r Recording) {
	days := r.From.Format(time.DateOnly) + " to " + r.To.Add(-time.Second).Format(time.DateOnly)
	if r.Calls < enoughCalls {
		m.Grounds[2] += fmt.Sprintf("; the %s has %d of %d users from %s, and %d are enough", r.Source, r.Calls, r.Users, days, enoughCalls)
		return
	}
	busy := m.Traffic.Busy
	m.Traffic = r.Traffic
	if len(m.Traffic.Busy) == 0 {
		m.Traffic.Busy = busy
		m.Grounds = append(m.Grounds, "how long calls last: assumed, none that is recorded says so")
	}
	of := fmt.Sprintf("%d users", r.Users)
	if r.Known > r.Users {
		of = fmt.Sprintf("%d of %d users", r.Users, r.Known)
	}
	m.Grounds[2] = fmt.Sprintf("calls: recorded, %d of %s in the %s, by weekday and half hour from %s", r.Calls, of, r.Source, days)
}

// Limited takes the limits of the systems, as they are configured.
func (m *Model) Limited(by map[string]Vendor) {
	m.Vendors = by
	var known, none []string
	for _, name := range slices.Sorted(maps.Keys(by)) {
		v := by[name]
		if v.PerSecond > 0 {
			known = append(known, fmt.Sprintf("%s %g requests a second", name, v.PerSecond))
		}
		if v.PerDay > 0 {
			known = append(known, fmt.Sprintf("%s %g in 24 hours, of which the plan may use %g", name, v.PerDay, v.allows()))
		}
		if v.PerSecond == 0 && v.PerDay == 0 {
			none = append(none, name)
		}
	}
	text := "limits: configured, " + strings.Join(known, ", ")
	switch {
	case len(known) == 0:
		text = "limits: none is configured for " + strings.Join(none, ", ")
	case len(none) > 0:
		text += "; none for " + strings.Join(none, ", ")
	}
	m.Grounds = append(m.Grounds, text)
}
