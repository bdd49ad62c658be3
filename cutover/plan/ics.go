package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"github.com/dualtone/dualtone/internal/placed"
)

// event is one blackout of an iCal file on the clock on a wall.
type event struct {
	from, to time.Time
	// zone is nil for a floating time and for a whole day: those are in the zone
	// of whoever reads it.
	zone *time.Location
}

type events []event

// What an iCal file may hold: more than any calendar of holidays does.
const (
	mostICSBytes = 1 << 20
	mostEvents   = 20_000
	lastICSYear  = 2100
)

// readICS reads the events of an iCal file, with recurrences written out up to
// the year 2100, and tells what is wrong with it.
func readICS(text string) (events, []fileFault) {
	if len(text) > mostICSBytes {
		return nil, []fileFault{{1, "the file is over 1 MB", "keep only the events that close the windows"}}
	}
	calendar, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil {
		return nil, []fileFault{{1, "not an iCal file: " + placed.Printable(err.Error()), "begin it with BEGIN:VCALENDAR and end it with END:VCALENDAR"}}
	}
	r := icsReader{lines: strings.Split(text, "\n")}
	all := calendar.Events()
	if len(all) == 0 {
		return nil, []fileFault{{1, "no events in it", "without an event it closes nothing"}}
	}
	for i, e := range all {
		if r.event(i, e, all); r.full {
			break
		}
	}
	slices.SortFunc(r.found, func(a, b event) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	return r.found, r.faults
}

type icsReader struct {
	lines  []string
	found  events
	faults []fileFault
	// full is set when there are more events than are read.
	full bool
}

// line is where a property of the nth event stands, or where the event begins.
func (r *icsReader) line(nth int, property string) int {
	begin, at := -1, 0
	for i, line := range r.lines {
		upper := strings.ToUpper(line)
		if strings.HasPrefix(upper, "BEGIN:VEVENT") {
			begin++
			if begin == nth {
				at = i + 1
			}
		}
		if begin == nth && property != "" && strings.HasPrefix(upper, property) {
			return i + 1
		}
	}
	return max(at, 1)
}

func (r *icsReader) fault(nth int, property, problem, want string) {
	r.faults = append(r.faults, fileFault{r.line(nth, property), problem, want})
}

func (r *icsReader) event(nth int, e *ics.VEvent, all []*ics.VEvent) {
	if status := e.GetProperty(ics.ComponentPropertyStatus); status != nil && strings.EqualFold(status.Value, string(ics.ObjectStatusCancelled)) {
		return
	}
	start := e.GetProperty(ics.ComponentPropertyDtStart)
	if start == nil {
		r.fault(nth, "", "an event without DTSTART", "say when it begins")
		return
	}
	from, problem := icsTime(start)
	if problem != "" {
		r.fault(nth, "DTSTART", problem, "write it as in DTSTART;TZID=Europe/London:20270325T000000 or DTSTART;VALUE=DATE:20270325")
		return
	}
	length, ok := r.length(nth, e, from)
	if !ok {
		return
	}
	begins, ok := r.recur(nth, e, from)
	if !ok {
		return
	}
	moved := movedAway(e, all, from.zone)
	for _, at := range begins {
		if !slices.ContainsFunc(moved, at.Equal) {
			r.found = append(r.found, event{at, at.Add(length), from.zone})
		}
	}
	if len(r.found) > mostEvents {
		r.fault(nth, "", fmt.Sprintf("more than %d events with this one", mostEvents), "give the rule an UNTIL or a COUNT")
		r.found, r.full = nil, true
	}
}

// movedAway are the recurrences of an event that others with its UID replace.
func movedAway(e *ics.VEvent, all []*ics.VEvent, zone *time.Location) []time.Time {
	var moved []time.Time
	if e.GetProperty(ics.ComponentPropertyRecurrenceId) != nil {
		return nil
	}
	for _, other := range all {
		id := other.GetProperty(ics.ComponentPropertyRecurrenceId)
		if id == nil || other.Id() != e.Id() {
			continue
		}
		if at, problem := icsTime(id); problem == "" {
			moved = append(moved, at.on(zone))
		}
	}
	return moved
}

// icsMoment is a time of an iCal file: on the wall of a zone, of any zone, or a
// whole day.
type icsMoment struct {
	wall time.Time
	zone *time.Location
	day  bool
}

// on is the moment on the wall of a zone, if both know where they are.
func (m icsMoment) on(zone *time.Location) time.Time {
	if zone == nil || m.zone == nil || m.day {
		return m.wall
	}
	return wallOf(first(m.wall, m.zone), zone)
}

func icsTime(p *ics.IANAProperty) (m icsMoment, problem string) {
	text := strings.TrimSpace(p.Value)
	if len(text) == len("20270325") {
		at, err := time.Parse("20060102", text)
		if err != nil {
			return m, fmt.Sprintf("%q is not a day", placed.Printable(text))
		}
		return icsMoment{wall: at, day: true}, ""
	}
	if utc, ok := strings.CutSuffix(text, "Z"); ok {
		text, m.zone = utc, time.UTC
	} else if tzid := p.ICalParameters["TZID"]; len(tzid) > 0 {
		name := strings.Trim(tzid[0], `"`)
		zone, err := Zone(strings.TrimPrefix(name, "/")).location()
		if err != nil {
			return m, fmt.Sprintf("the zone %q is not one of the IANA database", placed.Printable(name))
		}
		m.zone = zone
	}
	at, err := time.Parse("20060102T150405", text)
	if err != nil {
		return m, fmt.Sprintf("%q is not a time", placed.Printable(text))
	}
	m.wall = at
	return m, ""
}

// length is how long an event lasts on the wall.
func (r *icsReader) length(nth int, e *ics.VEvent, from icsMoment) (time.Duration, bool) {
	if p := e.GetProperty(ics.ComponentPropertyDtEnd); p != nil {
		to, problem := icsTime(p)
		if problem != "" {
			r.fault(nth, "DTEND", problem, "write it as DTSTART is written")
			return 0, false
		}
		length := to.on(from.zone).Sub(from.wall)
		if length <= 0 {
			r.fault(nth, "DTEND", "the event ends before it begins", "DTEND is the first moment after it")
			return 0, false
		}
		return length, true
	}
	if p := e.GetProperty(ics.ComponentPropertyDuration); p != nil {
		length, ok := icsDuration(p.Value)
		if !ok {
			r.fault(nth, "DURATION", fmt.Sprintf("%q is not a duration", placed.Printable(p.Value)), "write it as in P1D or PT12H")
		}
		return length, ok
	}
	if !from.day {
		r.fault(nth, "", "an event without an end", "say when it ends with DTEND or DURATION")
		return 0, false
	}
	return 24 * time.Hour, true
}

// icsDuration reads P2W, P1DT12H and the like.
func icsDuration(text string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(text)), "P")
	if !ok {
		return 0, false
	}
	days, times, timed := strings.Cut(rest, "T")
	if timed && times == "" || strings.ContainsAny(days, "HMS") || strings.ContainsAny(times, "WD") {
		return 0, false
	}
	d, err := ParseDuration(strings.ToLower(days + times))
	return d.Time(), err == nil && d > 0
}

// recur lists when an event begins, on the wall of its zone.
func (r *icsReader) recur(nth int, e *ics.VEvent, from icsMoment) ([]time.Time, bool) {
	rule := e.GetProperty(ics.ComponentPropertyRrule)
	var set rrule.Set
	set.DTStart(from.wall)
	if rule == nil {
		set.RDate(from.wall)
	} else if !r.rule(nth, rule.Value, from, &set) {
		return nil, false
	}
	if !r.dates(nth, e, ics.ComponentPropertyRdate, from, set.RDate) || !r.dates(nth, e, ics.ComponentPropertyExdate, from, set.ExDate) {
		return nil, false
	}
	var begins []time.Time
	for next := set.Iterator(); ; {
		at, ok := next()
		if !ok || at.Year() >= lastICSYear {
			return begins, true
		}
		if begins = append(begins, at); len(begins) > mostEvents {
			r.fault(nth, "RRULE", fmt.Sprintf("more than %d events", mostEvents), "give the rule an UNTIL or a COUNT")
			r.full = true
			return nil, false
		}
	}
}

// dates adds the dates of RDATE or EXDATE. A day without a time means the event
// of that day.
func (r *icsReader) dates(nth int, e *ics.VEvent, name ics.ComponentProperty, from icsMoment, add func(time.Time)) bool {
	for _, p := range e.GetProperties(name) {
		for value := range strings.SplitSeq(p.Value, ",") {
			one := *p
			one.Value = value
			at, problem := icsTime(&one)
			if problem != "" {
				r.fault(nth, string(name), problem, "write it as DTSTART is written")
				return false
			}
			wall := at.on(from.zone)
			if at.day && !from.day {
				wall = wall.Add(from.wall.Sub(from.wall.Truncate(24 * time.Hour)))
			}
			add(wall)
		}
	}
	return true
}

// rule adds a recurrence rule. It is written out on the wall, so that an event
// at midnight stays at midnight when the clocks change.
func (r *icsReader) rule(nth int, text string, from icsMoment, set *rrule.Set) bool {
	option, err := rrule.StrToROption(text)
	if err != nil {
		r.fault(nth, "RRULE", "the rule cannot be read: "+placed.Printable(err.Error()), "write it as in RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25")
		return false
	}
	if option.Freq > rrule.DAILY {
		r.fault(nth, "RRULE", "a rule that recurs more than daily", "write weekly hours as a blackout with weekly")
		return false
	}
	option.Dtstart = from.wall
	if !option.Until.IsZero() && from.zone != nil && strings.Contains(strings.ToUpper(text), "Z") {
		option.Until = wallOf(option.Until, from.zone)
	}
	// A rule that never comes true would else be looked for until the year 9999.
	if end := time.Date(lastICSYear, 1, 1, 0, 0, 0, 0, time.UTC); option.Until.IsZero() || option.Until.After(end) {
		option.Until = end
	}
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		r.fault(nth, "RRULE", "the rule cannot be read: "+placed.Printable(err.Error()), "write it as in RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25")
		return false
	}
	set.RRule(rule)
	return true
}
