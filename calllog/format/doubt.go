package format

import (
	"fmt"
	"time"
)

// doubt counts how far after their own channels rows start. A channel has later rows
// of its own, but its first starts with it: where none does, and all that there are
// start whole quarters of an hour later, they were written in another zone.
type doubt struct {
	inTime int
	late   int
	by     time.Duration // the first that was late
}

// almost is how far a channel's first row may be from it, to the second as both are.
const almost = 2 * time.Second

func (d *doubt) count(start, began time.Time) {
	late := start.Sub(began)
	switch {
	case began.IsZero():
	case late.Abs() < zoneLeast:
		d.inTime++
	case late > 0 && late <= zoneMost && (late-late.Round(zoneStep)).Abs() <= almost:
		if d.late == 0 {
			d.by = late.Round(zoneStep)
		}
		d.late++
	}
}

// say tells what is to be doubted; nothing where a row started with its channel.
func (d *doubt) say(zone *time.Location) string {
	if d.inTime > 0 || d.late == 0 {
		return ""
	}
	return fmt.Sprintf("no row starts with its own channel, but %s later: is %s the right zone? If not, read it with the right one and --again", hours(d.by), zone)
}
