package format

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// asteriskCEL reads channel event logging as cel_custom writes it. Its events
// add to the legs of the CDR what that does not say: why a channel hung up,
// whether the caller did so while it rang, and transfers.
func asteriskCEL() Format {
	return Format{
		Name:         "asterisk-cel",
		Summary:      "Asterisk's channel events: cel-custom's Master.csv",
		Translations: celTranslations(),
		cut:          lines,
		ended:        true,
		looks: func(head []byte) bool {
			var f fields
			return f.split(firstLine(head), ',') == nil && len(f.values) >= 16 && celEvent(f.values[0])
		},
		open: func(o Options) (parser, error) { return newCEL(o) },
	}
}

// celColumns are those of the sample cel_custom.conf.
func celColumns() []string {
	return []string{
		"eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame",
		"appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype", "extra",
	}
}

// celEvents are all that Asterisk writes.
var celEvents = []string{ //nolint:gochecknoglobals // A constant list.
	"CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "PARK_START", "PARK_END", "BRIDGE_ENTER", "BRIDGE_EXIT",
	"BRIDGE_START", "BRIDGE_END", "CONF_ENTER", "CONF_EXIT", "CONF_START", "CONF_END",
	"BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD", "LINKEDID_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN",
	"USER_DEFINED", "STREAM_BEGIN", "STREAM_END", "DTMF",
}

func celEvent(name string) bool { return index(celEvents, name) >= 0 }

// dialStatus is what the application Dial says of a call that nobody took, as far
// as the CDR does not say it.
var dialStatus = map[string]calllog.Disposition{ //nolint:gochecknoglobals // A constant table.
	"CANCEL":   calllog.AbandonedRinging,
	"DONTCALL": calllog.Rejected,
	"TORTURE":  calllog.Rejected,
}

func celTranslations() []Translation {
	return []Translation{
		{"CANCEL", "dialstatus of a HANGUP", calllog.AbandonedRinging},
		{"DONTCALL", "dialstatus of a HANGUP", calllog.Rejected},
		{"TORTURE", "dialstatus of a HANGUP", calllog.Rejected},
	}
}

type celParser struct {
	system string
	clock  clock
	fields fields
	at     celPlaces
	supply [1]calllog.Supplement
}

type celPlaces struct{ event, time, app, data, uniqueid, extra int }

func newCEL(o Options) (parser, error) {
	p := &celParser{system: o.System, clock: newClock(o.Zone)}
	p.fields.names = o.Columns
	if len(o.Columns) == 0 {
		p.fields.names = celColumns()
	}
	place := func(name string) int { return index(p.fields.names, name) }
	p.at = celPlaces{event: place("eventtype"), time: place("eventtime"), app: place("appname"), data: place("appdata"), uniqueid: place("uniqueid"), extra: place("extra")}
	if p.at.event < 0 || p.at.time < 0 || p.at.uniqueid < 0 {
		return nil, fmt.Errorf("columns %v: eventtype, eventtime and uniqueid are needed: %w", o.Columns, dualtone.ErrInvalid)
	}
	return p, nil
}

func (*celParser) heading() bool { return false }
func (*celParser) heads() int    { return 0 }

func (p *celParser) parse(text string, row *calllog.Row) error {
	if text == "" {
		return nil
	}
	if row.Fault = p.fields.split(text, ','); row.Fault != nil {
		return nil
	}
	if n := len(p.fields.values); n != len(p.fields.names) {
		row.Fault = &calllog.Fault{Reason: fmt.Sprintf("%d columns; want %d", n, len(p.fields.names))}
		return nil
	}
	row.Fault = p.event(row)
	return nil
}

// event turns one that says something of a leg into a supplement.
func (p *celParser) event(row *calllog.Row) *calllog.Fault {
	name, channel := p.fields.at(p.at.event), p.fields.at(p.at.uniqueid)
	if !celEvent(name) {
		return fault("eventtype", name, "no event of Asterisk's")
	}
	at, wrong := p.time(channel)
	if wrong != nil {
		return wrong
	}
	var adds calllog.Leg
	switch name {
	case "HANGUP":
		adds, wrong = p.hangup()
	case "BLINDTRANSFER", "ATTENDEDTRANSFER":
		adds, wrong = p.transfer()
	default:
		return nil
	}
	if wrong != nil {
		return wrong
	}
	p.supply[0] = calllog.Supplement{
		ID:  calllog.LegID{System: p.system, Record: "cel/" + channel + "/" + name + "/" + strconv.FormatInt(at.UnixMicro(), 10)},
		Leg: calllog.Match{Channel: channel, At: at}, Adds: adds, Spare: p.rung(),
	}
	row.Supplements = p.supply[:]
	return nil
}

// time reads 2006-01-02 15:04:05 and, as without a dateformat in cel.conf, seconds
// since 1970.
func (p *celParser) time(channel string) (time.Time, *calllog.Fault) {
	text := p.fields.at(p.at.time)
	whole, part, _ := strings.Cut(text, ".")
	if seconds, ok := digits(whole); ok {
		if nanos, fine := fraction("." + part); fine || part == "" {
			return time.Unix(seconds, nanos).UTC(), nil
		}
	}
	l, ok := parseLocal(text)
	if !ok {
		return time.Time{}, fault("eventtime", text, "no time such as 2006-01-02 15:04:05 or 1795365988.25")
	}
	at, ok := p.clock.when(l, epochOf(channel))
	if !ok {
		return time.Time{}, fault("eventtime", text, "clocks in "+p.clock.zone.String()+" never showed this time; is the zone right?")
	}
	return at, p.clock.tooEarly("eventtime", text, at, epochOf(channel))
}

// rung reports whether the event is of a channel that an application rang: the record
// of whoever called tells of both.
func (p *celParser) rung() bool {
	app := p.fields.at(p.at.app)
	return (app == "AppDial" || app == "AppQueue") && p.fields.at(p.at.data) == "(Outgoing Line)"
}

func (p *celParser) hangup() (calllog.Leg, *calllog.Fault) {
	var extra struct {
		Cause      int    `json:"hangupcause"`
		DialStatus string `json:"dialstatus"`
	}
	if wrong := p.extra(&extra); wrong != nil {
		return calllog.Leg{}, wrong
	}
	adds := calllog.Leg{Disposition: dialStatus[extra.DialStatus]}
	if extra.Cause != 0 {
		adds.Cause = strconv.Itoa(extra.Cause)
	}
	return adds, nil
}

func (p *celParser) transfer() (calllog.Leg, *calllog.Fault) {
	var extra struct {
		Extension string `json:"extension"`
		Channel2  string `json:"channel2_name"`
	}
	if wrong := p.extra(&extra); wrong != nil {
		return calllog.Leg{}, wrong
	}
	to := extra.Extension
	if to == "" {
		to = channelOf(extra.Channel2).endpoint
	}
	return calllog.Leg{Transfers: 1, TransferTo: to}, nil
}

func (p *celParser) extra(into any) *calllog.Fault {
	text := p.fields.at(p.at.extra)
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		wrong := jsonFault(err)
		wrong.Column, wrong.Value = "extra", short(text)
		return wrong
	}
	return nil
}
