package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
)

// Calendar answers when the users of a stage may be switched. What it says
// depends on nothing but its document, the moment and the site's zone.
type Calendar struct {
	windows   []hours
	blackouts []blackout
	mu        sync.Mutex
	// covered are the blackouts as they are in each zone.
	covered map[string][]span
}

// hours are weekly hours in a zone; nil stands for the site's.
type hours struct {
	name     string
	zone     *time.Location
	days     [7]bool
	from, to time.Duration
}

// blackout is weekly hours or spans of time.
type blackout struct {
	name, reason string
	weekly       *hours
	spans        events
}

// span is a time in UTC, its end left out.
type span struct {
	from, to time.Time
	name     string
}

// Opening is what a calendar says of a moment.
type Opening struct {
	Open bool `json:"open"`
	// Window is the name of an open window; "always" when the stage needs none and
	// "override" when one opens it.
	Window string `json:"window,omitempty"`
	// Blackout is the one that closes it.
	Blackout string `json:"blackout,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// Grant is an override that somebody gave: it opens a closed window until it
// expires, and no blackout.
type Grant struct {
	By     string    `json:"by"`
	Role   Role      `json:"role"`
	Reason string    `json:"reason"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
}

// The names of what is open without a window.
const (
	alwaysOpen   = "always"
	openedByHand = "override"
)

// Grant checks an override that somebody wants to give and returns it.
// dualtone.ErrDenied when the plan has none or the role may not, ErrInvalid when
// a reason is missing or it would hold too long.
func (p *Plan) Grant(by string, role Role, reason string, from time.Time, holds Duration) (Grant, error) {
	o := p.Spec.Calendars.Override
	switch {
	case o == nil:
		return Grant{}, fmt.Errorf("the plan has no calendars.override: %w", dualtone.ErrDenied)
	case !slices.Contains(o.Roles, role):
		return Grant{}, fmt.Errorf("an override takes one of %s, not %s: %w", joined(o.Roles), role, dualtone.ErrDenied)
	case o.ReasonRequired && reason == "":
		return Grant{}, fmt.Errorf("an override needs a reason: %w", dualtone.ErrInvalid)
	case holds <= 0 || holds > o.Expires:
		return Grant{}, fmt.Errorf("an override holds for up to %s, not %s: %w", o.Expires, holds, dualtone.ErrInvalid)
	}
	return Grant{By: by, Role: role, Reason: reason, From: from.UTC(), Until: from.Add(holds.Time()).UTC()}, nil
}

// Calendar is the calendar of a stage. dualtone.ErrInvalid when it names a
// window or a file that is not there: what is missing is never open.
func (d *Document) Calendar(id StageID) (*Calendar, error) {
	stage, ok := d.Plan.Stage(id)
	if !ok {
		return nil, fmt.Errorf("stage %s: %w", id, dualtone.ErrNotFound)
	}
	return d.calendar(stage.Windows)
}

func (d *Document) calendar(windows []string) (*Calendar, error) {
	spec := &d.Plan.Spec
	c := &Calendar{covered: map[string][]span{}}
	for _, name := range windows {
		w, ok := spec.Calendars.Windows[name]
		if !ok {
			return nil, fmt.Errorf("window %s: %w", name, dualtone.ErrInvalid)
		}
		h, err := hoursOf(name, w, spec.Timezone)
		if err != nil {
			return nil, err
		}
		c.windows = append(c.windows, h)
	}
	for _, b := range spec.Calendars.Blackouts {
		made, err := d.blackout(b)
		if err != nil {
			return nil, fmt.Errorf("blackout %s: %w", b.Name, err)
		}
		c.blackouts = append(c.blackouts, made)
	}
	return c, nil
}

func hoursOf(name string, w Window, plan Zone) (hours, error) {
	h := hours{name: name, from: w.From.after(), to: w.To.after()}
	var err error
	if h.zone, err = zoneOf(w.TZ, plan); err != nil {
		return h, fmt.Errorf("window %s: %w", name, err)
	}
	for day := range h.days {
		h.days[day] = len(w.Days) == 0 || slices.Contains(w.Days, weekdayOf(time.Weekday(day)))
	}
	return h, nil
}

func (c Clock) after() time.Duration { return time.Duration(c) * time.Minute }

// zoneOf is a zone or the plan's; nil for that of the site.
func zoneOf(z, plan Zone) (*time.Location, error) {
	if z = cmp.Or(z, plan); z == SiteZone {
		return nil, nil //nolint:nilnil // The site's is known later.
	}
	return z.location()
}

func (d *Document) blackout(b Blackout) (blackout, error) {
	made := blackout{name: b.Name, reason: b.Reason}
	zone, err := zoneOf(b.TZ, d.Plan.Spec.Timezone)
	if err != nil {
		return made, err
	}
	if b.Weekly != nil {
		weekly := *b.Weekly
		weekly.TZ = cmp.Or(weekly.TZ, b.TZ)
		h, err := hoursOf(b.Name, weekly, d.Plan.Spec.Timezone)
		if err != nil {
			return made, err
		}
		made.weekly = &h
	}
	if !b.From.IsZero() {
		made.spans = append(made.spans, event{from: b.From.wall, to: b.To.wall, zone: zone})
	}
	if b.ICS != "" {
		text, ok := d.Files[b.ICS]
		if !ok {
			return made, fmt.Errorf("file %s is not with the plan: %w", b.ICS, dualtone.ErrInvalid)
		}
		found, faults := readICS(text)
		if len(faults) > 0 {
			return made, fmt.Errorf("%s: line %d: %s: %w", b.ICS, faults[0].line, faults[0].problem, dualtone.ErrInvalid)
		}
		for _, e := range found {
			if e.zone == nil {
				e.zone = zone
			}
			made.spans = append(made.spans, e)
		}
	}
	return made, nil
}

// Sited reports whether what the calendar says depends on the user's site.
func (c *Calendar) Sited() bool {
	if slices.ContainsFunc(c.windows, func(h hours) bool { return h.zone == nil }) {
		return true
	}
	return slices.ContainsFunc(c.blackouts, func(b blackout) bool {
		return b.weekly != nil && b.weekly.zone == nil || slices.ContainsFunc(b.spans, func(e event) bool { return e.zone == nil })
	})
}

// Open says whether a user at a site may be switched at a moment: a window is
// open or an override holds, and no blackout covers it. A nil site is one whose
// zone is not known; what depends on it is closed.
func (c *Calendar) Open(at time.Time, site *time.Location, grants ...Grant) Opening {
	if site == nil && c.Sited() {
		return Opening{Reason: "the zone of the user's site is not known"}
	}
	if name, reason, ok := c.blackedOut(at, site); ok {
		return Opening{Blackout: name, Reason: reason}
	}
	if len(c.windows) == 0 {
		return Opening{Open: true, Window: alwaysOpen}
	}
	for i := range c.windows {
		if c.windows[i].open(at, site) {
			return Opening{Open: true, Window: c.windows[i].name}
		}
	}
	for _, g := range grants {
		if !at.Before(g.From) && at.Before(g.Until) {
			return Opening{Open: true, Window: openedByHand, Reason: g.Reason}
		}
	}
	return Opening{Reason: "no window is open"}
}

func (h *hours) open(at time.Time, site *time.Location) bool {
	wall := wallOf(at, cmp.Or(h.zone, site))
	midnight := wall.Truncate(24 * time.Hour)
	day, now := int(wall.Weekday()), wall.Sub(midnight)
	if h.from < h.to {
		return h.days[day] && now >= h.from && now < h.to
	}
	return h.days[day] && now >= h.from || h.days[(day+6)%7] && now < h.to
}

func (c *Calendar) blackedOut(at time.Time, site *time.Location) (name, reason string, ok bool) {
	for i := range c.blackouts {
		b := &c.blackouts[i]
		if b.weekly != nil && b.weekly.open(at, site) {
			return b.name, b.reason, true
		}
	}
	spans := c.spans(site)
	if i := before(spans, at); i >= 0 && at.Before(spans[i].to) {
		return spans[i].name, c.reason(spans[i].name), true
	}
	return "", "", false
}

// Closure is a time that a blackout closes, whether a window would be open or not.
type Closure struct {
	From, To         time.Time
	Blackout, Reason string
}

// Closures are what blackouts close for a user at a site between two moments, in
// order; none where the site is not known and they depend on it.
func (c *Calendar) Closures(from, to time.Time, site *time.Location) []Closure {
	if site == nil && c.Sited() {
		return nil
	}
	var all []Closure
	at := from
	for _, next := range append(c.edges(from, to, site, nil), to) {
		name, reason, ok := c.blackedOut(at, site)
		switch last := len(all) - 1; {
		case !ok || !next.After(at):
		case last >= 0 && all[last].Blackout == name && all[last].To.Equal(at):
			all[last].To = next
		default:
			all = append(all, Closure{From: at, To: next, Blackout: name, Reason: reason})
		}
		at = next
	}
	return all
}

func (c *Calendar) reason(name string) string {
	for _, b := range c.blackouts {
		if b.name == name {
			return b.reason
		}
	}
	return ""
}

// before is the last span that begins at a moment or before it, -1 for none.
func before(spans []span, at time.Time) int {
	i, exact := slices.BinarySearchFunc(spans, at, func(s span, at time.Time) int { return s.from.Compare(at) })
	if exact {
		return i
	}
	return i - 1
}

// spans are the blackouts that are no weekly hours, as they are in a zone: in
// order, and none over another.
func (c *Calendar) spans(site *time.Location) []span {
	name := ""
	if site != nil {
		name = site.String()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.covered[name]; ok {
		return known
	}
	var all []span
	for _, b := range c.blackouts {
		for _, e := range b.spans {
			zone := cmp.Or(e.zone, site)
			all = append(all, span{first(e.from, zone), last(e.to, zone), b.name})
		}
	}
	slices.SortStableFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s.from.Before(merged[n-1].to) {
			if s.to.After(merged[n-1].to) {
				// What sticks out keeps its own name.
				merged = append(merged, span{merged[n-1].to, s.to, s.name})
			}
			continue
		}
		merged = append(merged, s)
	}
	c.covered[name] = merged
	return merged
}

// farthest bounds how far ahead an opening is looked for.
const farthest = 400 * 24 * time.Hour

// NextOpen is the first moment from now on at which a user at a site may be
// switched; false when there is none in the next 400 days.
func (c *Calendar) NextOpen(now time.Time, site *time.Location, grants ...Grant) (time.Time, bool) {
	if c.Open(now, site, grants...).Open {
		return now, true
	}
	return c.change(now, site, grants)
}

// Left is how long it stays open from now on; 0 when it is closed. It is never
// more than 400 days.
func (c *Calendar) Left(now time.Time, site *time.Location, grants ...Grant) time.Duration {
	if !c.Open(now, site, grants...).Open {
		return 0
	}
	closes, ok := c.change(now, site, grants)
	if !ok {
		return farthest
	}
	return closes.Sub(now)
}

// Closes is when what is open now closes; false where it does not, as far as is looked
// ahead.
func (c *Calendar) Closes(now time.Time, site *time.Location, grants ...Grant) (time.Time, bool) {
	return c.change(now, site, grants)
}

// change is the first moment after now at which it opens or closes.
func (c *Calendar) change(now time.Time, site *time.Location, grants []Grant) (time.Time, bool) {
	if site == nil && c.Sited() {
		return time.Time{}, false
	}
	const step = 8 * 24 * time.Hour
	was := c.Open(now, site, grants...).Open
	for from := now; from.Before(now.Add(farthest)); from = from.Add(step) {
		for _, at := range c.edges(from, from.Add(step), site, grants) {
			if c.Open(at, site, grants...).Open != was {
				return at.UTC(), true
			}
		}
	}
	return time.Time{}, false
}

// edges are the moments after one and up to another at which anything can
// change: where hours begin and end, where clocks are changed, where blackouts
// and overrides do.
func (c *Calendar) edges(from, to time.Time, site *time.Location, grants []Grant) []time.Time {
	found := map[time.Time]bool{}
	add := func(at time.Time) {
		if at = at.UTC(); at.After(from) && !at.After(to) {
			found[at] = true
		}
	}
	weekly := slices.Clone(c.windows)
	for _, b := range c.blackouts {
		if b.weekly != nil {
			weekly = append(weekly, *b.weekly)
		}
	}
	for i := range weekly {
		zone := cmp.Or(weekly[i].zone, site)
		if _, end := from.In(zone).ZoneBounds(); !end.IsZero() {
			add(end)
		}
		midnight := wallOf(from, zone).Truncate(24 * time.Hour)
		for day := midnight.AddDate(0, 0, -1); !day.After(midnight.Add(to.Sub(from) + 24*time.Hour)); day = day.AddDate(0, 0, 1) {
			for _, edge := range []time.Duration{weekly[i].from, weekly[i].to} {
				early, late := bounds(day.Add(edge), zone)
				add(early)
				add(late)
			}
		}
	}
	spans := c.spans(site)
	for _, s := range spans[max(before(spans, from), 0):] {
		if s.from.After(to) {
			break
		}
		add(s.from)
		add(s.to)
	}
	for _, g := range grants {
		add(g.From)
		add(g.Until)
	}
	return slices.SortedFunc(maps.Keys(found), time.Time.Compare)
}

// Zone is the zone in which a user's windows are: what the user list says of
// them, or else the zone of their site. nil when neither is known.
func (p *Plan) Zone(u *dualtone.Person) *time.Location {
	if own := u.Attributes.First(dualtone.AttributeTimezone); own != "" {
		zone, err := Zone(own).location()
		if err != nil {
			return nil
		}
		return zone
	}
	zone, err := p.Spec.Calendars.Sites[u.Site].location()
	if err != nil {
		return nil
	}
	return zone
}
