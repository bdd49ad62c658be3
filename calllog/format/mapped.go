package format

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// mapped reads a CSV file of any system by a mapping.
func mapped() Format {
	return Format{
		Name:    "csv",
		Summary: "CSV of any other system, with a mapping file (--mapping)",
		cut:     lines,
		open:    func(o Options) (parser, error) { return newMapped(o) },
	}
}

type mappedParser struct {
	system  string
	zone    string
	clock   clock
	last    time.Time // the row before, as files are in the order of time
	numbers numbers

	separator byte
	skip      int
	named     bool
	layout    string
	seconds   func(string) (time.Duration, bool)
	columns   map[string]template
	keys      map[calllog.KeyKind]template
	means     map[string]calllog.Disposition
	ways      map[string]calllog.Direction
	fields    fields
	leg       [1]calllog.Leg
}

func newMapped(o Options) (parser, error) {
	m := o.Mapping
	if m == nil {
		return nil, fmt.Errorf("no mapping: %w", dualtone.ErrInvalid)
	}
	p := &mappedParser{
		system: o.System, clock: newClock(o.Zone), numbers: newNumbers(o),
		separator: separatorOf(m.Separator), skip: m.Skip, layout: m.Time, seconds: durationOf(m.Durations),
		columns: map[string]template{}, keys: map[calllog.KeyKind]template{},
		means: map[string]calllog.Disposition{}, ways: map[string]calllog.Direction{},
	}
	p.zone = p.clock.zone.String()
	var wrong []string
	m.Check(func(key, problem, hint string) { wrong = append(wrong, key+": "+problem+" "+hint) })
	if len(wrong) > 0 {
		return nil, fmt.Errorf("mapping: %s: %w", strings.Join(wrong, "; "), dualtone.ErrInvalid)
	}
	for name, text := range m.Columns {
		p.columns[name], _ = compile(text) // it was checked
	}
	for kind, text := range m.Keys {
		p.keys[calllog.KeyKind(kind)], _ = compile(text) // it was checked
	}
	for word, means := range m.Dispositions {
		p.means[word] = calllog.Disposition(means)
	}
	for word, means := range m.Directions {
		p.ways[word] = calllog.Direction(means)
	}
	if len(m.Header) > 0 {
		return p, p.name(m.Header)
	}
	return p, nil
}

func separatorOf(text string) byte {
	switch text {
	case "":
		return ','
	case "tab":
		return '\t'
	default:
		return text[0]
	}
}

func (p *mappedParser) heading() bool { return p.skip > 0 || !p.named }

func (p *mappedParser) heads() int {
	if p.named {
		return p.skip
	}
	return p.skip + 1
}

// name gives the columns their names.
func (p *mappedParser) name(names []string) error {
	p.fields.names = slices.Clone(names)
	p.named = true
	var missing []string
	for _, t := range p.columns {
		if column := t.place(p.fields.names); column != "" {
			missing = append(missing, column)
		}
	}
	for _, t := range p.keys {
		if column := t.place(p.fields.names); column != "" {
			missing = append(missing, column)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("no column %s; there are %s: %w", strings.Join(slices.Compact(missing), ", "), strings.Join(names, ", "), dualtone.ErrInvalid)
	}
	return nil
}

func (p *mappedParser) parse(text string, row *calllog.Row) error {
	if p.skip > 0 {
		p.skip--
		return nil
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	wrong := p.fields.split(text, p.separator)
	if !p.named {
		if wrong != nil {
			return fmt.Errorf("the columns' names: %s: %w", wrong.Reason, dualtone.ErrInvalid)
		}
		var names []string
		for _, n := range p.fields.values {
			names = append(names, strings.Clone(strings.TrimSpace(n)))
		}
		return p.name(names)
	}
	if row.Fault = wrong; wrong != nil {
		return nil
	}
	if n := len(p.fields.values); n != len(p.fields.names) {
		row.Fault = &calllog.Fault{Reason: fmt.Sprintf("%d columns; want %d", n, len(p.fields.names))}
		return nil
	}
	p.leg[0] = calllog.Leg{LegID: calllog.LegID{System: p.system}, Zone: p.zone}
	if row.Fault = p.fill(&p.leg[0], text); row.Fault == nil {
		row.Legs = p.leg[:]
	}
	return nil
}

func (p *mappedParser) fill(l *calllog.Leg, text string) *calllog.Fault {
	if wrong := p.times(l); wrong != nil {
		return wrong
	}
	for _, f := range mappedTexts() {
		*f.of(l) = p.text(f.name)
	}
	if l.Record == "" {
		// Without a key of its own the row is its own key.
		sum := sha256.Sum256([]byte(text))
		l.Record = hex.EncodeToString(sum[:12])
	}
	l.Agent, l.Queue, l.Pop = dualtone.UserID(p.text("agent")), dualtone.QueueID(p.text("queue")), calllog.Pop(p.text("pop"))
	l.Caller, l.Called, l.Dialed = p.party("caller", l.TrunkIn), p.party("called", l.TrunkOut), p.party("dialed", l.TrunkIn)
	l.DivertedFrom = p.party("diverted_from", l.TrunkIn)
	for _, f := range mappedDurations() {
		if wrong := p.duration(f.name, f.of(l)); wrong != nil {
			return wrong
		}
	}
	if wrong := p.words(l); wrong != nil {
		return wrong
	}
	for _, f := range mappedCounts() {
		if wrong := p.count(f.name, f.of(l)); wrong != nil {
			return wrong
		}
	}
	if wrong := p.mos(l); wrong != nil {
		return wrong
	}
	for kind, t := range p.keys {
		if value := t.of(&p.fields); value != "" {
			l.Keys = append(l.Keys, calllog.Key{Kind: kind, Value: value})
		}
	}
	slices.SortFunc(l.Keys, func(a, b calllog.Key) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return nil
}

func (p *mappedParser) text(name string) string {
	t, ok := p.columns[name]
	if !ok {
		return ""
	}
	return strings.TrimSpace(t.of(&p.fields))
}

func (p *mappedParser) party(name, trunk string) calllog.Party {
	party := p.numbers.party(p.text(name), trunk)
	party.Name = p.text(name + "_name")
	return party
}

// times reads when the leg began, was answered and ended. An hour that comes
// twice is told apart by the rows before it.
func (p *mappedParser) times(l *calllog.Leg) (wrong *calllog.Fault) {
	if l.Started, wrong = p.time("started", p.last); wrong != nil {
		return wrong
	}
	if l.Started.IsZero() {
		return fault(p.columns["started"].column(), "", "empty")
	}
	p.last = l.Started
	if l.Answered, wrong = p.time("answered", l.Started); wrong != nil {
		return wrong
	}
	var life time.Duration
	if wrong = p.duration("duration", &life); wrong != nil {
		return wrong
	}
	if l.Ended, wrong = p.time("ended", l.Started.Add(life)); wrong != nil {
		return wrong
	}
	if l.Ended.IsZero() {
		l.Ended = l.Started.Add(life)
	}
	if l.Ended.Before(l.Started) {
		return fault(p.columns["ended"].column(), p.text("ended"), "before the start")
	}
	return nil
}

func (p *mappedParser) time(name string, near time.Time) (time.Time, *calllog.Fault) {
	text := p.text(name)
	if text == "" {
		return time.Time{}, nil
	}
	column := p.columns[name].column()
	switch p.layout {
	case epoch, epochMS:
		n, ok := digits(text)
		if !ok || n > latest*1000 || p.layout == epoch && n > latest {
			return time.Time{}, fault(column, text, "no time since 1970")
		}
		if p.layout == epoch {
			n *= 1000
		}
		return time.UnixMilli(n).UTC(), nil
	case rfc3339:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return time.Time{}, fault(column, text, "no time such as 2006-01-02T15:04:05Z")
		}
		return t.UTC(), nil
	}
	t, err := time.Parse(p.layout, text)
	if err != nil {
		return time.Time{}, fault(column, text, "no time such as "+p.layout)
	}
	at, ok := p.clock.when(local{seconds: t.Unix(), nanos: int64(t.Nanosecond())}, near)
	if !ok {
		return time.Time{}, fault(column, text, "clocks in "+p.zone+" never showed this time; is the zone right?")
	}
	return at, nil
}

// words translates the disposition and the direction.
func (p *mappedParser) words(l *calllog.Leg) *calllog.Fault {
	word := p.text("disposition")
	var ok bool
	if l.Disposition, ok = p.means[word]; !ok {
		return fault(p.columns["disposition"].column(), word, calllog.UnknownEnd+"; the mapping's dispositions do not have it")
	}
	if l.Cause == "" {
		l.Cause = word
	}
	if t, ok := p.columns["direction"]; ok {
		way := p.text("direction")
		if l.Direction, ok = p.ways[way]; !ok {
			return fault(t.column(), way, "an unknown word; the mapping's directions do not have it")
		}
	}
	return nil
}

func (p *mappedParser) duration(name string, into *time.Duration) *calllog.Fault {
	text := p.text(name)
	if text == "" {
		return nil
	}
	d, ok := p.seconds(text)
	if !ok || d > maxLife {
		return fault(p.columns[name].column(), text, "no duration as the mapping describes it")
	}
	*into = d
	return nil
}

func (p *mappedParser) count(name string, into *int) *calllog.Fault {
	text := p.text(name)
	if text == "" {
		return nil
	}
	n, ok := digits(text)
	if !ok || n > math.MaxInt32 {
		return fault(p.columns[name].column(), text, "no count")
	}
	*into = int(n)
	return nil
}

func (p *mappedParser) mos(l *calllog.Leg) *calllog.Fault {
	text := p.text("mos")
	if text == "" {
		return nil
	}
	score, err := strconv.ParseFloat(text, 64)
	if err != nil || !(score >= 0 && score <= 5) {
		return fault(p.columns["mos"].column(), text, "no score from 0 to 5")
	}
	l.Quality.MOS = int(math.Round(score * 100))
	return nil
}

// durationOf returns how durations of a unit are read; nil for an unknown one.
func durationOf(unit string) func(string) (time.Duration, bool) {
	scaled := func(by time.Duration) func(string) (time.Duration, bool) {
		return func(text string) (time.Duration, bool) {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil || !(n >= 0 && n <= float64(maxLife/by)) {
				return 0, false
			}
			return time.Duration(n * float64(by)).Round(time.Millisecond), true
		}
	}
	switch unit {
	case "", "s":
		return scaled(time.Second)
	case "ms":
		return scaled(time.Millisecond)
	case "min":
		return scaled(time.Minute)
	case "h:m:s":
		return clockDuration
	default:
		return nil
	}
}

// clockDuration reads 1:02:03, 02:03 and 3.
func clockDuration(text string) (time.Duration, bool) {
	var total int64
	for i, part := range strings.Split(text, ":") {
		n, ok := digits(part)
		if !ok || i > 2 || n > int64(maxLife/time.Second) {
			return 0, false
		}
		total = total*60 + n
	}
	return time.Duration(total) * time.Second, total <= int64(maxLife/time.Second)
}
