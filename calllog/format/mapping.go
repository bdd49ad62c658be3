package format

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// Mapping says how the columns of a CSV file become a leg. It is read from YAML
// with the tags' keys.
type Mapping struct {
	// Separator is between two columns: one character, or the word tab.
	Separator string `mapstructure:"separator"`
	// Header are the names of the columns where the file's first line does not
	// name them.
	Header []string `mapstructure:"header"`
	// Skip is how many lines stand before the names, or before the first row.
	Skip int `mapstructure:"skip"`
	// Time is the layout of local times, as in 2006-01-02 15:04:05, or one of the
	// words epoch (seconds since 1970), epoch_ms and rfc3339.
	Time string `mapstructure:"time"`
	// Durations is how durations are written: s, ms, min or h:m:s.
	Durations string `mapstructure:"durations"`
	// Columns are what each field of a leg is read from: a column's name, or a
	// text with several in braces, such as {Date} {Time}.
	Columns map[string]string `mapstructure:"columns"`
	// Keys are columns that hold what another system may know the call by.
	Keys map[string]string `mapstructure:"keys"`
	// Moves says that a correction may change when a call started: each leg is then
	// looked for by its record alone, at some cost.
	Moves bool `mapstructure:"moves"`
	// Dispositions and Directions translate the file's words into ours.
	Dispositions map[string]string `mapstructure:"dispositions"`
	Directions   map[string]string `mapstructure:"directions"`
}

const (
	epoch   = "epoch"
	epochMS = "epoch_ms"
	rfc3339 = "rfc3339"
)

// Check tells each mistake by its key, with a hint where there is one.
func (m *Mapping) Check(wrong func(key, problem, hint string)) {
	if m.Separator != "" && m.Separator != "tab" && len(m.Separator) != 1 || m.Separator == `"` {
		wrong("separator", fmt.Sprintf("%q is no separator", m.Separator), "one character, or the word tab")
	}
	if m.Skip < 0 {
		wrong("skip", "less than nothing", "")
	}
	m.checkTime(wrong)
	if m.Durations != "" && durationOf(m.Durations) == nil {
		wrong("durations", fmt.Sprintf("%q is unknown", m.Durations), "known are s, ms, min, h:m:s")
	}
	m.checkColumns(wrong)
	for kind := range m.Keys {
		if !slices.Contains(keyKinds(), calllog.KeyKind(kind)) {
			wrong("keys."+kind, "no kind of key", "known are "+list(keyKinds()))
		}
	}
	for word, means := range m.Dispositions {
		if !slices.Contains(calllog.Dispositions(), calllog.Disposition(means)) {
			wrong("dispositions."+word, fmt.Sprintf("%q is no disposition", means), "known are "+list(calllog.Dispositions()))
		}
	}
	for word, means := range m.Directions {
		if !slices.Contains(directions(), calllog.Direction(means)) {
			wrong("directions."+word, fmt.Sprintf("%q is no direction", means), "known are "+list(directions()))
		}
	}
}

func (m *Mapping) checkTime(wrong func(key, problem, hint string)) {
	switch m.Time {
	case epoch, epochMS, rfc3339:
		return
	case "":
		wrong("time", "not set", "a layout such as 2006-01-02 15:04:05, or epoch, epoch_ms, rfc3339")
		return
	}
	// A layout that says everything gives back the time that it wrote.
	at := time.Date(1987, time.June, 5, 16, 3, 2, 0, time.UTC)
	if back, err := time.Parse(m.Time, at.Format(m.Time)); err != nil || !back.Equal(at) {
		wrong("time", fmt.Sprintf("%q is no layout of a date and a time to the second", m.Time), "write the 2nd of January 2006, 15:04:05, as the file would")
	}
}

func (m *Mapping) checkColumns(wrong func(key, problem, hint string)) {
	for name := range m.Columns {
		if !slices.Contains(mappedFields(), name) {
			wrong("columns."+name, "no field of a leg", "known are "+strings.Join(mappedFields(), ", "))
		}
	}
	for _, needed := range [][]string{{"started"}, {"ended", "duration"}, {"caller", "called"}, {"disposition"}} {
		if !slices.ContainsFunc(needed, func(name string) bool { return m.Columns[name] != "" }) {
			wrong("columns", "no "+strings.Join(needed, " or "), "name the column that holds it")
		}
	}
	if m.Columns["disposition"] != "" && len(m.Dispositions) == 0 {
		wrong("dispositions", "not set", "say what each word of the disposition's column means, such as ANSWERED: answered")
	}
	if m.Columns["direction"] != "" && len(m.Directions) == 0 {
		wrong("directions", "not set", "say what each word of the direction's column means, such as I: inbound")
	}
	for key, from := range map[string]map[string]string{"columns": m.Columns, "keys": m.Keys} {
		for name, text := range from {
			if _, err := compile(text); err != nil {
				wrong(key+"."+name, err.Error(), "")
				continue
			}
			m.checkNames(key+"."+name, text, wrong)
		}
	}
}

// checkNames looks for columns that the header does not have, where it is known.
func (m *Mapping) checkNames(key, text string, wrong func(key, problem, hint string)) {
	if len(m.Header) == 0 {
		return
	}
	t, _ := compile(text) // it was compiled before
	for _, name := range t.names() {
		if index(m.Header, name) < 0 {
			wrong(key, fmt.Sprintf("no column %q", name), "header names "+strings.Join(m.Header, ", "))
		}
	}
}

// Translations lists the mapping's words.
func (m *Mapping) Translations() []Translation {
	var all []Translation
	for word, means := range m.Dispositions {
		all = append(all, Translation{Word: word, Means: calllog.Disposition(means)})
	}
	slices.SortFunc(all, func(a, b Translation) int { return strings.Compare(a.Word, b.Word) })
	return all
}

// KeyKinds are the names of what another system may know a call by.
func KeyKinds() []string {
	var all []string
	for _, kind := range keyKinds() {
		all = append(all, string(kind))
	}
	return all
}

func keyKinds() []calllog.KeyKind {
	return []calllog.KeyKind{
		calllog.DecisionKey, calllog.SIPCallID, calllog.SessionID, calllog.UCID, calllog.UserToUser, calllog.LinkedID, calllog.ContactIDKey,
	}
}

func directions() []calllog.Direction {
	return []calllog.Direction{calllog.Inbound, calllog.Outbound, calllog.Internal}
}

func list[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

// template makes a text from columns: a column's name alone, or several in braces.
type template struct{ parts []part }

// part is a fixed text or a column's name, and where that column is.
type part struct {
	text   string
	column bool
	at     int
}

func compile(text string) (template, error) {
	if !strings.ContainsAny(text, "{}") {
		return template{[]part{{text: text, column: true}}}, nil
	}
	var t template
	for rest := text; rest != ""; {
		before, after, ok := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return t, fmt.Errorf("%q: a brace closes that was not opened", text)
		}
		if before != "" {
			t.parts = append(t.parts, part{text: before})
		}
		if !ok {
			return t, nil
		}
		name, next, closed := strings.Cut(after, "}")
		if !closed || name == "" {
			return t, fmt.Errorf("%q: write columns as {Date}", text)
		}
		t.parts = append(t.parts, part{text: name, column: true})
		rest = next
	}
	return t, nil
}

func (t template) names() []string {
	var all []string
	for _, p := range t.parts {
		if p.column {
			all = append(all, p.text)
		}
	}
	return all
}

// place finds the columns; it returns the name of one that is not there.
func (t template) place(names []string) (missing string) {
	for i, p := range t.parts {
		if !p.column {
			continue
		}
		if t.parts[i].at = index(names, p.text); t.parts[i].at < 0 {
			return p.text
		}
	}
	return ""
}

// of fills in the columns. It is empty where all of them are.
func (t template) of(f *fields) string {
	if len(t.parts) == 1 && t.parts[0].column {
		return f.at(t.parts[0].at)
	}
	var b strings.Builder
	filled := false
	for _, p := range t.parts {
		if !p.column {
			b.WriteString(p.text)
			continue
		}
		value := f.at(p.at)
		filled = filled || value != ""
		b.WriteString(value)
	}
	if !filled {
		return ""
	}
	return b.String()
}

// column is what the field's value stands in, for faults.
func (t template) column() string { return strings.Join(t.names(), ", ") }
