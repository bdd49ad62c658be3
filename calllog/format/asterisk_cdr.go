package format

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// cdrColumns are those of cdr-csv in their order; the last five are there when
// cdr.conf has loguniqueid, loguserfield and newcdrcolumns.
func cdrColumns() []string {
	return []string{
		"accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
		"start", "answer", "end", "duration", "billsec", "disposition", "amaflags",
		"uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
	}
}

const fewestColumns = 16

// looksLikeCDR reports whether a line has a CDR's columns in their order.
func looksLikeCDR(text string) bool {
	var f fields
	if f.split(text, ',') != nil || len(f.values) < fewestColumns || len(f.values) > len(cdrColumns()) {
		return false
	}
	_, start := parseLocal(f.at(9))
	return start && knownDisposition(f.at(14))
}

// cdrParser reads call detail records.
type cdrParser struct {
	system  string
	zone    string
	clock   clock
	numbers numbers
	people  people
	keys    []keyColumn
	fields  fields
	own     bool // the columns are in an order of the settings
	at      cdrPlaces
	leg     [1]calllog.Leg
	doubt   doubt
}

// keyColumn is a column that holds what another system may know a call by.
type keyColumn struct {
	at   int
	kind calllog.KeyKind
}

// cdrPlaces says where each column is; -1 if it is not there.
type cdrPlaces struct {
	src, dst, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec,
	disposition, uniqueid, linkedid, sequence, recording int
}

func newCDR(o Options) (*cdrParser, error) {
	p := &cdrParser{system: o.System, clock: newClock(o.Zone), numbers: newNumbers(o), people: newPeople(o.People)}
	p.zone = p.clock.zone.String()
	p.fields.names = o.Columns
	p.own = len(o.Columns) > 0
	if !p.own {
		// What FreePBX's table has besides.
		p.fields.names = append(cdrColumns(), "calldate", "recordingfile")
	}
	place := func(name string) int { return index(p.fields.names, name) }
	p.at = cdrPlaces{
		src: place("src"), dst: place("dst"), clid: place("clid"), channel: place("channel"), dstchannel: place("dstchannel"),
		lastapp: place("lastapp"), lastdata: place("lastdata"), start: place("start"), answer: place("answer"), end: place("end"),
		duration: place("duration"), billsec: place("billsec"), disposition: place("disposition"), uniqueid: place("uniqueid"),
		linkedid: place("linkedid"), sequence: place("sequence"), recording: place("recordingfile"),
	}
	if p.own && (p.at.start < 0 || p.at.channel < 0 || p.at.disposition < 0) {
		return nil, fmt.Errorf("columns %v: start, channel and disposition are needed: %w", o.Columns, dualtone.ErrInvalid)
	}
	for name, kind := range o.Keys {
		if i := place(name); i >= 0 {
			p.keys = append(p.keys, keyColumn{i, kind})
		}
	}
	return p, nil
}

// line reads a line of cdr-csv.
func (p *cdrParser) line(text string, row *calllog.Row) {
	if row.Fault = p.fields.split(text, ','); row.Fault != nil {
		return
	}
	if n := len(p.fields.values); p.own && n != len(p.fields.names) || n < fewestColumns && !p.own || n > len(p.fields.names) {
		row.Fault = &calllog.Fault{Reason: fmt.Sprintf("%d columns; want %s", n, p.wanted())}
		return
	}
	p.record(row)
}

func (p *cdrParser) wanted() string {
	if p.own {
		return strconv.Itoa(len(p.fields.names))
	}
	return fmt.Sprintf("%d to %d", fewestColumns, len(cdrColumns()))
}

// row reads a row of the table cdr.
func (p *cdrParser) row(columns map[string]string, row *calllog.Row) {
	p.fields.values = p.fields.values[:0]
	for _, name := range p.fields.names {
		p.fields.values = append(p.fields.values, columns[name])
	}
	if start := columns["calldate"]; start != "" && p.at.start >= 0 && p.fields.values[p.at.start] == "" {
		p.fields.values[p.at.start] = start
	}
	p.record(row)
}

// record turns the fields into a leg.
func (p *cdrParser) record(row *calllog.Row) {
	p.leg[0] = calllog.Leg{}
	l := &p.leg[0]
	uniqueid := p.fields.at(p.at.uniqueid)
	if row.Fault = p.times(l, epochOf(uniqueid)); row.Fault != nil {
		return
	}
	l.System, l.Zone = p.system, p.zone
	l.Record, l.Call = p.recordKey(uniqueid), p.fields.at(p.at.linkedid)
	if uniqueid != "" {
		l.Channels = []string{uniqueid}
		if l.Call == "" {
			l.Call = uniqueid
		}
	}
	l.Recording = p.fields.at(p.at.recording)
	from, to := channelOf(p.fields.at(p.at.channel)), channelOf(p.fields.at(p.at.dstchannel))
	p.parties(l, from, to)
	app := p.fields.at(p.at.lastapp)
	if strings.EqualFold(app, "Queue") {
		queue, _, _ := strings.Cut(p.fields.at(p.at.lastdata), ",")
		l.Queue = dualtone.QueueID(queue)
	}
	l.Cause = p.fields.at(p.at.disposition)
	end := cdrEnd{app: app, queue: l.Queue != "", reached: p.fields.at(p.at.dstchannel) != "", forwarded: p.forwarded(l)}
	var ok bool
	if l.Disposition, ok = end.disposition(l.Cause); !ok {
		row.Fault = fault("disposition", l.Cause, calllog.UnknownEnd+"; calls translations lists the known words")
		return
	}
	p.parts(l)
	for _, k := range p.keys {
		if value := p.fields.at(k.at); value != "" {
			l.Keys = append(l.Keys, calllog.Key{Kind: k.kind, Value: value})
		}
	}
	row.Legs = p.leg[:]
}

// recordKey is the row's name wherever it is found. One channel has several
// rows; without a sequence they differ in when they began and whom they reached.
func (p *cdrParser) recordKey(uniqueid string) string {
	if sequence := p.fields.at(p.at.sequence); uniqueid != "" && sequence != "" {
		return uniqueid + "/" + sequence
	}
	if uniqueid == "" {
		uniqueid = p.fields.at(p.at.channel)
	}
	return uniqueid + "/" + p.fields.at(p.at.dstchannel) + "/" + p.fields.at(p.at.start)
}

// times reads the three times and the two durations. The channel's own name
// holds the second in which it began, in UTC: in autumn's hour that comes twice it
// tells which of the two is meant.
func (p *cdrParser) times(l *calllog.Leg, began time.Time) *calllog.Fault {
	start, wrong := p.time("start", p.at.start, began)
	if wrong != nil {
		return wrong
	}
	if start.IsZero() {
		return fault("start", "", "empty")
	}
	if wrong := p.clock.tooEarly("start", p.fields.at(p.at.start), start, began); wrong != nil {
		return wrong
	}
	p.doubt.count(start, began)
	answer, wrong := p.time("answer", p.at.answer, start)
	if wrong != nil {
		return wrong
	}
	duration, wrong := p.seconds("duration", p.at.duration)
	if wrong != nil {
		return wrong
	}
	if l.Talk, wrong = p.seconds("billsec", p.at.billsec); wrong != nil {
		return wrong
	}
	end, wrong := p.time("end", p.at.end, start.Add(duration))
	if wrong != nil {
		return wrong
	}
	if end.IsZero() {
		end = start.Add(duration)
	}
	if answer.IsZero() && l.Talk > 0 {
		answer = end.Add(-l.Talk) // FreePBX has no column for it
	}
	if end.Before(start) {
		return fault("end", p.fields.at(p.at.end), "before the start")
	}
	l.Started, l.Answered, l.Ended = start, answer, end
	return nil
}

// time reads a column's local time; an empty one is the zero time.
func (p *cdrParser) time(column string, at int, near time.Time) (time.Time, *calllog.Fault) {
	text := p.fields.at(at)
	if text == "" {
		return time.Time{}, nil
	}
	l, ok := parseLocal(text)
	if !ok {
		return time.Time{}, fault(column, text, "no time such as 2006-01-02 15:04:05")
	}
	t, ok := p.clock.when(l, near)
	if !ok {
		return time.Time{}, fault(column, text, "clocks in "+p.zone+" never showed this time; is the zone right?")
	}
	return t, nil
}

func (p *cdrParser) seconds(column string, at int) (time.Duration, *calllog.Fault) {
	text := p.fields.at(at)
	if text == "" {
		return 0, nil
	}
	n, ok := digits(text)
	if !ok || n > int64(maxLife/time.Second) {
		return 0, fault(column, text, "no number of seconds")
	}
	return time.Duration(n) * time.Second, nil
}

// maxLife is the longest that anything of a call may take.
const maxLife = 366 * 24 * time.Hour

// parties says who spoke with whom, over what, and which way.
func (p *cdrParser) parties(l *calllog.Leg, from, to channel) {
	fromPerson, toPerson := p.people.has(from.endpoint), p.people.has(to.endpoint)
	if from.trunk() && !fromPerson {
		l.TrunkIn = from.endpoint
	}
	if to.trunk() && !toPerson {
		l.TrunkOut = to.endpoint
	}
	src, dst := p.fields.at(p.at.src), p.fields.at(p.at.dst)
	l.Caller = p.numbers.party(src, l.TrunkIn)
	l.Caller.Name = callerName(p.fields.at(p.at.clid))
	l.Called = p.numbers.party(dst, l.TrunkOut)
	switch {
	case from.technology == localChannel && l.TrunkOut != "":
		l.Direction = calllog.Outbound // the dialplan's own half of a call that it sends on
	case from.technology == localChannel && p.bringsOn():
		l.Direction = calllog.Internal // and of one that it brings to a person, whose row is the caller's
		return
	case !p.people.has(src):
		l.Direction = calllog.Inbound
	case toPerson || p.people.has(dst) || l.Called.Number == "" && l.TrunkOut == "":
		l.Direction = calllog.Internal
	default:
		l.Direction = calllog.Outbound
	}
	switch {
	case l.Direction == calllog.Outbound && from.technology == localChannel:
	case toPerson:
		l.Extension = to.endpoint
	case fromPerson:
		l.Extension = from.endpoint
	}
	l.Agent = dualtone.UserID(l.Extension)
}

// forwarded reports whether a call to a person was dialed on to somebody outside,
// and notes to whom: Dial(Local/14155550100@cloud/n) for a call to 1001. What is no
// number may be one behind an access code, which is longer than an extension.
func (p *cdrParser) forwarded(l *calllog.Leg) bool {
	dst := p.fields.at(p.at.dst)
	if l.Direction != calllog.Inbound || !strings.EqualFold(p.fields.at(p.at.lastapp), "Dial") || !p.people.has(dst) {
		return false
	}
	target := channelOf(p.fields.at(p.at.lastdata)).endpoint
	if target == dst || p.people.has(target) {
		return false
	}
	if _, number := digits(target); p.numbers.e164(target, "") == "" && (!number || len(target) <= len(dst)) {
		return false
	}
	l.TransferTo = target
	return true
}

// parts divides the leg's life. What a queue took is not told apart from what an
// agent did; its log tells that.
func (*cdrParser) parts(l *calllog.Leg) {
	switch {
	case l.Disposition == calllog.AbandonedQueue:
		l.Answered, l.Talk, l.Wait = time.Time{}, 0, l.Ended.Sub(l.Started)
	case l.Queue != "":
	case l.Answered.IsZero():
		l.Ring = l.Ended.Sub(l.Started)
	default:
		l.Ring = max(0, l.Answered.Sub(l.Started))
	}
}

// channel is the part of a channel's name that says whose it is.
type channel struct{ technology, endpoint string }

// localChannel is the technology of channels that run through the dialplan itself.
const localChannel = "Local"

// bringsOn reports whether the row is of the half of a local channel that runs through
// the dialplan to whom the other half stands for. A queue or a caller rang that other
// half, and their own row has it as the channel that was reached: the two are one call,
// which is offered and answered once. One that waits in a queue by itself is a call of
// its own.
func (p *cdrParser) bringsOn() bool {
	return strings.HasSuffix(p.fields.at(p.at.channel), ";2") && !strings.EqualFold(p.fields.at(p.at.lastapp), "Queue")
}

// trunk reports whether the channel can be one of a trunk: those of the dialplan
// itself cannot.
func (c channel) trunk() bool { return c.technology != "" && c.technology != localChannel }

// channelOf reads PJSIP/1001-0000001a and Local/1001@agents-00000003;2.
func channelOf(name string) channel {
	technology, rest, ok := strings.Cut(name, "/")
	if !ok {
		return channel{}
	}
	if i := strings.IndexByte(rest, '@'); i >= 0 {
		return channel{technology, rest[:i]}
	}
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		rest = rest[:i]
	}
	return channel{technology, rest}
}

// callerName reads "Ann Smith" <1001>.
func callerName(clid string) string {
	name, _, ok := strings.Cut(clid, "<")
	if !ok {
		return ""
	}
	return strings.Trim(name, `" `)
}

// epochOf reads when a channel began from its uniqueid, 1795365988.3 or, with a
// system's name, pbx-1795365988.3; the zero time if it does not say.
func epochOf(uniqueid string) time.Time {
	text, _, ok := strings.Cut(uniqueid[strings.LastIndexByte(uniqueid, '-')+1:], ".")
	n, number := digits(text)
	if !ok || !number {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
