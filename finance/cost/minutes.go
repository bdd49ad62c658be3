package cost

import (
	"maps"
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// recent is from how many days the minutes of the days to come are estimated.
const recent = 28

// minutes are those of calls that a system sent on to the other one, and the
// estimate for the days to come.
func (d *drawer) minutes(item *priced) {
	line := &d.frame.line
	type at struct {
		costCenter string
		segment    int
	}
	seconds, lately := map[at]int64{}, map[string]int64{}
	for _, m := range d.e.in.Facts.Minutes {
		if m.System != item.system || m.Day > d.e.in.AsOf || !line.span.Has(m.Day) {
			continue
		}
		s := line.at(m.Day)
		seconds[at{m.CostCenter, s}] += m.Seconds
		if m.Day > d.e.in.AsOf-recent {
			lately[m.CostCenter] += m.Seconds
		}
	}
	until := max(d.needs.served, 0)
	if d.needs.forever {
		until = line.span.To
	}
	for _, c := range d.e.costCenters() {
		for s, seg := range line.segments {
			ahead := seg.And(finance.Span{From: d.e.in.AsOf + 1, To: until}).Days()
			q := finance.Fraction(seconds[at{c, s}], 60).Add(finance.Fraction(lately[c]*int64(ahead), recent*60))
			d.put(piece{Charged, item, group{costCenter: c}, s}, q, Minute)
			d.put(piece{Hairpinned, item, group{costCenter: c}, s}, q, Minute)
		}
	}
}

// costCenters are those that minutes were spent in, in their order.
func (e *Engine) costCenters() []string {
	seen := map[string]bool{}
	for _, m := range e.in.Facts.Minutes {
		seen[m.CostCenter] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
