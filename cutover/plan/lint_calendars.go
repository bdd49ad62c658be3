package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/internal/placed"
)

func (l *linter) windows() {
	used := map[string]bool{}
	for _, s := range l.spec.Stages {
		for _, w := range s.Windows {
			used[w] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.spec.Calendars.Windows)) {
		path := placed.Join("spec.calendars.windows", name)
		l.hours(path, l.spec.Calendars.Windows[name])
		if l.spec.Calendars.Windows[name].TZ == SiteZone && len(l.spec.Calendars.Sites) == 0 {
			l.doubt(path+".tz", "follows the user's site, and the plan has no sites", "write spec.calendars.sites: {london: Europe/London}, or have a column timezone in the user list")
		}
		if !used[name] {
			l.doubt(path, "no stage uses this window", "name it under windows of a stage, or take it away")
		}
	}
	for _, site := range slices.Sorted(maps.Keys(l.spec.Calendars.Sites)) {
		if l.spec.Calendars.Sites[site] == SiteZone {
			l.wrong(placed.Join("spec.calendars.sites", site), "a site has a zone of its own", wantZone)
		}
	}
}

func (l *linter) hours(path string, w Window) {
	if w.From == w.To {
		l.wrong(path+".to", fmt.Sprintf("opens and closes at %s, so that it is never open", w.From), `for the whole day write from: "00:00" and to: "24:00"`)
	}
	if w.From == 24*60 {
		l.wrong(path+".from", "24:00 is the end of a day", `write "00:00" and the next day`)
	}
	if w.Days != nil && len(w.Days) == 0 {
		l.wrong(path+".days", "no days, so that it is never open", "name the days, or leave the key out for every day")
	}
	twice(l, path+".days", w.Days)
}

func (l *linter) blackouts() {
	first := map[string]int{}
	for i, b := range l.spec.Calendars.Blackouts {
		path := fmt.Sprintf("spec.calendars.blackouts[%d]", i)
		if was, ok := first[b.Name]; ok {
			l.wrong(path+".name", fmt.Sprintf("%s is the name of blackout %d too", b.Name, was+1), "name each differently")
		} else {
			first[b.Name] = i
		}
		ways := 0
		for _, given := range []bool{l.sheet.Written(path+".from") || l.sheet.Written(path+".to"), b.Weekly != nil, b.ICS != ""} {
			if given {
				ways++
			}
		}
		switch {
		case ways == 0:
			l.wrong(path, "says nothing of when it is", "write from and to, weekly, or ics")
		case ways > 1:
			l.wrong(path, "says in more than one way when it is", "write one of from and to, weekly, and ics; a blackout each")
		case b.Weekly != nil:
			l.hours(path+".weekly", *b.Weekly)
		case b.ICS != "":
		case b.From.IsZero():
			l.wrong(path, "has no beginning", `write from: "2027-03-25T00:00"`)
		case b.To.IsZero():
			l.wrong(path, "has no end", `write to: "2027-04-03T00:00"`)
		case !b.To.wall.After(b.From.wall):
			l.wrong(path+".to", fmt.Sprintf("ends at %s, before it begins at %s", b.To, b.From), "write the first moment after the blackout")
		}
	}
}

func (l *linter) override() {
	o := l.spec.Calendars.Override
	if o == nil {
		return
	}
	const path = "spec.calendars.override"
	if len(o.Roles) == 0 {
		l.wrong(path+".roles", "nobody may give it", "write roles: [incident-commander], or take the override away")
	}
	twice(l, path+".roles", o.Roles)
	for i, role := range o.Roles {
		if role == Viewer || role == Planner {
			l.wrong(fmt.Sprintf("%s.roles[%d]", path, i), fmt.Sprintf("a %s may not open a window", role), "write incident-commander")
		}
	}
	if o.Expires > Day || o.Expires == 0 {
		l.wrong(path+".expires", fmt.Sprintf("%s is not a while", o.Expires), "an override holds for at most 1d")
	}
}

// openings checks that each stage that switches users can do so in the year to
// come, at each site that the plan knows.
func (l *linter) openings() {
	for i, s := range l.spec.Stages {
		path := fmt.Sprintf("spec.stages[%d].windows", i)
		if len(s.Windows) == 0 || l.sheet.Unreadable(path) || l.sheet.Unreadable("spec.calendars") || l.sheet.Unreadable("spec.timezone") || l.sheet.FaultsAt("spec.calendars") {
			continue
		}
		calendar, err := l.Document.calendar(s.Windows)
		if err != nil {
			continue // The missing window was told already.
		}
		for _, place := range l.sites(calendar) {
			if _, ok := calendar.NextOpen(l.source.Now, place.zone); !ok {
				l.neverOpens(path, s, place.name, calendar, place.zone)
				break
			}
		}
	}
}

func (l *linter) neverOpens(path string, s Stage, site string, c *Calendar, zone *time.Location) {
	where := ""
	if site != "" {
		where = " at " + site
	}
	if _, ok := (&Calendar{windows: c.windows, covered: map[string][]span{}}).NextOpen(l.source.Now, zone); !ok {
		l.wrong(path, fmt.Sprintf("the windows of %s never open%s in the next 400 days", s.ID, where), "give it a window that does")
		return
	}
	var by []string
	for _, b := range c.blackouts {
		by = append(by, b.name)
	}
	l.wrong(path, fmt.Sprintf("blackouts cover every opening of the windows of %s%s in the next 400 days: %s", s.ID, where, strings.Join(by, ", ")),
		"shorten them, or give the stage another window")
}

type site struct {
	name string
	zone *time.Location
}

// sites are the places at which a calendar has to open: all sites of the plan
// when that matters, else any.
func (l *linter) sites(c *Calendar) []site {
	zone, err := l.spec.Timezone.location()
	if err != nil {
		return nil
	}
	if !c.Sited() || len(l.spec.Calendars.Sites) == 0 {
		return []site{{"", zone}}
	}
	var all []site
	for _, name := range slices.Sorted(maps.Keys(l.spec.Calendars.Sites)) {
		if zone, err := l.spec.Calendars.Sites[name].location(); err == nil {
			all = append(all, site{name, zone})
		}
	}
	return all
}
