package rehearsal

import (
	"sort"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
)

// opening is a time in which users of a zone may be switched, its end left out.
type opening struct{ from, to time.Time }

// openings are those of one zone, found as they are asked for.
type openings struct {
	calendar *plan.Calendar
	zone     *time.Location
	known    []opening
	until    time.Time // how far they are known
	over     bool      // none comes after
}

func newOpenings(c *plan.Calendar, zone *time.Location, start time.Time) *openings {
	return &openings{calendar: c, zone: zone, until: start}
}

// at is the opening at a moment, or the next one after it; false when there is
// none.
func (o *openings) at(now time.Time) (opening, bool) {
	for !o.over && !o.until.After(now) {
		o.findNext()
	}
	i := sort.Search(len(o.known), func(i int) bool { return o.known[i].to.After(now) })
	if i == len(o.known) {
		if o.over {
			return opening{}, false
		}
		o.findNext()
		return o.at(now)
	}
	found := o.known[i]
	if found.from.Before(now) {
		found.from = now
	}
	return found, true
}

func (o *openings) findNext() {
	from, ok := o.calendar.NextOpen(o.until, o.zone)
	if !ok {
		o.over = true
		return
	}
	to := from.Add(o.calendar.Left(from, o.zone))
	o.known = append(o.known, opening{from, to})
	o.until = to
}
