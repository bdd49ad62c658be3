package cutover

import (
	"slices"

	"github.com/dualtone/dualtone"
)

// homeward is what somebody else changed in part, with the other parts as they were
// before; false where nothing of it is ours to take back.
func (v Value) homeward(before, wrote Value) (Value, bool) {
	switch {
	case v.Softphone != nil && before.Softphone != nil && wrote.Softphone != nil:
		return homePhone(*v.Softphone, *before.Softphone, *wrote.Softphone)
	case v.Offering != nil && before.Offering != nil && wrote.Offering != nil:
		return homeQueues(*v.Offering, *before.Offering, *wrote.Offering)
	default:
		return Value{}, false
	}
}

// homePhone has the call center from before, and not what was granted; nothing is ours
// where they chose the call center. Left at that of the new side, it would not be where
// the calls go.
func homePhone(now, before, wrote dualtone.Softphone) (Value, bool) {
	if now.CallCenter != wrote.CallCenter {
		return Value{}, false
	}
	now.CallCenter = before.CallCenter
	now.PermissionSets = slices.DeleteFunc(slices.Clone(now.PermissionSets), func(set string) bool {
		return slices.Contains(wrote.PermissionSets, set) && !slices.Contains(before.PermissionSets, set)
	})
	for _, own := range before.Licenses {
		if !slices.Contains(now.Licenses, own) {
			now.Licenses = append(slices.Clip(now.Licenses), own)
		}
	}
	return Value{Softphone: &now}, true
}

// homeQueues has the memberships that were left, and not those that were joined, beside
// what they changed: one queue more must not cost somebody all others. A profile gives its
// queues as a whole, so where there is one it is theirs.
func homeQueues(now, before, wrote dualtone.Offering) (Value, bool) {
	if now.Profile != "" || before.Profile != "" || wrote.Profile != "" {
		return Value{}, false
	}
	var home dualtone.Offering
	for _, m := range now.Memberships {
		was, had := membership(before, m)
		is, gave := membership(wrote, m)
		if gave && !had && m.Unpaused() == is.Unpaused() {
			continue
		}
		if had && m.Paused && m.PauseReason == pauseReason {
			m.Paused, m.PauseReason = was.Paused, was.PauseReason
		}
		home.Memberships = append(home.Memberships, m)
	}
	for _, m := range before.Memberships {
		_, there := membership(now, m)
		_, kept := membership(wrote, m)
		if !there && !kept {
			home.Memberships = append(home.Memberships, m)
		}
	}
	return Value{Offering: &home}, !home.Equal(now)
}

// membership is the one of the same place in a queue.
func membership(o dualtone.Offering, at dualtone.Membership) (dualtone.Membership, bool) {
	i := slices.IndexFunc(o.Memberships, func(m dualtone.Membership) bool { return m.Queue == at.Queue && m.Device == at.Device })
	if i < 0 {
		return dualtone.Membership{}, false
	}
	return o.Memberships[i], true
}
