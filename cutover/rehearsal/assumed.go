package rehearsal

import (
	"fmt"
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

// Recorded takes recorded calls in the place of the assumed ones.
func (m *Model) Recorded(t Traffic, calls int, from, to time.Time) {
	m.Traffic = t
	m.Grounds[2] = fmt.Sprintf("calls: %d recorded from %s to %s", calls, from.Format(time.DateOnly), to.Format(time.DateOnly))
}
