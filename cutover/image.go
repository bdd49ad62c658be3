package cutover

import (
	"maps"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Facet is one thing about a user that a switch reads, may write and can put
// back as a whole.
type Facet string

// The facets of a user.
const (
	Softphone   Facet = "crm.softphone"
	Routes      Facet = "routes"
	OldSeat     Facet = "old.seat"
	OldForward  Facet = "old.forward"
	OldOffering Facet = "old.offering"
	NewSeat     Facet = "new.seat"
	NewForward  Facet = "new.forward"
	NewOffering Facet = "new.offering"
)

// Facets lists all facets in the order in which an image shows them.
func Facets() []Facet {
	return []Facet{Softphone, Routes, OldSeat, OldForward, OldOffering, NewSeat, NewForward, NewOffering}
}

// Side is the side that a facet belongs to; false for the CRM and the routes.
func (f Facet) Side() (dualtone.Side, bool) {
	switch f {
	case OldSeat, OldForward, OldOffering:
		return dualtone.Old, true
	case NewSeat, NewForward, NewOffering:
		return dualtone.New, true
	default:
		return "", false
	}
}

// Value is the content of one facet; exactly one field is set.
type Value struct {
	Softphone *dualtone.Softphone `json:"softphone,omitempty"`
	Routes    []routing.Route     `json:"routes,omitzero"`
	Seat      *dualtone.Seat      `json:"seat,omitempty"`
	Forward   *dualtone.Forward   `json:"forward,omitempty"`
	Offering  *dualtone.Offering  `json:"offering,omitempty"`
}

// Equal reports whether two values mean the same to their system.
func (v Value) Equal(o Value) bool {
	switch {
	case v.Softphone != nil && o.Softphone != nil:
		return v.Softphone.Equal(*o.Softphone)
	case v.Seat != nil && o.Seat != nil:
		return v.Seat.Equal(*o.Seat)
	case v.Forward != nil && o.Forward != nil:
		return v.Forward.Equal(*o.Forward)
	case v.Offering != nil && o.Offering != nil:
		return v.Offering.Equal(*o.Offering)
	case v.Routes != nil && o.Routes != nil:
		return equalRoutes(v.Routes, o.Routes)
	default:
		return v.empty() && o.empty()
	}
}

// Kept reports whether the value still is what was written: the same but for
// the pauses, which belong to the agent.
func (v Value) Kept(written Value) bool {
	if v.Offering != nil && written.Offering != nil {
		return v.Offering.Unpaused().Equal(written.Offering.Unpaused())
	}
	return v.Equal(written)
}

func (v Value) empty() bool {
	return v.Softphone == nil && v.Seat == nil && v.Forward == nil && v.Offering == nil && v.Routes == nil
}

func equalRoutes(a, b []routing.Route) bool {
	if len(a) != len(b) {
		return false
	}
	// The order in which the user list has somebody's numbers means nothing.
	for _, r := range a {
		if !slices.ContainsFunc(b, r.Equal) {
			return false
		}
	}
	return true
}

// Image is everything about a user that must be put back on the way back, as it
// was read at one moment. A facet that the image does not hold does not exist
// on its system.
type Image map[Facet]Value

// With returns a copy of the image in which one facet has another value.
func (i Image) With(f Facet, v Value) Image {
	next := make(Image, len(i)+1)
	maps.Copy(next, i)
	next[f] = v
	return next
}

// Difference is a facet in which two images are not the same.
type Difference struct {
	Facet Facet `json:"facet"`
	Want  Value `json:"want"`
	Have  Value `json:"have"`
}

// Differences compares two images facet by facet, in the order of Facets.
func Differences(want, have Image) []Difference {
	var all []Difference
	for _, f := range Facets() {
		if !want[f].Equal(have[f]) {
			all = append(all, Difference{Facet: f, Want: want[f], Have: have[f]})
		}
	}
	return all
}

// Missing compares what a switch was to make with what was read back. It looks
// away from pauses: an agent who takes a break does not undo a switch.
func Missing(want, have Image) []Difference {
	var all []Difference
	for _, d := range Differences(want, have) {
		if !d.Have.Kept(d.Want) {
			all = append(all, d)
		}
	}
	return all
}

// Drift is a facet that somebody else changed after us: what it was before the
// switch, what the switch last wrote there, and what stands there now.
type Drift struct {
	Facet  Facet `json:"facet"`
	Before Value `json:"before"`
	Wrote  Value `json:"wrote"`
	Now    Value `json:"now"`
}
