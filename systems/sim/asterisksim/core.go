package asterisksim

import (
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

func doPing(c *session, _ message, out *answer) {
	out.respond("Success", line("Ping", "Pong"), line("Timestamp", timestamp(c.server.world.Now())))
}

func doCoreStatus(c *session, _ message, out *answer) {
	d := c.server.desk
	d.mu.Lock()
	current := 0
	for _, l := range d.calls {
		current += bit(!l.hungUp)
	}
	processed := d.processed
	d.mu.Unlock()
	day, clock := c.server.started.Format(time.DateOnly), c.server.started.Format(time.TimeOnly)
	out.respond("Success",
		line("CoreStartupDate", day), line("CoreStartupTime", clock),
		line("CoreReloadDate", day), line("CoreReloadTime", clock),
		number("CoreCurrentCalls", current), number("CoreProcessedCalls", processed))
}

func doCoreSettings(_ *session, _ message, out *answer) {
	out.respond("Success",
		line("AMIversion", "11.0.0"), line("AsteriskVersion", "22.10.1"), line("SystemName", ""),
		line("CoreMaxCalls", "0"), line("CoreMaxLoadAvg", "0.000000"),
		line("CoreRunUser", ""), line("CoreRunGroup", ""), line("CoreMaxFilehandles", "0"),
		line("CoreRealTimeEnabled", "No"), line("CoreCDRenabled", "Yes"), line("CoreHTTPenabled", "No"),
		line("SoundsSearchCustomDir", "No"))
}

func doCoreShowChannels(c *session, _ message, out *answer) {
	d, now := c.server.desk, c.server.world.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	out.listFollows("Channels will follow")
	for _, ch := range d.channels() {
		age := seconds(now.Sub(ch.created))
		out.item("CoreShowChannel", append(ch.lines(""),
			line("Application", ch.app), line("ApplicationData", ch.data),
			line("Duration", fmt.Sprintf("%02d:%02d:%02d", age/3600, age/60%60, age%60)),
			line("BridgeId", ch.bridge))...)
	}
	out.complete("CoreShowChannelsComplete")
}

func doStatus(c *session, m message, out *answer) {
	d, now := c.server.desk, c.server.world.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	channels, only := d.channels(), m.get("Channel")
	if only != "" {
		_, ch := d.channel(only)
		if ch == nil {
			out.fail("No such channel")
			return
		}
		channels = []*channel{ch}
	}
	out.listFollows("Channel status will follow")
	for _, ch := range channels {
		lines := append(block{line("Privilege", "Call")}, ch.lines("")...)
		out.itemIDLast("Status", append(lines,
			line("Type", ch.technology()), line("DNID", ""),
			line("EffectiveConnectedLineNum", orUnknown(ch.lineNum)),
			line("EffectiveConnectedLineName", orUnknown(ch.lineName)),
			line("TimeToHangup", "0"), line("BridgeID", ch.bridge),
			line("Application", ch.app), line("Data", ch.data),
			line("Nativeformats", "(ulaw)"), line("Readformat", "ulaw"), line("Readtrans", ""),
			line("Writeformat", "ulaw"), line("Writetrans", ""),
			line("Callgroup", "0"), line("Pickupgroup", "0"),
			number("Seconds", seconds(now.Sub(ch.created))))...)
	}
	out.complete("StatusComplete", number("Items", out.items))
}

// channel finds a channel by name, and the call to which it belongs.
func (d *desk) channel(name string) (*live, *channel) {
	for _, l := range d.calls {
		for _, ch := range l.channels() {
			if ch.name == name {
				return l, ch
			}
		}
	}
	return nil, nil
}

func doHangup(c *session, m message, out *answer) {
	name := m.get("Channel")
	if name == "" {
		out.fail("No channel specified")
		return
	}
	d := c.server.desk
	d.mu.Lock()
	l, _ := d.channel(name)
	id := ""
	if l != nil {
		id = l.call.ID
	}
	d.mu.Unlock()
	if l == nil || c.server.world.HangUp(id) != nil {
		out.fail("No such channel")
		return
	}
	out.ack("Channel Hungup")
}

// doOriginate sends a call from the given caller id to an extension. The call
// rings, is talked and is wrapped up for as long as hands do it: the world has
// no figures for it.
func doOriginate(c *session, m message, out *answer) {
	switch {
	case m.get("Channel") == "":
		out.fail("Channel not specified")
		return
	case m.get("Exten") == "":
		out.fail("Originate with certain 'Application' arguments requires the additional System privilege, which you do not have.")
		return
	}
	_, from := callerID(m.get("CallerID"))
	got := c.server.world.Arrive(sim.Incoming{From: from, To: m.get("Exten")})
	if !got.Accepted && !truth(m.get("Async")) {
		out.fail("Originate failed")
		return
	}
	out.ack("Originate successfully queued")
	verdict, reason := "Success", 4
	if !got.Accepted {
		verdict, reason = "Failure", 0
	}
	c.offer(event{class: "call", name: "OriginateResponse", at: c.server.world.Now(), lines: block{
		line("ActionID", out.id), line("Response", verdict), line("Channel", m.get("Channel")),
		line("Context", m.get("Context")), line("Exten", m.get("Exten")), number("Reason", reason),
		line("Uniqueid", orNull(got.ID)), line("CallerIDNum", from), line("CallerIDName", orUnknown("")),
	}})
}

func orNull(s string) string {
	if s == "" {
		return "<null>"
	}
	return s
}

// callerID splits "Name" <number>; a bare number has no name.
func callerID(s string) (name, num string) {
	before, after, ok := strings.Cut(s, "<")
	if !ok {
		return "", strings.TrimSpace(s)
	}
	return strings.Trim(before, ` "`), strings.TrimRight(strings.TrimSpace(after), ">")
}
