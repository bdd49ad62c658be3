package people

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// column is one column of the file: the name by which it is known, and the
// name as the file has it.
type column struct {
	name, shown string
}

// The names of columns.
const (
	colID         = "id"
	colName       = "name"
	colEmail      = "email"
	colFederation = "federation_id"
	colExtension  = "extension"
	colNumbers    = "numbers"
	colSite       = "site"
	colTeam       = "team"
	colCRM        = "crm"
	colOld        = "old"
	colNew        = "new"
)

func known() []string {
	return []string{
		colID, colName, colEmail, colFederation, colExtension, colNumbers, colSite, colTeam, colCRM, colOld, colNew,
	}
}

func required() []string { return []string{colID, colName} }

// optional are the columns that say all of what they are about: one without a text
// takes away what was known.
func optional() []string {
	return []string{colEmail, colFederation, colExtension, colNumbers, colSite, colTeam}
}

// lacks are the optional columns that the file does not have.
func (h header) lacks() []string {
	var all []string
	for _, name := range optional() {
		if h.index(name) < 0 {
			all = append(all, name)
		}
	}
	return all
}

// header is the file's columns. It is unusable when a person cannot be made
// from them.
type header struct {
	columns  []column
	unusable bool
}

func (h header) index(name string) int {
	return slices.IndexFunc(h.columns, func(c column) bool { return c.name == name })
}

// nameOf is the known name of a column, or empty. A list may have several
// columns of numbers: numbers, number, number2, number_3.
func nameOf(text string) string {
	name := strings.ToLower(strings.TrimSpace(text))
	name = strings.NewReplacer(" ", "_", "-", "_").Replace(name)
	switch name {
	case "e_mail", "mail":
		return colEmail
	case "crm_id", "old_id", "new_id":
		return strings.TrimSuffix(name, "_id")
	case "federationid":
		return colFederation
	case "time_zone":
		return dualtone.AttributeTimezone
	}
	if attribute := attributeOf(name); attribute != "" {
		return attribute
	}
	if bare := strings.TrimRight(strings.TrimRight(name, "0123456789"), "_"); bare == "number" || bare == colNumbers {
		return colNumbers
	}
	if slices.Contains(known(), name) {
		return name
	}
	return ""
}

// attributeOf is the attribute that a column holds, empty when it holds none.
// Those of which people have several may be called by their plural.
func attributeOf(name string) string {
	if slices.Contains(dualtone.AttributeNames(), strings.TrimSuffix(name, "s")) {
		return strings.TrimSuffix(name, "s")
	}
	if dualtone.FreeAttribute(name) {
		return name
	}
	return ""
}

func (f *file) readHeader(r *row) {
	for i, text := range r.fields {
		c := column{name: nameOf(text), shown: shown(strings.TrimSpace(text))}
		first := f.header.index(c.name)
		f.header.columns = append(f.header.columns, c)
		switch {
		case c.shown == "":
			f.faultAt(r, i, "a column without a name", "name it, or take it away")
		case c.name == "":
			f.faultAt(r, i, "no such column", nearest(text))
		case first >= 0 && c.name != colNumbers:
			f.faultAt(r, i, fmt.Sprintf("the column is there twice, first as field %d", first+1), "take one away")
			f.header.unusable = true
		}
	}
	for _, name := range required() {
		if f.header.index(name) < 0 {
			f.fault(Fault{Line: r.line, Problem: fmt.Sprintf("the column %q is missing", name), Want: "begin the file with a header that has it"})
			f.header.unusable = true
		}
	}
}

// separator is the one of comma, semicolon and tab that makes the most known
// columns, or else the most columns, of the first line.
func separator(data []byte) rune {
	line := bytes.TrimLeft(data, "\r\n")
	if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	best, most := ',', -1
	for _, comma := range []rune{',', ';', '\t'} {
		reader := csv.NewReader(bytes.NewReader(line))
		reader.Comma, reader.LazyQuotes = comma, true
		fields, err := reader.Read()
		if err != nil {
			continue
		}
		score := len(fields)
		for _, text := range fields {
			if nameOf(text) != "" {
				score += len(line)
			}
		}
		if score > most {
			best, most = comma, score
		}
	}
	return best
}

// nearest suggests the known name that is most like an unknown one.
func nearest(text string) string {
	name := strings.ToLower(strings.TrimSpace(text))
	names := append(known(), dualtone.AttributeNames()...)
	all := "the columns are " + strings.Join(names, ", ") + ", and any that begins with x_"
	if len(name) > 40 {
		return all
	}
	best, least := "", 4
	for _, k := range names {
		if d := distance(name, k); d < least && d < max(len(k), 3) {
			best, least = k, d
		}
	}
	if best == "" {
		return all
	}
	return fmt.Sprintf("perhaps %q is meant", best)
}

// distance counts the letters to add, take away or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, last+1, row[j]+1)
		}
	}
	return row[len(b)]
}
