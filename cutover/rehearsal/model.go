package rehearsal

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
)

// Model is what the rehearsal believes of the world.
type Model struct {
	Steps   Steps   `json:"steps"`
	Traffic Traffic `json:"traffic"`
	// Vendors are what a switch asks of each connected system, by its name.
	Vendors map[string]Vendor `json:"vendors,omitempty"`
	// Failed is the share of switches that fail and are taken back, Absent that of
	// users who cannot be switched for another reason than a call; 0 to 1.
	Failed float64 `json:"failed"`
	Absent float64 `json:"absent"`
	// Lost is the share of the calls that came while CRM and route disagreed which
	// then rang nowhere.
	Lost float64 `json:"lost"`
	// Grounds say what each part of the model rests on, for people.
	Grounds []string `json:"grounds"`
}

// Steps are how long the parts of a switch take.
type Steps struct {
	Capture Spread `json:"capture"`
	// Ready is without the time that a call still lasts.
	Ready    Spread `json:"ready"`
	Move     Spread `json:"move"`
	Verify   Spread `json:"verify"`
	TakeBack Spread `json:"take_back"`
	// Split is how long CRM and route disagree within Move.
	Split Spread `json:"split"`
}

// Traffic is the calls that a user gets.
type Traffic struct {
	// Zone is that of Hourly, an IANA name.
	Zone string `json:"zone"`
	// Hourly are the calls of one user in an hour, by half hours of the week from
	// Monday 00:00; 336 of them.
	Hourly []float64 `json:"hourly"`
	// Busy is how long a call keeps a user, wrap-up included.
	Busy Spread `json:"busy"`
}

// HalfHours are those of a week.
const HalfHours = 7 * 48

// Vendor is what one system allows and what a switch asks of it.
type Vendor struct {
	// Requests is how many a switch makes.
	Requests float64 `json:"requests"`
	// PerSecond is the system's limit; 0 for none.
	PerSecond float64 `json:"per_second,omitempty"`
	// PerDay is what the system allows in 24 hours; 0 for no limit. Share is the
	// part of it with which the plan contents itself, from 0 to 1; 0 where it does not.
	PerDay float64 `json:"per_day,omitempty"`
	Share  float64 `json:"share,omitempty"`
}

// Spread is how a duration varies: its values at even steps from the shortest to
// the longest. A single value does not vary.
type Spread []time.Duration

// Spreads are kept at this many values, which is every fiftieth part.
const spreadValues = 51

// SpreadOf makes a spread of measured durations, in any order.
func SpreadOf(measured []time.Duration) Spread {
	if len(measured) <= spreadValues {
		return Spread(slices.Sorted(slices.Values(measured)))
	}
	sorted := slices.Sorted(slices.Values(measured))
	s := make(Spread, spreadValues)
	for i := range s {
		s[i] = sorted[i*(len(sorted)-1)/(spreadValues-1)]
	}
	return s
}

// At is the duration that a share of all is not longer than; u is from 0 to 1.
func (s Spread) At(u float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	place := u * float64(len(s)-1)
	i := min(int(place), len(s)-1)
	j := min(i+1, len(s)-1)
	return s[i] + time.Duration((place-float64(i))*float64(s[j]-s[i]))
}

// Mean is the average of the spread.
func (s Spread) Mean() time.Duration {
	if len(s) < 2 {
		return s.At(0)
	}
	var sum time.Duration
	for i := range len(s) - 1 {
		sum += (s[i] + s[i+1]) / 2
	}
	return sum / time.Duration(len(s)-1)
}

// Check refuses a model that cannot be played; the error names every fault.
func (m *Model) Check() error {
	var faults []string
	wrong := func(bad bool, text string, args ...any) {
		if bad {
			faults = append(faults, fmt.Sprintf(text, args...))
		}
	}
	for name, s := range map[string]Spread{
		"capture": m.Steps.Capture, "ready": m.Steps.Ready, "move": m.Steps.Move, "verify": m.Steps.Verify,
		"take_back": m.Steps.TakeBack, "split": m.Steps.Split, "busy": m.Traffic.Busy,
	} {
		wrong(len(s) == 0, "%s: no duration is given", name)
		wrong(!slices.IsSorted(s) || len(s) > 0 && s[0] < 0, "%s: the durations are not in order from 0 up", name)
	}
	_, err := time.LoadLocation(m.Traffic.Zone)
	wrong(err != nil || m.Traffic.Zone == "", "traffic: %q is not a time zone", m.Traffic.Zone)
	wrong(len(m.Traffic.Hourly) != HalfHours, "traffic: %d half hours of the week, want %d", len(m.Traffic.Hourly), HalfHours)
	for i, calls := range m.Traffic.Hourly {
		wrong(!sane(calls), "traffic: half hour %d has %g calls an hour", i, calls)
	}
	for name, share := range map[string]float64{"failed": m.Failed, "absent": m.Absent, "lost": m.Lost} {
		wrong(!sane(share) || share > 1, "%s: %g is no share from 0 to 1", name, share)
	}
	for name, v := range m.Vendors {
		wrong(!sane(v.Requests) || !sane(v.PerSecond) || !sane(v.PerDay) || !sane(v.Share) || v.Share > 1,
			"%s: requests, limits and share must be from 0 up, the share at most 1", name)
	}
	if len(faults) == 0 {
		return nil
	}
	slices.Sort(faults)
	return fmt.Errorf("rehearsal model: %q: %w", faults, dualtone.ErrInvalid)
}

func sane(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

// load is the calls of one user in an hour at a moment.
func (t *Traffic) load(at time.Time, zone *time.Location) float64 {
	local := at.In(zone)
	day := (int(local.Weekday()) + 6) % 7 // Monday is the first.
	return t.Hourly[day*48+local.Hour()*2+local.Minute()/30]
}

// allows is how many requests the plan may make in 24 hours; 0 for any number.
func (v *Vendor) allows() float64 {
	if v.Share == 0 {
		return v.PerDay
	}
	return v.PerDay * v.Share
}

// daily is how many users the plan starts in 24 hours before it has used up its
// share of a system; less than 0 where it goes by none.
func (m *Model) daily() int {
	most := -1
	for _, v := range m.Vendors {
		if v.PerDay > 0 && v.Share > 0 && v.Requests > 0 {
			if users := int(v.allows() / v.Requests); most < 0 || users < most {
				most = users
			}
		}
	}
	return most
}

// gap is the least time between two users that the vendors' limits a second
// allow.
func (m *Model) gap() time.Duration {
	var longest float64
	for _, v := range m.Vendors {
		if v.PerSecond > 0 {
			longest = max(longest, v.Requests/v.PerSecond)
		}
	}
	return time.Duration(longest * float64(time.Second))
}
