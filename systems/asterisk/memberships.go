package asterisk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
)

// step is one action on one member of one queue.
type step struct {
	order      int
	action     string
	parameters message
}

// The order of steps: who shall get no more calls gets none at once, and nobody
// leaves a queue before they are in the others.
const (
	pauseFirst = iota
	thenAdd
	thenRank
	removeLast
)

// place is one member's place: the queue, and the device that it rings.
type place struct {
	queue  dualtone.QueueID
	device string
}

// plan returns the steps from what is now to what is wanted. Each field of each
// membership, pauses apart, must be as it was believed to be, or already as it
// is wanted.
func (q queues) plan(user dualtone.UserID, now, from, to dualtone.Offering) ([]step, error) {
	devices := map[dualtone.QueueID]string{}
	for _, m := range now.Memberships {
		devices[m.Queue] = m.Device
	}
	byPlace := func(o dualtone.Offering) map[place]dualtone.Membership {
		all := map[place]dualtone.Membership{}
		for _, m := range o.Memberships {
			if m.Device == "" {
				m.Device = devices[m.Queue]
			}
			if m.Device == "" {
				m.Device = q.device(user)
			}
			all[place{m.Queue, m.Device}] = m
		}
		return all
	}
	is, was, wanted := byPlace(now), byPlace(from), byPlace(to)
	var steps []step
	left := false
	for _, p := range places(is, was, wanted) {
		d := difference{place: p, now: pick(is, p), from: pick(was, p), to: pick(wanted, p)}
		more, err := d.steps()
		if err != nil {
			return nil, fmt.Errorf("asterisk: %s in queue %s: %w", p.device, p.queue, err)
		}
		steps = append(steps, more...)
		left = left || d.now == nil && d.from != nil && d.to == nil
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.order - b.order })
	if left && slices.ContainsFunc(steps, func(s step) bool { return s.order == thenAdd || s.order == thenRank }) {
		// A change that was broken off leaves queues last, so that was somebody else.
		return nil, fmt.Errorf("asterisk: %s has left a queue that they were believed to be in: %w", user, dualtone.ErrConflict)
	}
	return steps, nil
}

func places(all ...map[place]dualtone.Membership) []place {
	var found []place
	for _, m := range all {
		for p := range m {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b place) int {
		return strings.Compare(string(a.queue)+"\x00"+a.device, string(b.queue)+"\x00"+b.device)
	})
	return slices.Compact(found)
}

func pick(all map[place]dualtone.Membership, p place) *dualtone.Membership {
	if m, ok := all[p]; ok {
		return &m
	}
	return nil
}

// difference is one place as it is, as it was believed to be and as it is
// wanted; nil where the user has no such place.
type difference struct {
	place

	now, from, to *dualtone.Membership
}

func (d difference) steps() ([]step, error) {
	switch {
	case d.now == nil && d.to == nil:
		return nil, nil
	case d.now == nil && d.from != nil && d.sameMember(d.from, d.to):
		return nil, fmt.Errorf("it is gone: %w", dualtone.ErrConflict)
	case d.now == nil && d.to.Fixed:
		return nil, fmt.Errorf("a static member is made in queues.conf only: %w", dualtone.ErrUnsupported)
	case d.now == nil:
		return []step{d.add()}, nil
	case d.to != nil:
		return d.adjust()
	case d.from == nil:
		return nil, fmt.Errorf("somebody added it: %w", dualtone.ErrConflict)
	case d.now.Fixed:
		return nil, fmt.Errorf("a static member can be paused and not removed: %w", dualtone.ErrUnsupported)
	default:
		return d.leave()
	}
}

// adjust changes a member who stays.
func (d difference) adjust() ([]step, error) {
	from := d.from
	if from == nil {
		from = d.to
	}
	if !d.sameMember(d.now, d.to) {
		if !d.sameMember(d.now, from) || d.now.Fixed {
			return nil, fmt.Errorf("label %q and state device %q cannot be changed: %w", d.now.Label, d.now.StateDevice, dualtone.ErrConflict)
		}
		return []step{d.remove(), d.add()}, nil
	}
	var steps []step
	if d.now.Penalty != d.to.Penalty {
		if d.now.Penalty != from.Penalty {
			return nil, fmt.Errorf("penalty is %d: %w", d.now.Penalty, dualtone.ErrConflict)
		}
		steps = append(steps, step{thenRank, "QueuePenalty", message{
			{"Queue", string(d.queue)},
			{"Interface", d.device},
			{"Penalty", strconv.Itoa(d.to.Penalty)},
		}})
	}
	if !samePause(d.now, d.to) {
		// Agents pause themselves all day: whatever it is, it becomes what is wanted.
		steps = append(steps, d.pause())
	}
	return steps, nil
}

func (d difference) leave() ([]step, error) {
	if !d.sameMember(d.now, d.from) || d.now.Penalty != d.from.Penalty {
		return nil, fmt.Errorf("it is changed: %w", dualtone.ErrConflict)
	}
	return []step{d.remove()}, nil
}

// sameMember compares what only a new membership can change. An empty label or
// state device stands for whichever Asterisk gives.
func (difference) sameMember(a, b *dualtone.Membership) bool {
	return b == nil ||
		(a.Label == b.Label || a.Label == "" || b.Label == "") &&
			(a.StateDevice == b.StateDevice || a.StateDevice == "" || b.StateDevice == "")
}

// samePause compares pauses; the reason of one that is over means nothing.
func samePause(a, b *dualtone.Membership) bool {
	return a.Paused == b.Paused && (!a.Paused || a.PauseReason == b.PauseReason)
}

func (d difference) add() step {
	parameters := message{
		{"Queue", string(d.queue)},
		{"Interface", d.device},
		{"Penalty", strconv.Itoa(d.to.Penalty)},
		{"Paused", strconv.FormatBool(d.to.Paused)},
	}
	for _, f := range []field{{"Reason", d.to.PauseReason}, {"MemberName", d.to.Label}, {"StateInterface", d.to.StateDevice}} {
		if f.value != "" {
			parameters = append(parameters, f)
		}
	}
	return step{thenAdd, "QueueAdd", parameters}
}

func (d difference) remove() step {
	order := removeLast
	if d.to != nil {
		order = thenAdd
	}
	return step{order, "QueueRemove", message{{"Queue", string(d.queue)}, {"Interface", d.device}}}
}

func (d difference) pause() step {
	parameters := message{
		{"Queue", string(d.queue)},
		{"Interface", d.device},
		{"Paused", strconv.FormatBool(d.to.Paused)},
	}
	if d.to.Paused && d.to.PauseReason != "" {
		parameters = append(parameters, field{"Reason", d.to.PauseReason})
	}
	return step{pauseFirst, "QueuePause", parameters}
}
