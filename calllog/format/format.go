package format

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/routing"
)

// Format is one way in which a phone system writes about its calls.
type Format struct {
	Name    string
	Summary string
	// Translations are the format's words for how a leg ended and what they mean
	// here. Several rows of one word are tried in their order.
	Translations []Translation

	cut cutter
	// ended says that the system ends each of its rows, so that one without an
	// end was cut off.
	ended bool
	looks func(head []byte) bool
	open  func(o Options) (parser, error)
}

// Translation is a source's word for how a leg ended, and what it means here.
type Translation struct {
	Word string `json:"word"`
	// When is what else must be so, for people; empty for always.
	When  string              `json:"when,omitempty"`
	Means calllog.Disposition `json:"means"`
}

// Options say what a source does not say of itself.
type Options struct {
	// System is the configured name of the system whose records these are.
	System string
	// Zone is where local times are local; UTC when it is nil.
	Zone *time.Location
	// Country is whose dialing rules digits follow that are not E.164, for
	// calls over a trunk that Trunks does not name.
	Country string
	Trunks  map[string]string
	// Dialing says how the system's extensions and access codes are read.
	Dialing routing.Dialing
	// People tells extensions of people from trunks and services; numbers of two
	// to seven digits when it is nil.
	People *regexp.Regexp
	// Columns is the order of the columns where a system's settings can change
	// it; the system's default when it is empty.
	Columns []string
	// Keys are columns or attributes that hold what another system may know a
	// call by.
	Keys map[string]calllog.KeyKind
	// Sites are where phones are, by their addresses; the first that fits counts.
	Sites []Site
	// Mapping is how a CSV file of any other system is read.
	Mapping *Mapping
}

// Site is a place whose phones have addresses of a network.
type Site struct {
	Name    string
	Network netip.Prefix
}

// parser reads rows of one source in their order.
type parser interface {
	// heading reports whether the next row names columns, so that it is needed
	// even where reading goes on behind it.
	heading() bool
	// heads is how many rows a source has at most before the first of a call.
	heads() int
	// parse fills a row. An error ends the reading; a row that is wrong by itself
	// gets a Fault. Texts may be parts of the row's own.
	parse(text string, row *calllog.Row) error
}

// doubter is a parser that may come to doubt how it is to read.
type doubter interface {
	// doubts says what is to be doubted of the rows so far; empty for nothing.
	doubts() string
}

// All lists the formats in the order in which they are looked for.
func All() []Format {
	return []Format{ucmCDR(), ucmCMR(), connectRecords(), asteriskCEL(), asterisk(), mapped()}
}

// Named returns the format of a name.
func Named(name string) (Format, error) {
	var names []string
	for _, f := range All() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("no format %q; known are %s: %w", name, strings.Join(names, ", "), dualtone.ErrInvalid)
}

// Detect finds the format that a source's beginning looks like.
func Detect(head []byte) (Format, bool) {
	head = bytes.TrimPrefix(head, byteOrderMark)
	for _, f := range All() {
		if f.looks != nil && f.looks(head) {
			return f, true
		}
	}
	return Format{}, false
}

// OfSystem returns the format of the records that a connector of this kind
// hands over.
func OfSystem(kind string) (Format, bool) {
	switch kind {
	case "asterisk":
		return asterisk(), true
	case "amazonconnect":
		return connectRecords(), true
	default:
		return Format{}, false
	}
}

// firstLine returns the text before the first end of a line.
func firstLine(head []byte) string {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return string(bytes.TrimRight(line, "\r"))
}
