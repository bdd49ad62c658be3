package dualtone

import (
	"slices"
	"strings"
)

// Seat is a user's right to work on a phone system.
type Seat struct {
	Enabled bool `json:"enabled"`
	// Licenses are what the seat holds in the system's own names: licenses,
	// security profiles, roles. Sorted; compared as a set.
	Licenses []string `json:"licenses,omitempty"`
}

// Equal reports whether two seats grant the same.
func (s Seat) Equal(o Seat) bool {
	return s.Enabled == o.Enabled && sameSet(s.Licenses, o.Licenses)
}

// Forward is where a system sends all calls of a user instead of ringing them.
type Forward struct {
	// To is the number as the system dials it; empty means calls are not forwarded.
	To string `json:"to"`
	// Detail keeps what else the system's forward block holds (calling search
	// spaces, voicemail flag) so that it can be put back whole.
	Detail map[string]string `json:"detail,omitempty"`
}

// Equal reports whether two forwards send calls to the same place in the same way.
func (f Forward) Equal(o Forward) bool {
	if f.To != o.To || len(f.Detail) != len(o.Detail) {
		return false
	}
	for k, v := range f.Detail {
		if w, ok := o.Detail[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// QueueID is a system's own key of a queue.
type QueueID string

// Queue is a queue as a system lists it.
type Queue struct {
	ID     QueueID `json:"id"`
	Name   string  `json:"name,omitempty"`
	Number Number  `json:"number,omitempty"`
}

// Membership is a user's place in one queue, with all that must be put back.
type Membership struct {
	Queue QueueID `json:"queue"`
	// Penalty is the system's rank of the member in the queue: lower is offered first.
	Penalty int `json:"penalty,omitempty"`
	// Order is the member's position where the system keeps one, from 1; 0 where it keeps none.
	Order int `json:"order,omitempty"`
	// Device and StateDevice are the exact strings by which the queue rings the
	// member and watches their state.
	Device      string `json:"device,omitempty"`
	StateDevice string `json:"state_device,omitempty"`
	// Label is the member's name in the queue's own log.
	Label       string `json:"label,omitempty"`
	Paused      bool   `json:"paused,omitempty"`
	PauseReason string `json:"pause_reason,omitempty"`
	// Fixed marks a membership from the system's static configuration, which no
	// one can take away at run time.
	Fixed bool `json:"fixed,omitempty"`
}

// Offering is which queues a system offers a user calls from.
type Offering struct {
	// Profile is the bundle that grants the memberships on systems that have
	// one (a routing profile); empty elsewhere, or where any fitting one will do.
	Profile     string       `json:"profile,omitempty"`
	Memberships []Membership `json:"memberships,omitempty"`
}

// Sorted returns the offering with its memberships in the order of their queues.
func (o Offering) Sorted() Offering {
	o.Memberships = slices.Clone(o.Memberships)
	slices.SortFunc(o.Memberships, func(a, b Membership) int {
		return strings.Compare(string(a.Queue)+"\x00"+a.Device, string(b.Queue)+"\x00"+b.Device)
	})
	return o
}

// Equal reports whether two offerings are the same, whatever their order. An
// empty profile on either side stands for any profile.
func (o Offering) Equal(p Offering) bool {
	if o.Profile != p.Profile && o.Profile != "" && p.Profile != "" {
		return false
	}
	return slices.Equal(o.Sorted().Memberships, p.Sorted().Memberships)
}

// Unpaused returns the offering without its pauses, which agents set and lift
// themselves all day.
func (o Offering) Unpaused() Offering {
	o.Memberships = slices.Clone(o.Memberships)
	for i := range o.Memberships {
		o.Memberships[i] = o.Memberships[i].Unpaused()
	}
	return o
}

// Unpaused returns the membership without its pause.
func (m Membership) Unpaused() Membership {
	m.Paused, m.PauseReason = false, ""
	return m
}

// Stopped returns the offering with every membership paused for the reason, so
// that no queue offers the user a new call. Memberships that were paused
// already keep their own reason.
func (o Offering) Stopped(reason string) Offering {
	o.Memberships = slices.Clone(o.Memberships)
	for i := range o.Memberships {
		if !o.Memberships[i].Paused {
			o.Memberships[i].Paused = true
			o.Memberships[i].PauseReason = reason
		}
	}
	return o
}

// Without returns the offering without its memberships in some queues.
func (o Offering) Without(queues ...QueueID) Offering {
	o.Memberships = slices.DeleteFunc(slices.Clone(o.Memberships), func(m Membership) bool { return slices.Contains(queues, m.Queue) })
	return o
}

// Assignment is a number and what answers it on a system: a user or a flow.
type Assignment struct {
	Number Number `json:"number"`
	Target string `json:"target,omitempty"`
}

// License is a kind of seat that a system sells, and how many are used.
// Total is 0 where the system is priced by use.
type License struct {
	Name  string `json:"name"`
	Used  int    `json:"used"`
	Total int    `json:"total,omitempty"`
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
