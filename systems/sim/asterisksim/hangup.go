package asterisksim

import (
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// transferred ends the leg to the person who handed the call on. The caller's
// channel lives on and gets a record of its own for what comes next.
func (d *desk) transferred(l *live, at time.Time) {
	c, g := l.call, l.leg
	to := c.Person
	if p, ok := d.people[to]; ok {
		to = extension(p)
	}
	if g.fromQueue {
		d.records.log(at, l.caller.uniqueid, c.Queue, l.label(), "BLINDTRANSFER",
			to+"|from-internal|"+itoa(seconds(g.answered.Sub(c.Arrived)))+"|"+
				itoa(seconds(at.Sub(g.answered)))+"|"+itoa(l.position))
		d.completed(l, at, "transfer")
	}
	d.tellBridge(at, "BridgeLeave", l.caller, l.caller.bridge, 1)
	d.closeLeg(l, at, "16")
	d.record(at, l.callerRecord(at))
	l.caller.bridge, l.caller.context = "", "from-internal"
	l.leg, l.legStart, l.sequence = nil, at, d.names.next()
	d.tellDevice(at, g.person)
}

// hangUp ends all channels of a call; a call in wrap-up has none left.
func (d *desk) hangUp(l *live) {
	if l.hungUp {
		return
	}
	at, cause := l.call.Over, "16"
	if l.call.State == sim.Cut {
		cause = "38"
	}
	answered := l.leg != nil && !l.leg.answered.IsZero()
	switch {
	case l.inQueue():
		d.abandoned(l, at)
	case answered && l.leg.fromQueue:
		why, word := "caller", "COMPLETECALLER"
		if l.call.State == sim.Cut {
			why, word = "agent", "COMPLETEAGENT"
		}
		hold, talk := l.leg.answered.Sub(l.call.Arrived), at.Sub(l.leg.answered)
		d.records.log(at, l.caller.uniqueid, l.call.Queue, l.label(), word,
			itoa(seconds(hold))+"|"+itoa(seconds(talk))+"|"+itoa(l.position))
		d.completed(l, at, why)
	}
	if answered {
		d.tellBridge(at, "BridgeLeave", l.caller, l.caller.bridge, 1)
	}
	if l.leg != nil {
		if !answered {
			d.tell(at, "call", "DialEnd", append(append(l.caller.lines(""), l.leg.far().lines("Dest")...),
				line("DialStatus", "CANCEL")))
		}
		d.closeLeg(l, at, cause)
	}
	d.record(at, l.callerRecord(at))
	d.tellHangup(at, l.caller, cause)
	l.hungUp, l.leg = true, nil
}

func (d *desk) abandoned(l *live, at time.Time) {
	c := l.call
	if l.leg != nil {
		d.records.log(at, l.caller.uniqueid, c.Queue, l.label(), "RINGCANCELED",
			itoa(int64(at.Sub(l.leg.rang)/time.Millisecond)))
	}
	position := d.leaveQueue(l)
	wait := seconds(at.Sub(c.Arrived))
	d.figuresOf(c.Queue).abandoned++
	d.records.log(at, l.caller.uniqueid, c.Queue, "NONE", "ABANDON",
		itoa(position)+"|"+itoa(l.position)+"|"+itoa(wait))
	d.tell(at, "agent", "QueueCallerAbandon", append(l.caller.lines(""), line("Queue", c.Queue),
		number("Position", position), number("OriginalPosition", l.position), number("HoldTime", wait)))
	d.tell(at, "agent", "QueueCallerLeave", append(l.caller.lines(""), line("Queue", c.Queue),
		number("Position", position), number("Count", len(d.waiting[c.Queue]))))
}

// completed counts a queue call that a member has talked to its end.
func (d *desk) completed(l *live, at time.Time, why string) {
	g, c := l.leg, l.call
	f := d.figuresOf(c.Queue)
	f.completed++
	talk := at.Sub(g.answered)
	f.talk = averaged(f.talk, talk)
	d.lastCall[g.person] = at
	if g.member != nil {
		g.member.taken++
	}
	d.tell(at, "agent", "AgentComplete", append(append(l.caller.lines(""), g.far().lines("Dest")...),
		line("Queue", c.Queue), line("Interface", l.device()), line("MemberName", l.label()),
		number("HoldTime", seconds(g.answered.Sub(c.Arrived))), number("TalkTime", seconds(talk)),
		line("Reason", why)))
}

// closeLeg hangs up the phone and the Local channel before it.
func (d *desk) closeLeg(l *live, at time.Time, cause string) {
	g := l.leg
	for _, ch := range []*channel{g.phone, g.inner, g.outer} {
		if ch == nil {
			continue
		}
		if ch.bridge != "" {
			d.tellBridge(at, "BridgeLeave", ch, ch.bridge, 0)
		}
		if ch == g.inner {
			d.record(at, l.innerRecord(at))
		}
		d.tellHangup(at, ch, cause)
	}
}
