package plan

import "time"

// wallOf is what the clock on a wall in the zone shows at a moment, as if it
// were UTC.
func wallOf(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	_, offset := at.Zone()
	return at.Add(time.Duration(offset) * time.Second).UTC()
}

// first is the first moment at which the clock on a wall in the zone shows the
// time or a later one; last is the end of the last moment before which it shows
// an earlier one. They differ where the clocks are put back.
func first(wall time.Time, zone *time.Location) time.Time {
	early, late := bounds(wall, zone)
	if shows(early, zone, wall) {
		return early
	}
	if shows(late, zone, wall) {
		return late
	}
	// The clocks skip it: the moment at which they do.
	change, _ := late.In(zone).ZoneBounds()
	if change.IsZero() || change.Before(early) {
		_, change = early.In(zone).ZoneBounds()
	}
	return change.UTC()
}

func last(wall time.Time, zone *time.Location) time.Time {
	_, late := bounds(wall, zone)
	if shows(late, zone, wall) {
		return late
	}
	return first(wall, zone)
}

func shows(at time.Time, zone *time.Location, wall time.Time) bool {
	return wallOf(at, zone).Equal(wall)
}

// bounds are the two moments that a wall time can be, by the offsets that hold
// half a day before and after it.
func bounds(wall time.Time, zone *time.Location) (early, late time.Time) {
	_, before := wall.Add(-36 * time.Hour).In(zone).Zone()
	_, after := wall.Add(36 * time.Hour).In(zone).Zone()
	a, b := wall.Add(-time.Duration(before)*time.Second), wall.Add(-time.Duration(after)*time.Second)
	if b.Before(a) {
		return b, a
	}
	return a, b
}
