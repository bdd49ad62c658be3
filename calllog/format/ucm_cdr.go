package format

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// ucmCDR reads the call detail records of a Cisco Unified CM: its CDR files and
// the exports of CAR.
func ucmCDR() Format {
	return Format{
		Name:         "ucm-cdr",
		Summary:      "Cisco Unified CM: CDR files and CAR exports, columns by their names",
		Translations: ucmTranslations(),
		cut:          lines,
		ended:        true,
		looks: func(head []byte) bool {
			names := strings.ToLower(firstLine(head))
			return strings.Contains(names, "globalcallid_callid") && strings.Contains(names, "datetimeorigination")
		},
		open: func(o Options) (parser, error) { return newUCM(o), nil },
	}
}

const callDetail = "1" // 0 begins a call, 2 is a CMR

type ucmParser struct {
	ucmTable

	system  string
	numbers numbers
	sites   []Site
	keys    map[string]calllog.KeyKind
	at      ucmPlaces
	leg     [1]calllog.Leg
}

// ucmPlaces says where each column is; -1 if this release does not have it.
type ucmPlaces struct {
	kind, cluster, manager, call, pkid, origination, connect, disconnect, duration,
	origLeg, destLeg, origCause, destCause, origDevice, destDevice, origType, destType,
	origIP, destIP, origAddress, destAddress, origSession, destSession,
	calling, callingUser, original, final, finalUser, redirect, redirectReason,
	hunt, queued, waited int
	keys []keyColumn
}

func newUCM(o Options) *ucmParser {
	p := &ucmParser{system: o.System, numbers: newNumbers(o), sites: o.Sites, keys: o.Keys}
	p.needed = []string{
		"cdrRecordType", "globalCallID_callManagerId", "globalCallID_callId", "globalCallId_ClusterID", "pkid",
		"dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect", "callingPartyNumber", "finalCalledPartyNumber",
	}
	p.columns = p.place
	return p
}

func (p *ucmParser) place() {
	at := p.ucmTable.at
	p.at = ucmPlaces{
		kind: at("cdrRecordType"), cluster: at("globalCallId_ClusterID"), manager: at("globalCallID_callManagerId"),
		call: at("globalCallID_callId"), pkid: at("pkid"), origination: at("dateTimeOrigination"), connect: at("dateTimeConnect"),
		disconnect: at("dateTimeDisconnect"), duration: at("duration"), origLeg: at("origLegCallIdentifier"), destLeg: at("destLegIdentifier"),
		origCause: at("origCause_value"), destCause: at("destCause_value"), origDevice: at("origDeviceName"), destDevice: at("destDeviceName"),
		origType: at("origDeviceType"), destType: at("destDeviceType"), origIP: at("origIpAddr"), destIP: at("destIpAddr"),
		origAddress: at("origIpv4v6Addr"), destAddress: at("destIpv4v6Addr"), origSession: at("origDeviceSessionID"), destSession: at("destDeviceSessionID"),
		calling: at("callingPartyNumber"), callingUser: at("callingPartyUnicodeLoginUserID"), original: at("originalCalledPartyNumber"),
		final: at("finalCalledPartyNumber"), finalUser: at("finalCalledPartyUnicodeLoginUserID"), redirect: at("lastRedirectDn"),
		redirectReason: at("lastRedirectRedirectReason"), hunt: at("huntPilotDN"), queued: at("wasCallQueued"), waited: at("totalWaitTimeInQueue"),
	}
	if p.at.destLeg < 0 {
		p.at.destLeg = at("destLegCallIdentifier") // as the documents call it
	}
	for name, kind := range p.keys {
		if i := at(name); i >= 0 {
			p.at.keys = append(p.at.keys, keyColumn{i, kind})
		}
	}
}

func (p *ucmParser) parse(text string, row *calllog.Row) error {
	is, err := p.row(text, row)
	if err != nil || !is || p.fields.at(p.at.kind) != callDetail {
		return err
	}
	p.leg[0] = calllog.Leg{}
	l := &p.leg[0]
	l.System, l.Zone = p.system, "UTC"
	if l.Record = p.fields.at(p.at.pkid); l.Record == "" {
		row.Fault = fault("pkid", "", "empty")
		return nil
	}
	l.Call = p.ucmTable.call(p.at.cluster, p.at.manager, p.at.call)
	l.Channels = []string{l.Call + "/" + p.fields.at(p.at.origLeg), l.Call + "/" + p.fields.at(p.at.destLeg)}
	if row.Fault = p.times(l); row.Fault != nil {
		return nil
	}
	p.parties(l)
	if row.Fault = p.end(l); row.Fault != nil {
		return nil
	}
	if row.Fault = p.placeOf(l); row.Fault != nil {
		return nil
	}
	p.correlate(l)
	row.Legs = p.leg[:]
	return nil
}

func (p *ucmParser) times(l *calllog.Leg) (wrong *calllog.Fault) {
	if l.Started, wrong = p.time(p.at.origination); wrong != nil {
		return wrong
	}
	if l.Answered, wrong = p.time(p.at.connect); wrong != nil {
		return wrong
	}
	if l.Ended, wrong = p.time(p.at.disconnect); wrong != nil {
		return wrong
	}
	if l.Talk, wrong = p.seconds(p.at.duration); wrong != nil {
		return wrong
	}
	if l.Wait, wrong = p.seconds(p.at.waited); wrong != nil {
		return wrong
	}
	switch {
	case l.Started.IsZero():
		return fault("dateTimeOrigination", p.fields.at(p.at.origination), "no time")
	case l.Ended.Before(l.Started):
		return fault("dateTimeDisconnect", p.fields.at(p.at.disconnect), "before dateTimeOrigination")
	case l.Answered.IsZero():
		l.Ring = max(0, l.Ended.Sub(l.Started)-l.Wait)
	default:
		l.Ring = max(0, l.Answered.Sub(l.Started)-l.Wait)
	}
	return nil
}

// parties says who spoke with whom, over what, and which way.
func (p *ucmParser) parties(l *calllog.Leg) {
	from, to := p.fields.at(p.at.origDevice), p.fields.at(p.at.destDevice)
	fromPhone, toPhone := isPhone(from, p.fields.at(p.at.origType)), isPhone(to, p.fields.at(p.at.destType))
	if !fromPhone {
		l.TrunkIn = from
	}
	if !toPhone {
		l.TrunkOut = to
	}
	l.Caller = p.numbers.party(p.fields.at(p.at.calling), l.TrunkIn)
	l.Called = p.numbers.party(p.fields.at(p.at.final), l.TrunkOut)
	if dialed := p.fields.at(p.at.original); dialed != l.Called.Raw {
		l.Dialed = p.numbers.party(dialed, l.TrunkIn)
	}
	l.Queue = dualtone.QueueID(p.fields.at(p.at.hunt))
	switch {
	case !fromPhone:
		l.Direction = calllog.Inbound
	case toPhone || to == "" && l.Called.Number == "":
		l.Direction = calllog.Internal
	default:
		l.Direction = calllog.Outbound
	}
	switch {
	case l.Direction == calllog.Outbound:
		l.Extension, l.Agent = l.Caller.Raw, dualtone.UserID(p.fields.at(p.at.callingUser))
	case toPhone:
		l.Extension, l.Agent = l.Called.Raw, dualtone.UserID(p.fields.at(p.at.finalUser))
	}
}

// isPhone tells a person's device from trunks and gateways: by its type in
// releases that write it, or else by how Cisco's phones and clients are named.
func isPhone(device, kind string) bool {
	if kind != "" {
		return !strings.Contains(kind, "Trunk") && !strings.Contains(kind, "Gateway") && !strings.Contains(kind, "H.323")
	}
	for _, prefix := range []string{"SEP", "CSF", "BOT", "TCT", "TAB", "ATA", "CIPC", "UPC", "VGC", "IPC"} {
		if strings.HasPrefix(device, prefix) {
			return true
		}
	}
	return false
}

// end says how the leg ended.
func (p *ucmParser) end(l *calllog.Leg) *calllog.Fault {
	orig, wrong := p.number(p.at.origCause)
	if wrong != nil {
		return wrong
	}
	dest, wrong := p.number(p.at.destCause)
	if wrong != nil {
		return wrong
	}
	reason, wrong := p.number(p.at.redirectReason)
	if wrong != nil {
		return wrong
	}
	if why, diverted := ucmDiverted[reason]; diverted {
		l.DivertedFrom, l.DivertReason = p.numbers.party(p.fields.at(p.at.redirect), l.TrunkIn), why
	}
	e := ucmEnd{
		orig: orig, dest: dest, connected: !l.Answered.IsZero(), queued: p.fields.at(p.at.queued) == "1",
		deflected: l.DivertReason != "" && l.TrunkOut != "",
	}
	l.Disposition = e.disposition()
	l.Cause = strconv.FormatInt(e.cause(), 10)
	if l.Disposition == calllog.TransferredOut {
		l.Transfers = 1
	}
	if l.Disposition == calllog.Deflected {
		l.TransferTo = l.Called.Raw
	}
	return nil
}

// placeOf finds the site of the agent's phone.
func (p *ucmParser) placeOf(l *calllog.Leg) *calllog.Fault {
	if len(p.sites) == 0 || l.Extension == "" {
		return nil
	}
	text, number := p.at.destAddress, p.at.destIP
	if l.Direction == calllog.Outbound {
		text, number = p.at.origAddress, p.at.origIP
	}
	if written := p.fields.at(text); written != "" {
		if at, err := netip.ParseAddr(written); err == nil {
			l.Site = siteOf(p.sites, at)
			return nil
		}
	}
	n, wrong := p.number(number)
	if wrong == nil && n != 0 {
		l.Site = siteOf(p.sites, address(n))
	}
	return wrong
}

// noSession is what stands where a device gave no session.
const noSession = "00000000000000000000000000000000"

func (p *ucmParser) correlate(l *calllog.Leg) {
	for _, at := range []int{p.at.origSession, p.at.destSession} {
		if id := p.fields.at(at); id != "" && id != noSession {
			l.Keys = append(l.Keys, calllog.Key{Kind: calllog.SessionID, Value: strings.ToLower(id)})
		}
	}
	for _, k := range p.at.keys {
		if value := p.fields.at(k.at); value != "" {
			l.Keys = append(l.Keys, calllog.Key{Kind: k.kind, Value: value})
		}
	}
}
