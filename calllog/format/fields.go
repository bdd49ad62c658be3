package format

import (
	"strings"

	"github.com/dualtone/dualtone/calllog"
)

// fields are the columns of one row; their texts are parts of the row's own.
type fields struct {
	names  []string
	values []string
}

// split cuts a row of comma-separated values into fields, whose quotes are
// doubled within quotes. Its fault says what is wrong with the quotes.
func (f *fields) split(text string, separator byte) *calllog.Fault {
	f.values = f.values[:0]
	for {
		if text == "" || text[0] != '"' {
			i := strings.IndexByte(text, separator)
			if i < 0 {
				f.values = append(f.values, text)
				return nil
			}
			f.values = append(f.values, text[:i])
			text = text[i+1:]
			continue
		}
		value, rest, ok := unquote(text[1:])
		if !ok {
			return &calllog.Fault{Column: f.name(len(f.values)), Value: short(text), Reason: "the quote is not closed"}
		}
		f.values = append(f.values, value)
		switch {
		case rest == "":
			return nil
		case rest[0] != separator:
			return &calllog.Fault{Column: f.name(len(f.values) - 1), Value: short(value), Reason: "text follows the closing quote"}
		}
		text = rest[1:]
	}
}

// unquote reads up to the closing quote.
func unquote(text string) (value, rest string, ok bool) {
	i := strings.IndexByte(text, '"')
	if i < 0 {
		return "", "", false
	}
	if i+1 == len(text) || text[i+1] != '"' {
		return text[:i], text[i+1:], true
	}
	var b strings.Builder
	for {
		b.WriteString(text[:i])
		text = text[i+1:]
		if text == "" || text[0] != '"' {
			return b.String(), text, true
		}
		b.WriteByte('"')
		text = text[1:]
		if i = strings.IndexByte(text, '"'); i < 0 {
			return "", "", false
		}
	}
}

// name is the name of a column.
func (f *fields) name(i int) string {
	if i < len(f.names) {
		return f.names[i]
	}
	return ""
}

// at returns a field; it is empty if there is no such column.
func (f *fields) at(i int) string {
	if i < 0 || i >= len(f.values) {
		return ""
	}
	return f.values[i]
}

// index finds a column by its name, whose case does not matter; -1 if it is not
// there.
func index(names []string, name string) int {
	for i, n := range names {
		if strings.EqualFold(n, name) {
			return i
		}
	}
	return -1
}

// short keeps the values in faults readable.
func short(value string) string {
	const enough = 120
	if len(value) <= enough {
		return strings.Clone(value)
	}
	return strings.ToValidUTF8(value[:enough], "") + "..."
}

// fault says that a column holds something else than was wanted.
func fault(column, value, reason string) *calllog.Fault {
	return &calllog.Fault{Column: column, Value: short(value), Reason: reason}
}
