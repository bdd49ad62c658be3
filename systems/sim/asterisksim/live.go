package asterisksim

import (
	"slices"
	"strconv"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// queueData is what the Queue application was started with.
const queueData = ",t,,"

// live is a call that is not over, with its channels.
type live struct {
	call     sim.Call
	nth      int
	position int // in the queue when it came
	caller   *channel
	leg      *leg
	// legStart is when the caller was last sent to somebody.
	legStart time.Time
	sequence int // of the record of what the caller does now
	hungUp   bool
}

// leg is the part of a call that runs to one person's phone, or out to where they
// forward.
type leg struct {
	person, exten  string
	local          string  // what its Local channel leads to, or empty
	dial           string  // what is dialed in the end: PJSIP/1001, PJSIP/881001@carrier
	member         *member // nil unless it came from a queue
	fromQueue      bool
	outer, inner   *channel // the halves of a Local channel, or nil
	phone          *channel
	rang, answered time.Time
}

// far is what the caller's channel dialed.
func (g *leg) far() *channel {
	if g.outer != nil {
		return g.outer
	}
	return g.phone
}

func (l *live) channels() []*channel {
	if l.hungUp {
		return nil
	}
	all := []*channel{l.caller}
	if l.leg == nil {
		return all
	}
	if l.leg.outer != nil {
		all = append(all, l.leg.outer, l.leg.inner)
	}
	return append(all, l.leg.phone)
}

// inQueue reports whether the caller still stands in the queue: that lasts
// until a member has answered.
func (l *live) inQueue() bool {
	return l.call.Queue != "" && !l.hungUp &&
		(l.leg == nil || l.leg.fromQueue && l.leg.answered.IsZero())
}

func (d *desk) seeCall(change sim.Change) {
	now := *change.Call
	l, known := d.calls[now.ID]
	if !known {
		if now.State.Over() {
			return
		}
		l = d.arrive(now)
	}
	before := l.call.State
	l.call = now
	d.occupy(l, change)
	switch now.State {
	case sim.Waiting:
	case sim.Ringing:
		d.reach(l, change.At)
	case sim.Talking, sim.Held:
		d.talk(l, before, change.At)
	case sim.WrapUp:
		d.hangUp(l)
	default:
		d.hangUp(l)
		delete(d.calls, now.ID)
	}
	if now.Person != "" {
		d.tellDevice(change.At, now.Person)
	}
}

// occupy keeps the list of who has which call.
func (d *desk) occupy(l *live, change sim.Change) {
	if before := change.CallBefore; before != nil && before.Person != "" &&
		(before.Person != l.call.Person || l.call.State.Over()) {
		left := slices.DeleteFunc(d.busy[before.Person], func(other *live) bool { return other == l })
		if len(left) == 0 {
			delete(d.busy, before.Person)
		} else {
			d.busy[before.Person] = left
		}
	}
	person := l.call.Person
	if person != "" && !l.call.State.Over() && !slices.Contains(d.busy[person], l) {
		d.busy[person] = append(d.busy[person], l)
	}
}

// arrive opens the caller's channel.
func (d *desk) arrive(c sim.Call) *live {
	d.processed++
	l := &live{call: c, nth: d.processed, legStart: c.Arrived}
	l.caller = d.names.open(c.Arrived)
	l.caller.name = d.names.phone(d.trunk)
	l.caller.callerNum = c.From
	l.caller.state = chanRing
	l.sequence = l.caller.sequence
	l.caller.exten = c.To
	if c.State == sim.WrapUp {
		l.hungUp = true
		d.calls[c.ID] = l
		return l
	}
	l.caller.context = "ext-local"
	if c.Queue != "" {
		l.caller.context = "ext-queues"
	}
	d.tell(c.Arrived, "call", "Newchannel", l.caller.lines(""))
	d.calls[c.ID] = l
	if c.Queue == "" {
		return l
	}
	d.waiting[c.Queue] = append(d.waiting[c.Queue], l)
	l.position = len(d.waiting[c.Queue])
	l.caller.state, l.caller.priority = chanUp, 2
	l.caller.app, l.caller.data = "Queue", c.Queue+queueData
	d.tell(c.Arrived, "call", "Newstate", l.caller.lines(""))
	d.tell(c.Arrived, "agent", "QueueCallerJoin", append(l.caller.lines(""),
		line("Queue", c.Queue), number("Position", l.position), number("Count", l.position)))
	d.records.log(c.Arrived, l.caller.uniqueid, c.Queue, "NONE", "ENTERQUEUE", "|"+c.From+"|"+itoa(l.position))
	return l
}

// leaveQueue takes a caller out of the line and returns the place held there.
func (d *desk) leaveQueue(l *live) int {
	line := d.waiting[l.call.Queue]
	i := slices.Index(line, l)
	if i < 0 {
		return 1
	}
	d.waiting[l.call.Queue] = slices.Delete(line, i, i+1)
	return i + 1
}

// reach opens the channels to a person's phone, or to where they forward.
func (d *desk) reach(l *live, at time.Time) {
	if l.call.ForwardedBy != "" {
		d.forward(l)
		return
	}
	d.ring(l, at)
}

// forward runs through the dialplan once more, by a Local channel, and out over the
// trunk: FreePBX stays in the call.
func (d *desk) forward(l *live) {
	c := l.call
	by := c.ForwardedBy
	if p, ok := d.people[by]; ok {
		by = extension(p)
	}
	l.leg = &leg{exten: c.ForwardedTo, local: c.ForwardedTo + "@from-internal", dial: "PJSIP/" + c.ForwardedTo + "@" + d.trunk, rang: c.Arrived}
	d.openLeg(l, d.trunk)
	l.caller.app, l.caller.data = "Dial", "Local/"+l.leg.local+"/n,,tr"
	l.caller.exten, l.caller.priority = by, 2
	d.tell(c.Arrived, "call", "DialBegin", append(append(l.caller.lines(""), l.leg.far().lines("Dest")...),
		line("DialString", l.leg.local+"/n")))
}

// ring opens the channels to a person's phone.
func (d *desk) ring(l *live, at time.Time) {
	if l.leg != nil {
		d.transferred(l, at)
	}
	c := l.call
	g := &leg{person: c.Person, exten: c.Person, rang: c.Rang}
	if p, ok := d.people[c.Person]; ok {
		g.exten = extension(p)
	}
	g.dial = "PJSIP/" + g.exten
	if c.Queue != "" && len(c.Transfers) == 0 {
		g.fromQueue = true
		i := slices.IndexFunc(d.members[c.Queue], func(m *member) bool { return m.Person == c.Person })
		if i >= 0 {
			g.member = d.members[c.Queue][i]
			g.local = localTarget(g.member.device())
		}
	}
	l.leg = g
	d.openLeg(l, g.exten)
	if !g.fromQueue {
		l.caller.app, l.caller.data = "Dial", g.dial+",,tr"
		l.caller.exten, l.caller.priority = g.exten, 2
	} else if g.member != nil {
		lines := append(l.caller.lines(""), g.far().lines("Dest")...)
		d.tell(c.Rang, "agent", "AgentCalled", append(lines, line("Queue", c.Queue),
			line("Interface", g.member.device()), line("MemberName", g.member.label())))
	}
	dialString := g.exten
	if g.outer != nil {
		dialString = g.member.device()
	}
	d.tell(c.Rang, "call", "DialBegin", append(append(l.caller.lines(""), g.far().lines("Dest")...),
		line("DialString", dialString)))
}

// openLeg opens the channel of an endpoint, and before it a Local channel for a
// leg that runs through one.
func (d *desk) openLeg(l *live, endpoint string) {
	g, c := l.leg, l.call
	link := func(ch *channel) {
		ch.linkedid = l.caller.linkedid
		d.tell(g.rang, "call", "Newchannel", ch.lines(""))
	}
	if g.local != "" {
		g.outer, g.inner = d.names.open(g.rang), d.names.open(g.rang)
		g.outer.name = d.names.local(g.local)
		g.inner.name = g.outer.name[:len(g.outer.name)-1] + "2"
		for _, half := range []*channel{g.outer, g.inner} {
			half.context, half.exten = contextOf(g.local), g.exten
			half.callerNum, half.lineNum = c.From, c.From
		}
		g.outer.state, g.outer.app, g.outer.data = chanRinging, "AppDial", "(Outgoing Line)"
		if g.fromQueue {
			g.outer.app = "AppQueue"
		}
		g.inner.state, g.inner.app, g.inner.data = chanRing, "Dial", g.dial+",,tr"
		link(g.outer)
		link(g.inner)
	}
	g.phone = d.names.open(g.rang)
	g.phone.name = d.names.phone(endpoint)
	g.phone.state, g.phone.context, g.phone.exten = chanRinging, "from-internal", g.exten
	g.phone.callerNum, g.phone.lineNum = g.exten, c.From
	g.phone.callerName = d.people[g.person].Name
	g.phone.app, g.phone.data = "AppDial", "(Outgoing Line)"
	if g.fromQueue && g.outer == nil {
		g.phone.app = "AppQueue"
	}
	link(g.phone)
}

// talk bridges the call once it is answered, and tells of hold and resume.
func (d *desk) talk(l *live, before sim.CallState, at time.Time) {
	if l.leg == nil {
		d.reach(l, l.call.Rang)
	}
	if l.leg.answered.IsZero() {
		d.answer(l, at)
	}
	switch {
	case l.call.State == sim.Held && before != sim.Held:
		d.tell(at, "call", "Hold", append(l.leg.phone.lines(""), line("MusicClass", "default")))
	case l.call.State == sim.Talking && before == sim.Held:
		d.tell(at, "call", "Unhold", l.leg.phone.lines(""))
	}
}

func (d *desk) answer(l *live, at time.Time) {
	g, c := l.leg, l.call
	g.answered = c.Answered
	if len(c.Transfers) > 0 {
		g.answered = at
	}
	l.caller.bridge = newBridge()
	bridged := []*channel{g.far(), l.caller}
	g.far().bridge = l.caller.bridge
	if g.outer != nil {
		g.inner.bridge = newBridge()
		g.phone.bridge = g.inner.bridge
		bridged = append(bridged, g.phone, g.inner)
	}
	for _, ch := range bridged {
		if ch.state != chanUp {
			ch.state = chanUp
			d.tell(g.answered, "call", "Newstate", ch.lines(""))
		}
	}
	dial := append(l.caller.lines(""), g.far().lines("Dest")...)
	d.tell(g.answered, "call", "DialEnd", append(slices.Clone(dial), line("DialStatus", "ANSWER")))
	if g.fromQueue {
		hold := g.answered.Sub(c.Arrived)
		f := d.figuresOf(c.Queue)
		f.hold = averaged(f.hold, hold)
		position := d.leaveQueue(l)
		d.tell(g.answered, "agent", "QueueCallerLeave", append(l.caller.lines(""), line("Queue", c.Queue),
			number("Position", position), number("Count", len(d.waiting[c.Queue]))))
		ring := seconds(g.answered.Sub(g.rang))
		d.records.log(g.answered, l.caller.uniqueid, c.Queue, l.label(), "CONNECT",
			itoa(seconds(hold))+"|"+g.far().uniqueid+"|"+itoa(ring))
		d.tell(g.answered, "agent", "AgentConnect", append(dial, line("Queue", c.Queue),
			line("Interface", l.device()), line("MemberName", l.label()),
			number("HoldTime", seconds(hold)), number("RingTime", ring)))
	}
	for i, ch := range bridged {
		d.tellBridge(g.answered, "BridgeEnter", ch, ch.bridge, i%2+1)
	}
}

// label names the member who has the call.
func (l *live) label() string {
	if l.leg.member == nil {
		return "PJSIP/" + l.leg.exten
	}
	return l.leg.member.label()
}

func (l *live) device() string {
	if l.leg.member == nil {
		return "PJSIP/" + l.leg.exten
	}
	return l.leg.member.device()
}

func contextOf(target string) string {
	for i := range target {
		if target[i] == '@' {
			return target[i+1:]
		}
	}
	return "default"
}

func itoa[N ~int | ~int64](n N) string { return strconv.FormatInt(int64(n), 10) }

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
