package truth

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

func numberOf(text string) dualtone.Number { return dualtone.Number(text) }

// next makes up one call, or two for a redial.
func (w *world) next() {
	c := &call{world: w, caller: w.customer(), service: w.service(), at: w.arrival()}
	if w.happens(w.Crossing) {
		c.cross()
		return
	}
	system := Old
	if w.happens(0.45) {
		system = New
	}
	switch dice := w.chance.Float64(); {
	case dice < 0.60:
		c.plain(Plain, system, 1+w.chance.IntN(2))
	case dice < 0.70:
		c.plain(Transfer, system, 2+w.chance.IntN(2))
	case dice < 0.73:
		c.plain(Conference, system, 3+w.chance.IntN(4))
	case dice < 0.90:
		c.outbound(system)
	default:
		c.redial()
	}
}

// call is a call in the making.
type call struct {
	*world

	caller  calllog.Party
	service calllog.Party
	at      time.Time
	keys    []calllog.Key
}

func (c *call) begin(class Class) { c.class = append(c.class, class) }

// leg adds a leg to the call that began last.
func (c *call) leg(system string, l calllog.Leg) {
	c.serials++
	l.LegID = calllog.LegID{System: system, Record: fmt.Sprintf("r%07d", c.serials)}
	if l.Call == "" {
		l.Call = c.own()
	}
	if l.Direction == "" {
		l.Direction = calllog.Inbound
	}
	c.call[l.LegID] = len(c.class) - 1
	c.legs = append(c.legs, l)
}

// own is a new key of a system's own.
func (c *call) own() string {
	c.owns++
	return fmt.Sprintf("c%07d", c.owns)
}

func (c *call) plain(class Class, system string, legs int) {
	c.begin(class)
	own, at := c.own(), c.at
	for range legs {
		ring, talk := c.between(2*time.Second, 12*time.Second), c.between(10*time.Second, 200*time.Second)
		l := calllog.Leg{
			Call: own, Started: at, Answered: at.Add(ring), Ended: at.Add(ring + talk),
			Caller: c.caller, Called: c.service, Disposition: calllog.Answered, Extension: c.extension(),
		}
		if legs == 1 && c.happens(0.15) {
			l.Answered, l.Ended, l.Disposition = time.Time{}, at.Add(ring), calllog.AbandonedRinging
		}
		c.leg(system, l)
		at = at.Add(ring + talk/2)
	}
}

func (c *call) outbound(system string) {
	c.begin(Outbound)
	ring, talk := c.between(3*time.Second, 15*time.Second), c.between(5*time.Second, 150*time.Second)
	c.leg(system, calllog.Leg{
		Started: c.at, Answered: c.at.Add(ring), Ended: c.at.Add(ring + talk), Direction: calllog.Outbound,
		Caller: c.service, Called: c.caller, Disposition: calllog.Answered,
	})
}

// redial hangs up on one system and calls again, and the other answers.
func (c *call) redial() {
	c.begin(Redial)
	from, to := Old, New
	if c.happens(0.4) {
		from, to = New, Old
	}
	waited := c.between(3*time.Second, 30*time.Second)
	c.leg(from, calllog.Leg{
		Started: c.at, Ended: c.at.Add(waited), Caller: c.caller, Called: c.service, Disposition: calllog.AbandonedQueue,
	})
	c.begin(Redial)
	again := c.at.Add(waited + c.between(4*time.Second, 25*time.Second))
	ring := c.between(2*time.Second, 10*time.Second)
	c.leg(to, calllog.Leg{
		Started: again, Answered: again.Add(ring), Ended: again.Add(ring + c.between(10*time.Second, 200*time.Second)),
		Caller: c.caller, Called: c.service, Disposition: calllog.Answered,
	})
}

// cross makes up a call that both systems saw.
func (c *call) cross() {
	if c.happens(c.Keys) {
		c.keys = []calllog.Key{c.key()}
	}
	switch dice := c.chance.Float64(); {
	case dice < 0.35:
		c.forward(Forward, c.caller)
	case dice < 0.50:
		c.handOver(Deflect, c.between(time.Second, 4*time.Second), false)
	case dice < 0.62:
		c.handOver(Overflow, c.between(20*time.Second, 60*time.Second), false)
	case dice < 0.74:
		c.handOver(Midway, c.between(20*time.Second, 120*time.Second), true)
	case dice < 0.84:
		c.parallel()
	case dice < 0.90:
		c.thereAndBack()
	case dice < 0.95:
		c.forward(Anonymous, calllog.Party{Raw: "anonymous"})
	default:
		c.forward(LostCaller, c.caller)
	}
}

func (c *call) key() calllog.Key {
	value := fmt.Sprintf("%016x%016x", c.chance.Uint64(), c.chance.Uint64())
	kinds := []calllog.KeyKind{
		calllog.DecisionKey, calllog.DecisionKey, calllog.SIPCallID, calllog.SessionID, calllog.UserToUser, calllog.UCID,
	}
	return calllog.Key{Kind: kinds[c.chance.IntN(len(kinds))], Value: value}
}

// reached fills what a leg on the second system knows of the first, which is
// not always much.
func (c *call) reached(l *calllog.Leg, by calllog.Party) {
	l.Called = c.cloudNumber()
	switch dice := c.chance.Float64(); {
	case dice < 0.45:
		l.DivertedFrom, l.DivertReason = by, "unconditional"
	case dice < 0.75:
		l.Called = c.service // the number was kept on the way
	}
}

// forward rings on the PBX, which calls the cloud and stays in the call.
func (c *call) forward(class Class, caller calllog.Party) {
	c.begin(class)
	setup := c.between(300*time.Millisecond, 1500*time.Millisecond)
	if c.happens(0.4) {
		setup += 20 * time.Second // no answer at the desk
	}
	ring, talk := c.between(2*time.Second, 8*time.Second), c.between(10*time.Second, 200*time.Second)
	answered, ended := c.at.Add(setup+ring), c.at.Add(setup+ring+talk)
	second := calllog.Leg{
		Started: c.at.Add(setup), Answered: answered, Ended: ended, Caller: caller, Disposition: calllog.Answered, Keys: c.keys,
	}
	c.reached(&second, c.service)
	if class == LostCaller {
		second.Caller = calllog.Party{}
	}
	first := calllog.Leg{
		Started: c.at, Answered: answered, Ended: ended, Caller: caller, Called: c.service, Disposition: calllog.Answered, Keys: c.keys,
	}
	if c.happens(0.5) {
		first.TransferTo = second.Called.Raw
	}
	c.leg(Old, first)
	c.leg(New, second)
}

// handOver sends the call on after a time and is out of it.
func (c *call) handOver(class Class, after time.Duration, talked bool) {
	c.begin(class)
	ring, talk := c.between(2*time.Second, 8*time.Second), c.between(10*time.Second, 200*time.Second)
	gone := c.at.Add(after)
	first := calllog.Leg{
		Started: c.at, Ended: gone, Caller: c.caller, Called: c.service, Disposition: calllog.Deflected, Keys: c.keys,
	}
	if talked {
		first.Answered, first.Disposition = c.at.Add(after/4), calllog.TransferredOut
	}
	began := gone.Add(c.between(100*time.Millisecond, 500*time.Millisecond))
	second := calllog.Leg{
		Started: began, Answered: began.Add(ring), Ended: began.Add(ring + talk),
		Caller: c.caller, Disposition: calllog.Answered, Keys: c.keys,
	}
	c.reached(&second, c.service)
	if c.happens(0.5) {
		first.TransferTo = second.Called.Raw
	}
	from, to := Old, New
	if c.happens(0.25) {
		from, to = New, Old
	}
	c.leg(from, first)
	c.leg(to, second)
}

// parallel rings on both systems until one answers.
func (c *call) parallel() {
	c.begin(Parallel)
	ring, talk := c.between(2*time.Second, 8*time.Second), c.between(10*time.Second, 200*time.Second)
	winner, loser := Old, New
	if c.happens(0.5) {
		winner, loser = New, Old
	}
	c.leg(winner, calllog.Leg{
		Started: c.at, Answered: c.at.Add(ring), Ended: c.at.Add(ring + talk),
		Caller: c.caller, Called: c.service, Disposition: calllog.Answered, Keys: c.keys,
	})
	lost := c.at.Add(ring + c.between(20*time.Millisecond, 200*time.Millisecond))
	c.leg(loser, calllog.Leg{
		Started: c.at, Ended: lost, Caller: c.caller, Called: c.service, Disposition: calllog.AnsweredElsewhere, Keys: c.keys,
	})
}

// thereAndBack is forwarded to the cloud and transferred back to the PBX, which
// sees it as another call.
func (c *call) thereAndBack() {
	c.begin(ThereBack)
	setup, ring, talk := c.between(300*time.Millisecond, 1500*time.Millisecond), 5*time.Second, c.between(20*time.Second, 90*time.Second)
	more := c.between(20*time.Second, 120*time.Second)
	ended := c.at.Add(setup + ring + talk + more)
	back := c.at.Add(setup + ring + talk)
	c.leg(Old, calllog.Leg{
		Started: c.at, Answered: c.at.Add(setup + ring), Ended: ended,
		Caller: c.caller, Called: c.service, Disposition: calllog.Answered, Keys: c.keys,
	})
	second := calllog.Leg{
		Started: c.at.Add(setup), Answered: c.at.Add(setup + ring), Ended: back,
		Caller: c.caller, Disposition: calllog.TransferredOut, Keys: c.keys,
	}
	c.reached(&second, c.service)
	other := c.desk()
	second.TransferTo = other.Raw
	c.leg(New, second)
	c.leg(Old, calllog.Leg{
		Started: back.Add(300 * time.Millisecond), Answered: back.Add(4 * time.Second), Ended: ended,
		Caller: c.caller, Called: other, Disposition: calllog.Answered, Keys: c.keys,
	})
}

// desk is a number of the company that calls are transferred to.
func (w *world) desk() calllog.Party { return number("+1555010%04d", 900+w.chance.IntN(40)) }
