package cutover

import (
	"slices"

	"github.com/dualtone/dualtone"
)

// Between reports whether the value is made of parts of two others: what both
// have, and some of what either has. A write that consists of many, such as
// leaving three queues, leaves such a value behind when it is broken off.
func (v Value) Between(from, to Value) bool {
	switch {
	case v.Softphone != nil && from.Softphone != nil && to.Softphone != nil:
		s, a, b := v.Softphone, from.Softphone, to.Softphone
		return (s.CallCenter == a.CallCenter || s.CallCenter == b.CallCenter) &&
			(s.AutoLogin == a.AutoLogin || s.AutoLogin == b.AutoLogin) &&
			mixed(s.PermissionSets, a.PermissionSets, b.PermissionSets)
	case v.Seat != nil && from.Seat != nil && to.Seat != nil:
		s, a, b := v.Seat, from.Seat, to.Seat
		return (s.Enabled == a.Enabled || s.Enabled == b.Enabled) && mixed(s.Licenses, a.Licenses, b.Licenses)
	case v.Offering != nil && from.Offering != nil && to.Offering != nil:
		o, a, b := v.Offering.Unpaused(), from.Offering.Unpaused(), to.Offering.Unpaused()
		return sameProfile(o, a, b) && mixed(o.Memberships, a.Memberships, b.Memberships)
	case v.Forward != nil && from.Forward != nil && to.Forward != nil:
		f, a, b := v.Forward, from.Forward, to.Forward
		return (f.To == a.To || f.To == b.To) && blended(f.Detail, a.Detail, b.Detail)
	default:
		return v.Equal(from) || v.Equal(to)
	}
}

// Strays reports whether the value, though Equal to another, keeps something of a
// write that was broken off.
func (v Value) Strays(from Value) bool {
	return v.Softphone != nil && from.Softphone != nil && len(v.Softphone.Strays(*from.Softphone)) > 0
}

func sameProfile(o, a, b dualtone.Offering) bool {
	return o.Profile == "" || o.Profile == a.Profile || o.Profile == b.Profile
}

// blended reports whether each detail of a forward is as one of two others has it, or is
// one that neither has: such as the lamp of a phone, which is told only while it does not
// agree with the forward, between the writes of the two.
func blended(have, a, b map[string]string) bool {
	for _, both := range []map[string]string{a, b} {
		for name := range both {
			was, before := a[name]
			is, after := b[name]
			found, there := have[name]
			if (found != was || there != before) && (found != is || there != after) {
				return false
			}
		}
	}
	return true
}

// mixed reports whether a list holds all that two others share, and nothing that
// neither of them has.
func mixed[T comparable](have, a, b []T) bool {
	for _, x := range have {
		if !slices.Contains(a, x) && !slices.Contains(b, x) {
			return false
		}
	}
	for _, x := range a {
		if slices.Contains(b, x) && !slices.Contains(have, x) {
			return false
		}
	}
	return true
}
