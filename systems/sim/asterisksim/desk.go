package asterisksim

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// The states of a device, as queue members show them.
const (
	deviceNotInUse    = 1
	deviceInUse       = 2
	deviceInvalid     = 4
	deviceUnavailable = 5
	deviceRinging     = 6
	deviceOnHold      = 8
)

// desk follows the world and keeps what Asterisk knows beyond it: channels,
// bridges, the figures of queues and their members. The world calls see while
// it is locked, so nothing here may ask the world.
type desk struct {
	emit    func(event)
	records *recorder
	opened  time.Time
	trunk   string

	mu        sync.Mutex
	names     names
	people    map[string]sim.Person
	byExt     map[string]string // person's id by extension
	members   map[string][]*member
	figures   map[string]*figures
	calls     map[string]*live
	busy      map[string][]*live
	waiting   map[string][]*live   // callers of a queue, those that ring a member included
	lastCall  map[string]time.Time // end of a person's last queue call
	processed int
	ready     bool // what comes now has not been there from the start
}

// member is a person's place in a queue with what Asterisk counts there.
type member struct {
	sim.Member
	joined, paused time.Time
	taken          int
}

// figures are what a queue has seen since the start.
type figures struct {
	completed, abandoned int
	hold, talk           time.Duration // running averages
}

func newDesk(opts Options, now time.Time, emit func(event), records *recorder) *desk {
	trunk := "trunk"
	if len(opts.Trunks) > 0 {
		trunk = opts.Trunks[0]
	}
	return &desk{
		emit: emit, records: records, opened: now, trunk: trunk,
		people: map[string]sim.Person{}, byExt: map[string]string{},
		members: map[string][]*member{}, figures: map[string]*figures{},
		waiting: map[string][]*live{}, calls: map[string]*live{}, busy: map[string][]*live{}, lastCall: map[string]time.Time{},
	}
}

// see takes in one change of the world.
func (d *desk) see(change sim.Change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case change.Call != nil:
		d.seeCall(change)
	case change.Queue != "":
		d.seeMember(change)
	default:
		d.seePerson(change)
	}
}

// open says that the world has been taken in as it is.
func (d *desk) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = true
}

func (d *desk) seePerson(change sim.Change) {
	if before := change.PersonBefore; before != nil {
		delete(d.people, before.ID)
		delete(d.byExt, extension(*before))
	}
	if change.Person == nil {
		return
	}
	p := *change.Person
	d.people[p.ID] = p
	d.byExt[extension(p)] = p.ID
	if change.PersonBefore != nil && change.PersonBefore.SignedIn != p.SignedIn {
		d.tellContact(change.At, p)
		d.tellDevice(change.At, p.ID)
	}
}

func (d *desk) seeMember(change sim.Change) {
	list := d.members[change.Queue]
	if change.Member == nil {
		i := slices.IndexFunc(list, func(m *member) bool { return same(m.Member, *change.MemberBefore) })
		if i >= 0 {
			gone := list[i]
			d.members[change.Queue] = slices.Delete(list, i, i+1)
			d.tellMember(change.At, "QueueMemberRemoved", change.Queue, gone)
			d.records.log(change.At, "MANAGER", change.Queue, gone.label(), "REMOVEMEMBER", "")
		}
		return
	}
	if change.MemberBefore == nil {
		m := &member{Member: *change.Member, joined: change.At}
		if m.Paused {
			m.paused = change.At
		}
		d.members[change.Queue] = append(list, m)
		d.tellMember(change.At, "QueueMemberAdded", change.Queue, m)
		if d.ready && !m.Fixed {
			d.records.log(change.At, "MANAGER", change.Queue, m.label(), "ADDMEMBER", ifPaused(m.Paused))
		}
		return
	}
	i := slices.IndexFunc(list, func(m *member) bool { return same(m.Member, *change.MemberBefore) })
	if i >= 0 {
		d.memberChanged(change, list[i])
	}
}

func (d *desk) memberChanged(change sim.Change, m *member) {
	before := m.Member
	m.Member = *change.Member
	if m.Paused != before.Paused || m.PauseReason != before.PauseReason {
		word := "UNPAUSE"
		if m.Paused {
			word, m.paused = "PAUSE", change.At
		}
		d.records.log(change.At, "NONE", change.Queue, m.label(), word, m.PauseReason)
		d.tellMember(change.At, "QueueMemberPause", change.Queue, m)
	}
	if m.Penalty != before.Penalty {
		d.records.log(change.At, "NONE", change.Queue, m.device(), "PENALTY", itoa(m.Penalty))
		d.tellMember(change.At, "QueueMemberPenalty", change.Queue, m)
	}
}

func ifPaused(paused bool) string {
	if paused {
		return "PAUSED"
	}
	return ""
}

func same(a, b sim.Member) bool {
	return a.Device == b.Device && (a.Device != "" || a.Person == b.Person)
}

// extension is the name under which a person's phone is known.
func extension(p sim.Person) string { return cmp.Or(p.Extension, p.ID) }

// device is the member's interface; a member without one is a plain phone.
func (m *member) device() string { return cmp.Or(m.Device, "PJSIP/"+m.Person) }

// label is the member's name, or the interface of one without a name.
func (m *member) label() string { return cmp.Or(m.Label, m.device()) }

// is reports whether a filter means the member, by interface or name.
func (m *member) is(filter string) bool {
	if m.Label == filter || m.Device == filter {
		return true
	}
	person, plain := strings.CutPrefix(filter, "PJSIP/")
	return m.Device == "" && plain && person == m.Person
}

// stateDevice is what Asterisk watches to know whether the member is free.
func (m *member) stateDevice() string { return cmp.Or(m.StateDevice, m.device()) }

// status is the state of the device that the queue watches. A bare Local
// interface says only whether a channel through it is in use: the phone behind
// it may be off.
func (d *desk) status(m *member) int {
	if target := localTarget(m.stateDevice()); target != "" {
		for _, l := range d.busy[m.Person] {
			if l.leg != nil && l.leg.outer != nil {
				return deviceInUse
			}
		}
		return deviceNotInUse
	}
	return d.deviceState(m.Person)
}

// deviceState is the state of a person's phone.
func (d *desk) deviceState(person string) int {
	p, known := d.people[person]
	switch {
	case !known:
		return deviceInvalid
	case !p.SignedIn:
		return deviceUnavailable
	}
	state := deviceNotInUse
	for _, l := range d.busy[person] {
		switch {
		case l.leg == nil:
		case l.leg.answered.IsZero():
			state = max(state, deviceRinging)
		case l.call.State == sim.Held:
			state = max(state, deviceOnHold)
		default:
			state = max(state, deviceInUse)
		}
	}
	return state
}

// wrapUp is how many seconds after the second of the last queue call a member
// is still in wrap-up; 0 for one who is not.
func (d *desk) wrapUp(person string) int64 {
	for _, l := range d.busy[person] {
		if l.call.State != sim.WrapUp || l.call.Queue == "" {
			continue
		}
		end := l.call.Over.Add(l.call.Wrap)
		seconds := end.Unix() - l.call.Over.Unix()
		if end.Nanosecond() > 0 {
			seconds++
		}
		return seconds
	}
	return 0
}

// inCall reports whether the member is on a call of this queue.
func (d *desk) inCall(queue, person string) bool {
	return slices.ContainsFunc(d.busy[person], func(l *live) bool {
		return l.call.Queue == queue && l.leg != nil && l.leg.fromQueue && !l.leg.answered.IsZero()
	})
}

// channels lists every channel in the order of creation.
func (d *desk) channels() []*channel {
	calls := make([]*live, 0, len(d.calls))
	for _, l := range d.calls {
		calls = append(calls, l)
	}
	slices.SortFunc(calls, func(a, b *live) int { return cmp.Compare(a.nth, b.nth) })
	var all []*channel
	for _, l := range calls {
		all = append(all, l.channels()...)
	}
	return all
}

func (d *desk) figuresOf(queue string) *figures {
	f, ok := d.figures[queue]
	if !ok {
		f = &figures{}
		d.figures[queue] = f
	}
	return f
}

// averaged weighs a new figure into a running average as app_queue does.
func averaged(old, add time.Duration) time.Duration {
	if old == 0 {
		return add
	}
	return (3*old + add) / 4
}
