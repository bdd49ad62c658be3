package asterisksim

import (
	"crypto/md5" //nolint:gosec // names a contact, guards nothing
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/systems/sim"
)

// endpointDefaults are the settings that EndpointDetail shows, in the order of
// a real answer. Words in capitals stand for what differs between endpoints.
//
//go:embed endpoint.txt
var endpointDefaults string

// endpoint is a phone or a trunk as the inventory shows it.
type endpoint struct {
	name, caller, context string
	registered            bool
	state, channels       int
}

// endpoints lists phones and trunks by name.
func (s *Server) endpoints() []endpoint {
	people := s.world.People()
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	all := make([]endpoint, 0, len(people)+len(s.opts.Trunks))
	for _, p := range people {
		all = append(all, s.desk.endpoint(p))
	}
	for _, trunk := range s.opts.Trunks {
		all = append(all, endpoint{
			name: trunk, context: "from-pstn", registered: true,
			state: deviceNotInUse, channels: s.desk.trunkChannels(trunk),
		})
	}
	slices.SortFunc(all, func(a, b endpoint) int { return strings.Compare(a.name, b.name) })
	return all
}

func (d *desk) endpoint(p sim.Person) endpoint {
	e := endpoint{
		name: extension(p), context: "from-internal", registered: p.SignedIn, state: d.deviceState(p.ID),
	}
	if p.Name != "" {
		e.caller = `"` + p.Name + `" <` + e.name + ">"
	}
	for _, l := range d.busy[p.ID] {
		e.channels += bit(l.leg != nil)
	}
	return e
}

func (d *desk) trunkChannels(trunk string) int {
	if trunk != d.trunk {
		return 0
	}
	n := 0
	for _, l := range d.calls {
		n += bit(!l.hungUp)
	}
	return n
}

// contact is where the endpoint's phone is, empty for one that is off.
func (e endpoint) contact() string {
	if !e.registered {
		return ""
	}
	return e.name + "/" + contactURI(e.name)
}

func doShowEndpoints(c *session, _ message, out *answer) {
	all := c.server.endpoints()
	if len(all) == 0 {
		out.failLoosely("No endpoints found")
		return
	}
	out.listFollows("A listing of Endpoints follows, presented as EndpointList events")
	for _, e := range all {
		contacts := e.contact()
		if contacts != "" {
			contacts += ","
		}
		out.item("EndpointList",
			line("ObjectType", "endpoint"), line("ObjectName", e.name), line("Transport", ""),
			line("Aor", e.name), line("Auths", ""), line("OutboundAuths", ""), line("Contacts", contacts),
			line("DeviceState", deviceText(e.state)), number("ActiveChannels", e.channels))
	}
	out.complete("EndpointListComplete")
}

func doShowEndpoint(c *session, m message, out *answer) {
	name := m.get("Endpoint")
	if name == "" {
		out.failLoosely("PJSIPShowEndpoint requires an endpoint name")
		return
	}
	e, ok := c.server.endpointNamed(name)
	if !ok {
		out.failLoosely("Unable to retrieve endpoint " + name)
		return
	}
	out.listFollows("Following are Events for each object associated with the Endpoint")
	out.item("EndpointDetail", e.detail()...)
	out.item("AorDetail", append(e.aor(), line("EndpointName", e.name))...)
	if e.registered {
		out.item("ContactStatusDetail",
			line("AOR", e.name), line("URI", contactURI(e.name)), line("UserAgent", ""), line("RegExpire", "0"),
			line("Status", "NonQualified"), line("RoundtripUsec", "N/A"), line("EndpointName", e.name),
			line("ID", e.contactID()), line("AuthenticateQualify", "0"), line("OutboundProxy", ""),
			line("Path", ""), line("QualifyFrequency", "0"), line("QualifyTimeout", "3.000"),
			line("Qualify2xxOnly", "0"))
	}
	out.complete("EndpointDetailComplete")
}

// endpointNamed finds one endpoint without listing all.
func (s *Server) endpointNamed(name string) (endpoint, bool) {
	if p, err := s.world.Find(name); err == nil && extension(p) == name {
		s.desk.mu.Lock()
		defer s.desk.mu.Unlock()
		return s.desk.endpoint(p), true
	}
	if !slices.Contains(s.opts.Trunks, name) {
		return endpoint{}, false
	}
	all := s.endpoints()
	i := slices.IndexFunc(all, func(e endpoint) bool { return e.name == name })
	return all[i], true
}

// detail is the endpoint with all its settings.
func (e endpoint) detail() block {
	lines := block{line("ObjectType", "endpoint"), line("ObjectName", e.name)}
	for text := range strings.Lines(endpointDefaults) {
		h := parseHeader(strings.TrimRight(text, "\r\n"))
		switch h.value {
		case "EXTEN":
			h.value = e.name
		case "CALLERID":
			h.value = e.caller
		case "CONTEXT":
			h.value = e.context
		case "STATE":
			h.value = deviceText(e.state)
		case "CHANNELS":
			h.value = itoa(e.channels)
		}
		lines = append(lines, h)
	}
	return lines
}

// aor is the address of record that an endpoint registers with.
func (e endpoint) aor() block {
	return block{
		line("ObjectType", "aor"), line("ObjectName", e.name), line("MinimumExpiration", "60"),
		line("DefaultExpiration", "3600"), line("QualifyTimeout", "3.000000"), line("Qualify2xxOnly", "false"),
		line("Mailboxes", ""), line("SupportPath", "false"), line("RemoveUnavailable", "false"),
		line("VoicemailExtension", ""), line("MaxContacts", "1"), line("AuthenticateQualify", "false"),
		line("Contacts", e.contact()), line("MaximumExpiration", "7200"), line("QualifyFrequency", "0"),
		line("RemoveExisting", "false"), line("OutboundProxy", ""),
		number("TotalContacts", bit(e.registered)), line("ContactsRegistered", "0"),
	}
}

func (e endpoint) contactID() string {
	sum := md5.Sum([]byte(e.contact())) //nolint:gosec // names a contact, guards nothing
	return e.name + "@@" + hex.EncodeToString(sum[:])
}

func doShowAors(c *session, _ message, out *answer) {
	all := c.server.endpoints()
	if len(all) == 0 {
		out.failLoosely("No AORs found")
		return
	}
	out.listFollows("A listing of AORs follows, presented as AorList events")
	for _, e := range all {
		out.item("AorList", e.aor()...)
	}
	out.complete("AorListComplete")
}

func doShowContacts(c *session, _ message, out *answer) {
	all := slices.DeleteFunc(c.server.endpoints(), func(e endpoint) bool { return !e.registered })
	if len(all) == 0 {
		out.failLoosely("No Contacts found")
		return
	}
	out.listFollows("A listing of Contacts follows, presented as ContactList events")
	for _, e := range all {
		out.item("ContactList",
			line("ObjectType", "contact"), line("ObjectName", e.contactID()), line("ViaAddr", ""),
			line("ViaPort", "0"), line("QualifyTimeout", "3.000000"), line("CallId", ""), line("RegServer", ""),
			line("PruneOnBoot", "false"), line("Path", ""), line("Endpoint", e.name),
			line("AuthenticateQualify", "false"), line("Uri", contactURI(e.name)), line("QualifyFrequency", "0"),
			line("UserAgent", ""), line("ExpirationTime", "0"), line("OutboundProxy", ""),
			line("Status", "NonQualified"), line("RoundtripUsec", "N/A"), line("Qualify2xxOnly", "false"))
	}
	out.complete("ContactListComplete")
}

// doExtensionState looks an extension's hint up. FreePBX keeps hints in
// ext-local, which from-internal includes.
func doExtensionState(c *session, m message, out *answer) {
	exten, context := m.get("Exten"), m.get("Context")
	switch {
	case exten == "":
		out.fail("Extension not specified")
		return
	case context == "":
		context = "default"
	}
	status, hint := -1, ""
	p, err := c.server.world.Find(exten)
	if err == nil && extension(p) == exten && (context == "ext-local" || context == "from-internal") {
		hint = "PJSIP/" + exten
		c.server.desk.mu.Lock()
		status = extensionStatus(c.server.desk.deviceState(p.ID))
		c.server.desk.mu.Unlock()
	}
	out.respond("Success", line("Message", "Extension Status"),
		line("Exten", exten), line("Context", context), line("Hint", hint),
		number("Status", status), line("StatusText", extensionText(status)))
}

func extensionStatus(device int) int {
	switch device {
	case deviceNotInUse:
		return 0
	case deviceInUse:
		return 1
	case deviceRinging:
		return 8
	case deviceOnHold:
		return 16
	default:
		return 4
	}
}

func extensionText(status int) string {
	switch status {
	case 0:
		return "Idle"
	case 1:
		return "InUse"
	case 4:
		return "Unavailable"
	case 8:
		return "Ringing"
	case 16:
		return "Hold"
	default:
		return "Unknown"
	}
}

// doGetConfig knows queues.conf: a category for each queue, with the members
// that are written there.
func doGetConfig(c *session, m message, out *answer) {
	switch m.get("Filename") {
	case "":
		out.fail("Filename not specified")
		return
	case "queues.conf":
	default:
		out.fail("Config file not found")
		return
	}
	only := m.get("Category")
	var lines block
	nth := 0
	category := func(name string, settings ...string) {
		if only != "" && only != name {
			return
		}
		lines = append(lines, line(fmt.Sprintf("Category-%06d", nth), name))
		for i, setting := range settings {
			lines = append(lines, line(fmt.Sprintf("Line-%06d-%06d", nth, i), setting))
		}
		nth++
	}
	category("general", "persistentmembers=yes", "shared_lastcall=yes")
	for _, q := range c.server.world.Queues() {
		settings := []string{"strategy=rrmemory"}
		for _, member := range q.Members {
			if member.Fixed {
				settings = append(settings, fmt.Sprintf("member=%s,%d,%s,%s",
					member.Device, member.Penalty, member.Label, member.StateDevice))
			}
		}
		category(q.ID, settings...)
	}
	out.respond("Success", lines...)
}
