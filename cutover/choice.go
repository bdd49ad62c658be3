package cutover

import (
	"fmt"

	"github.com/dualtone/dualtone"
)

// Choice is what becomes of what somebody else set between a move and its way back,
// facet by facet, each with the value that whoever chose has seen there. What has changed
// since is left alone and reported.
type Choice struct {
	// Over goes back to what stood before the switch.
	Over Image `json:"over,omitempty"`
	// Keep stays as it is, and the way back is whole without it. It is what an earlier way
	// back has reported.
	Keep Image `json:"keep,omitempty"`
}

// Check refuses a choice that would have calls ring where the person is not: what stands
// now beside what stood before the switch and what it wrote.
func (c Choice) Check(before, wrote, now Image) error {
	for _, f := range Facets() {
		_, over := c.Over[f]
		_, keep := c.Keep[f]
		switch {
		case !keep:
		case over:
			return fmt.Errorf("%s is either put back or kept: %w", f, dualtone.ErrInvalid)
		case astray(f, before[f], wrote[f], now[f]):
			return fmt.Errorf("%s cannot be kept as it is: calls would ring where the person is not: %w", f, dualtone.ErrInvalid)
		}
	}
	return nil
}

// astray reports whether calls would not follow the person home if this stayed.
func astray(f Facet, before, wrote, now Value) bool {
	switch f {
	case Routes, NewOffering:
		return true
	case OldForward:
		return now.Equal(wrote) && !now.Equal(before)
	case Softphone:
		return now.Softphone != nil && before.Softphone != nil && now.Softphone.CallCenter != before.Softphone.CallCenter
	default:
		return false
	}
}

func (c Choice) keeps(f Facet, now Image) bool {
	seen, keep := c.Keep[f]
	return keep && now[f].Kept(seen)
}

// agreed are the actions that say what stays although it is not what stood before.
func (c Choice) agreed(before, now Image) []Action {
	var all []Action
	for _, f := range Facets() {
		if c.keeps(f, now) && !now[f].Equal(before[f]) {
			all = append(all, Action{Step: Regroup, Facet: f, From: now[f], To: now[f], Agreed: true})
		}
	}
	return all
}
