package contract

import (
	"slices"
	"time"

	"github.com/dualtone/dualtone/finance"
)

// WorkingDays are the days on which a notice can reach a supplier.
type WorkingDays struct {
	// Weekend is saturday and sunday when it is left out.
	Weekend []Weekday `json:"weekend,omitempty"`
	// Holidays are days on which nobody works.
	Holidays []finance.Day `json:"holidays,omitempty"`
}

// Weekday is a day of the week by its English name, in lower case.
type Weekday string

// Words lists those that are known.
func (Weekday) Words() []string { return texts(weekdays()...) }

// Has reports whether people work on a day.
func (w WorkingDays) Has(d finance.Day) bool {
	weekend := w.Weekend
	if weekend == nil {
		weekend = []Weekday{"saturday", "sunday"}
	}
	return !slices.Contains(weekend, weekdays()[d.Weekday()]) && !slices.Contains(w.Holidays, d)
}

// Back is the day, or the last working day before it.
func (w WorkingDays) Back(d finance.Day) finance.Day {
	for range 366 {
		if w.Has(d) {
			break
		}
		d--
	}
	return d
}

func weekdays() []Weekday {
	return []Weekday{
		time.Sunday: "sunday", time.Monday: "monday", time.Tuesday: "tuesday", time.Wednesday: "wednesday",
		time.Thursday: "thursday", time.Friday: "friday", time.Saturday: "saturday",
	}
}
