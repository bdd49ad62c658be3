package asterisksim

import (
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

func (d *desk) tell(at time.Time, class, name string, lines block) {
	d.emit(event{class: class, name: name, at: at, lines: lines})
}

func (d *desk) tellMember(at time.Time, name, queue string, m *member) {
	lines := block{
		line("Queue", queue),
		line("MemberName", m.label()),
		line("Interface", m.device()),
		line("StateInterface", m.stateDevice()),
	}
	lines = append(lines, d.memberFigures(queue, m)...)
	last := lines[len(lines)-1]
	d.tell(at, "agent", name, append(lines[:len(lines)-1], line("Ringinuse", "1"), last))
}

// memberFigures are the lines that a member shows in lists and events alike.
func (d *desk) memberFigures(queue string, m *member) block {
	membership := "dynamic"
	if m.Fixed {
		membership = "static"
	}
	return block{
		line("Membership", membership),
		number("Penalty", m.Penalty),
		number("CallsTaken", m.taken),
		number("LastCall", unix(d.lastCall[m.Person])),
		number("LastPause", unix(m.paused)),
		number("LoginTime", unix(m.joined)),
		number("InCall", bit(d.inCall(queue, m.Person))),
		number("Status", d.status(m)),
		number("Paused", bit(m.Paused)),
		line("PausedReason", m.PauseReason),
		number("Wrapuptime", d.wrapUp(m.Person)),
	}
}

// tellDevice says that a person's phone changed state, and so its queues' view
// of the member.
func (d *desk) tellDevice(at time.Time, person string) {
	p, ok := d.people[person]
	if !ok {
		return
	}
	d.tell(at, "call", "DeviceStateChange", block{
		line("Device", "PJSIP/"+extension(p)), line("State", deviceWord(d.deviceState(person))),
	})
}

func (d *desk) tellContact(at time.Time, p sim.Person) {
	status := "Removed"
	if p.SignedIn {
		status = "NonQualified"
	}
	exten := extension(p)
	d.tell(at, "system", "ContactStatus", block{
		line("URI", contactURI(exten)), line("ContactStatus", status), line("AOR", exten),
		line("EndpointName", exten), line("RoundtripUsec", "N/A"),
	})
}

func (d *desk) tellBridge(at time.Time, name string, ch *channel, bridge string, channels int) {
	d.tell(at, "call", name, append(block{
		line("BridgeUniqueid", bridge), line("BridgeType", "basic"), line("BridgeTechnology", "simple_bridge"),
		line("BridgeCreator", "<unknown>"), line("BridgeName", "<unknown>"),
		number("BridgeNumChannels", channels), line("BridgeVideoSourceMode", "none"),
	}, ch.lines("")...))
}

func (d *desk) tellHangup(at time.Time, ch *channel, cause string) {
	text := "Normal Clearing"
	if cause != "16" {
		text = "Network out of order"
	}
	d.tell(at, "call", "Hangup", append(ch.lines(""), line("Cause", cause), line("Cause-txt", text)))
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func bit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// deviceWord is how events write a device state; deviceText how endpoints do.
func deviceWord(state int) string {
	switch state {
	case deviceNotInUse:
		return "NOT_INUSE"
	case deviceInUse:
		return "INUSE"
	case deviceUnavailable:
		return "UNAVAILABLE"
	case deviceRinging:
		return "RINGING"
	case deviceOnHold:
		return "ONHOLD"
	default:
		return "INVALID"
	}
}

func deviceText(state int) string {
	switch state {
	case deviceNotInUse:
		return "Not in use"
	case deviceInUse:
		return "In use"
	case deviceUnavailable:
		return "Unavailable"
	case deviceRinging:
		return "Ringing"
	case deviceOnHold:
		return "On Hold"
	default:
		return "Invalid"
	}
}

func contactURI(exten string) string { return "sip:" + exten + "@127.0.0.1:5060" }
