package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
)

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func local(text string) Local {
	var l Local
	if err := l.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return l
}

// calendarOf is the calendar of a stage with one window and these blackouts.
func calendarOf(tb testing.TB, w Window, files map[string]string, blackouts ...Blackout) *Calendar {
	tb.Helper()
	d := Document{Files: files, Plan: Plan{Spec: Spec{
		Timezone:  "Europe/London",
		Calendars: Calendars{Windows: map[string]Window{"w": w}, Blackouts: blackouts},
		Stages:    []Stage{{ID: "s", Windows: []string{"w"}}},
	}}}
	c, err := d.Calendar("s")
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// always is open at all times, so that only blackouts close it.
func always() Window { return Window{From: 0, To: 24 * 60} }

// hoursOpen tells when a calendar is open between two moments, on the clock of
// the plan's zone.
func hoursOpen(c *Calendar, from, to string, site *time.Location) string {
	at, end := local(from).In(site), local(to).In(site)
	var all []string
	for at.Before(end) {
		opens, ok := c.NextOpen(at, site)
		if !ok || !opens.Before(end) {
			break
		}
		closes := opens.Add(c.Left(opens, site))
		all = append(all, opens.In(site).Format("Mon 15:04 MST")+"-"+closes.In(site).Format("Mon 15:04 MST"))
		at = closes
	}
	return strings.Join(all, ", ")
}

func TestWindowsInTheHoursInWhichClocksChange(t *testing.T) {
	t.Parallel()
	london := zone("Europe/London")
	for name, c := range map[string]struct {
		w        Window
		from, to string
		want     string
	}{
		"an hour that the clocks skip never comes": {
			Window{From: 75, To: 105}, "2027-03-28", "2027-03-29", "",
		},
		"a window over the skipped hour is an hour shorter": {
			Window{From: 30, To: 150}, "2027-03-28", "2027-03-29", "Sun 00:30 GMT-Sun 02:30 BST",
		},
		"an hour that comes twice is open twice": {
			Window{From: 75, To: 105}, "2027-10-31", "2027-11-01", "Sun 01:15 BST-Sun 01:45 BST, Sun 01:15 GMT-Sun 01:45 GMT",
		},
		"a window over the double hour is an hour longer": {
			Window{From: 30, To: 150}, "2027-10-31", "2027-11-01", "Sun 00:30 BST-Sun 02:30 GMT",
		},
		"a night belongs to the day on which it begins": {
			Window{Days: []Weekday{Sat}, From: 22 * 60, To: 4 * 60}, "2027-03-25", "2027-04-02", "Sat 22:00 GMT-Sun 04:00 BST",
		},
	} {
		if got := hoursOpen(calendarOf(t, c.w, nil), c.from, c.to, london); got != c.want {
			t.Errorf("%s: open %s, want %s", name, got, c.want)
		}
	}
}

func TestEachSiteHasItsOwnNight(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, Window{TZ: SiteZone, From: 20 * 60, To: 23*60 + 30}, nil, Blackout{Name: "new year", TZ: SiteZone, From: local("2026-12-31"), To: local("2027-01-02")})
	at := time.Date(2026, 12, 30, 20, 15, 0, 0, time.UTC)
	for site, want := range map[string]bool{"Europe/London": true, "Europe/Warsaw": true, "America/New_York": false, "Asia/Tokyo": false} {
		if got := c.Open(at, zone(site)); got.Open != want {
			t.Errorf("%s: %+v", site, got)
		}
	}
	if next, ok := c.NextOpen(at, zone("America/New_York")); !ok || next.In(zone("America/New_York")).Format("02 15:04") != "30 20:00" {
		t.Errorf("New York opens at %s, %t", next, ok)
	}
	if next, ok := c.NextOpen(at.Add(30*time.Hour), zone("Asia/Tokyo")); !ok || next.In(zone("Asia/Tokyo")).Format("2006-01-02 15:04") != "2027-01-02 20:00" {
		t.Errorf("Tokyo opens after its own new year at %s, %t", next, ok)
	}
	if got := c.Open(at, nil); got.Open || !strings.Contains(got.Reason, "not known") {
		t.Errorf("a site without a zone: %+v", got)
	}
	if _, ok := c.NextOpen(at, nil); ok {
		t.Error("a site without a zone opens")
	}
}

// A blackout that begins while no window is open is one all the same.
func TestClosuresAreWhereBlackoutsAreWhateverTheWindows(t *testing.T) {
	t.Parallel()
	london := zone("Europe/London")
	c := calendarOf(t, Window{Days: []Weekday{Tue}, From: 20 * 60, To: 23 * 60}, nil,
		Blackout{Name: "close", Reason: "the books", From: local("2027-03-25"), To: local("2027-04-01")},
		Blackout{Name: "nights", Weekly: &Window{Days: []Weekday{Wed}, From: 22 * 60, To: 6 * 60}})
	var all []string
	for _, x := range c.Closures(local("2027-03-23").In(london), local("2027-03-30").In(london), london) {
		all = append(all, x.Blackout+" "+x.From.In(london).Format("02 15:04")+"-"+x.To.In(london).Format("02 15:04"))
	}
	want := "nights 24 22:00-25 06:00, close 25 06:00-30 00:00"
	if got := strings.Join(all, ", "); got != want {
		t.Errorf("closed %s, want %s", got, want)
	}
	sited := calendarOf(t, always(), nil, Blackout{Name: "new year", TZ: SiteZone, From: local("2026-12-31"), To: local("2027-01-02")})
	if got := sited.Closures(local("2026-12-30").In(london), local("2027-01-05").In(london), nil); got != nil {
		t.Errorf("without a site it is closed %v", got)
	}
}

// The bugs of other people's freezes: OctopusDeploy/Issues#9262 and #9599.
func TestOctopus9262AFreezeThatCrossesMidnightHoldsOnBothSidesOfIt(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, always(), nil, Blackout{Name: "nights", Weekly: &Window{Days: []Weekday{Fri}, From: 22 * 60, To: 6 * 60}})
	for text, want := range map[string]bool{
		"2027-02-05T21:59": true, "2027-02-05T22:00": false, "2027-02-06T00:00": false, "2027-02-06T05:59": false,
		"2027-02-06T06:00": true, "2027-02-06T23:00": true, "2027-02-05T03:00": true,
	} {
		if got := c.Open(local(text).In(zone("Europe/London")), nil); got.Open != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestOctopus9599AFreezeKeepsItsWeekdaysAndItsHoursWhenTheClocksChange(t *testing.T) {
	t.Parallel()
	london := zone("Europe/London")
	c := calendarOf(t, always(), nil, Blackout{Name: "weekends", Weekly: &Window{Days: []Weekday{Sat, Sun}, From: 0, To: 24 * 60}})
	for week := range 60 {
		monday := first(day("2027-01-04").AddDate(0, 0, 7*week), london)
		if left := c.Left(monday, nil); !monday.Add(left).In(london).Truncate(time.Second).Equal(first(day("2027-01-09").AddDate(0, 0, 7*week), london)) {
			t.Errorf("week %d: closes after %s", week, left)
		}
		saturday := first(day("2027-01-09").AddDate(0, 0, 7*week), london)
		if next, ok := c.NextOpen(saturday, nil); !ok || !next.Equal(first(day("2027-01-11").AddDate(0, 0, 7*week), london)) {
			t.Errorf("week %d: opens at %s", week, next.In(london))
		}
	}
}

func TestAFreezeThatBeginsOrEndsInTheDoubleHourCoversAllOfIt(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, always(), nil, Blackout{Name: "freeze", From: local("2027-10-31T01:30"), To: local("2027-10-31T01:45")})
	if got := hoursOpen(c, "2027-10-31", "2027-11-01", zone("Europe/London")); got != "Sun 00:00 BST-Sun 01:30 BST, Sun 01:45 GMT-Sun 00:00 GMT" &&
		!strings.HasPrefix(got, "Sun 00:00 BST-Sun 01:30 BST, Sun 01:45 GMT-") {
		t.Errorf("open %s", got)
	}
}

func TestABlackoutWinsOverAWindowAndAnOverride(t *testing.T) {
	t.Parallel()
	p := Plan{Spec: Spec{Calendars: Calendars{Override: &Override{Roles: []Role{IncidentCommander}, ReasonRequired: true, Expires: 4 * Duration(time.Hour)}}}}
	noon := time.Date(2027, 2, 3, 12, 0, 0, 0, time.UTC)
	g, err := p.Grant("ada", IncidentCommander, "trunk fails", noon, 2*Duration(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	c := calendarOf(t, Window{From: 20 * 60, To: 22 * 60}, nil, Blackout{Name: "audit", Reason: "auditors", From: local("2027-02-03T13:00"), To: local("2027-02-03T21:00")})
	for after, want := range map[time.Duration]string{
		-time.Minute:     "no window is open",
		0:                openedByHand,
		59 * time.Minute: openedByHand,
		time.Hour:        "audit",
		8 * time.Hour:    "audit",
		9 * time.Hour:    "w",
	} {
		got := c.Open(noon.Add(after), nil, g)
		if !slices.Contains([]string{got.Window, got.Blackout, got.Reason}, want) {
			t.Errorf("after %s: %+v, want %s", after, got, want)
		}
	}
	if left := c.Left(noon, nil, g); left != time.Hour {
		t.Errorf("an override runs into a blackout after %s", left)
	}
	if left := calendarOf(t, Window{From: 20 * 60, To: 22 * 60}, nil).Left(noon, nil, g); left != 2*time.Hour {
		t.Errorf("an override expires after %s", left)
	}
	for name, give := range map[string]struct {
		role   Role
		reason string
		holds  Duration
		want   error
	}{
		"an operator": {Operator, "x", Duration(time.Hour), dualtone.ErrDenied},
		"no reason":   {IncidentCommander, "", Duration(time.Hour), dualtone.ErrInvalid},
		"too long":    {IncidentCommander, "x", Day, dualtone.ErrInvalid},
	} {
		if _, err := p.Grant("bob", give.role, give.reason, noon, give.holds); !errors.Is(err, give.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&Plan{}).Grant("ada", IncidentCommander, "x", noon, 1); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("a plan without overrides: %v", err)
	}
}

// model says minute by minute when a calendar is open: slowly, and from the
// words of the plan alone.
type model struct {
	zones   map[Zone]*time.Location
	site    *time.Location
	windows []Window
	weekly  []Window
	// covered are the minutes since begin in which a blackout holds.
	covered []bool
	begin   time.Time
}

func (m *model) shows(w Window, at time.Time) bool {
	at = at.In(m.zones[w.TZ])
	clock := Clock(at.Hour()*60 + at.Minute())
	on := func(d time.Weekday) bool { return len(w.Days) == 0 || slices.Contains(w.Days, weekdayOf(d)) }
	if w.From < w.To {
		return on(at.Weekday()) && clock >= w.From && clock < w.To
	}
	return on(at.Weekday()) && clock >= w.From || on((at.Weekday()+6)%7) && clock < w.To
}

// cover marks a blackout from the first minute in which the clock shows its
// beginning or later to the last one in which it shows less than its end.
func (m *model) cover(b Blackout) {
	from, to := -1, -1
	for i := range m.covered {
		at := m.begin.Add(time.Duration(i) * time.Minute).In(m.zones[b.TZ])
		shown := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC)
		if from < 0 && !shown.Before(b.From.wall) {
			from = i
		}
		if shown.Before(b.To.wall) {
			to = i
		}
	}
	for i := max(from, 0); from >= 0 && i <= to; i++ {
		m.covered[i] = true
	}
}

func (m *model) open(i int) bool {
	at := m.begin.Add(time.Duration(i) * time.Minute)
	shows := func(w Window) bool { return m.shows(w, at) }
	return !m.covered[i] && !slices.ContainsFunc(m.weekly, shows) && slices.ContainsFunc(m.windows, shows)
}

func drawWindow(t *rapid.T, label string) Window {
	w := Window{
		TZ:   rapid.SampledFrom([]Zone{"", SiteZone, "America/New_York"}).Draw(t, label+" zone"),
		From: Clock(rapid.IntRange(0, 24*60-1).Draw(t, label+" from")),
		Days: rapid.SliceOfNDistinct(rapid.SampledFrom([]Weekday{Mon, Tue, Wed, Thu, Fri, Sat, Sun}), 0, 7, rapid.ID).Draw(t, label+" days"),
	}
	if w.To = Clock(rapid.IntRange(0, 24*60).Draw(t, label+" to")); w.To == w.From {
		w.To++
	}
	return w
}

func TestACalendarSaysWhatASlowClockSaysMinuteByMinute(t *testing.T) {
	t.Parallel()
	const days = 6
	zones := map[Zone]*time.Location{"": zone("Europe/London"), "America/New_York": zone("America/New_York")}
	rapid.Check(t, func(t *rapid.T) {
		site := rapid.SampledFrom([]string{
			"Europe/London", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Africa/Casablanca", "UTC",
		}).Draw(t, "site")
		// Around the days on which clocks change, somewhere.
		begin := day(rapid.SampledFrom([]string{"2026-10-23", "2027-03-12", "2027-03-26", "2027-04-02", "2027-10-29", "2027-02-05", "2027-06-01"}).Draw(t, "begin"))
		m := &model{zones: maps.Clone(zones), site: zone(site), begin: begin, covered: make([]bool, days*24*60)}
		m.zones[SiteZone] = m.site
		spec := Spec{Timezone: "Europe/London", Calendars: Calendars{Windows: map[string]Window{}}}
		stage := Stage{ID: "s"}
		for i := range rapid.IntRange(1, 2).Draw(t, "windows") {
			name := fmt.Sprint("w", i)
			w := drawWindow(t, name)
			spec.Calendars.Windows[name] = w
			stage.Windows, m.windows = append(stage.Windows, name), append(m.windows, w)
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "blackouts") {
			b := Blackout{Name: fmt.Sprint("b", i)}
			if rapid.IntRange(0, 3).Draw(t, "weekly") == 0 {
				w := drawWindow(t, b.Name)
				b.Weekly = &w
				m.weekly = append(m.weekly, w)
			} else {
				b.TZ = rapid.SampledFrom([]Zone{"", SiteZone, "America/New_York"}).Draw(t, "zone")
				b.From.wall = begin.Add(time.Duration(rapid.IntRange(1500, (days-3)*24*60).Draw(t, "from")) * time.Minute)
				b.To.wall = b.From.wall.Add(time.Duration(rapid.IntRange(1, 1500).Draw(t, "minutes")) * time.Minute)
				m.cover(b)
			}
			spec.Calendars.Blackouts = append(spec.Calendars.Blackouts, b)
		}
		spec.Stages = []Stage{stage}
		c, err := (&Document{Plan: Plan{Spec: spec}}).Calendar("s")
		if err != nil {
			t.Fatal(err)
		}
		m.compare(t, c)
	})
}

func (m *model) compare(t *rapid.T, c *Calendar) {
	at := func(i int) time.Time { return m.begin.Add(time.Duration(i) * time.Minute) }
	n := len(m.covered)
	// change is the next minute in which it is otherwise; n when none is.
	change, later := n, false
	for i := n - 1; i >= 0; i-- {
		open := m.open(i)
		if i < n-1 && open != later {
			change = i + 1
		}
		later = open
		if got := c.Open(at(i), m.site); got.Open != open {
			t.Fatalf("%s: %+v, the slow clock says %t", at(i).In(m.site), got, open)
		}
		if i%97 != 0 || change == n {
			continue
		}
		if open {
			if left := c.Left(at(i), m.site); left != at(change).Sub(at(i)) {
				t.Fatalf("%s: %s left, the slow clock says %s", at(i), left, at(change).Sub(at(i)))
			}
		} else if next, ok := c.NextOpen(at(i), m.site); !ok || !next.Equal(at(change)) {
			t.Fatalf("%s: opens at %s, the slow clock says %s", at(i), next, at(change))
		}
	}
}

func BenchmarkNextOpen(b *testing.B) {
	r := readPlan(b, examplePlan)
	c, err := r.Document.Calendar("wave-1")
	if err != nil {
		b.Fatal(err)
	}
	// Into the freeze at the end of the quarter: ten days to look over.
	at := time.Date(2027, 3, 25, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		if _, ok := c.NextOpen(at, zone("Europe/Warsaw")); !ok {
			b.Fatal("never")
		}
	}
}
