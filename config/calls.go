package config

import (
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// Calls is the call log: how each system's records are read, and where they come
// from by themselves.
type Calls struct {
	// Systems are how the records of a system are read, by its name. A box that
	// has no connector may stand here too.
	Systems   map[string]CallSystem `mapstructure:"systems"`
	Folders   []CallFolder          `mapstructure:"folders"`
	Listeners []CallListener        `mapstructure:"listeners"`
	Spool     CallSpool             `mapstructure:"spool"`
	// Every is how often connectors are asked for new records; 0 does not ask.
	Every time.Duration `mapstructure:"every"`
}

// CallSystem says what a system's records do not say of themselves.
type CallSystem struct {
	// Format is empty where the content says what it is.
	Format string `mapstructure:"format"`
	// Mapping is the file that says how a CSV file is read.
	Mapping string `mapstructure:"mapping"`
	// Zone is where the records' local times are local; UTC if it is empty.
	Zone    string `mapstructure:"zone"`
	Country string `mapstructure:"country"`
	// Trunks are the countries of trunks that lead elsewhere.
	Trunks map[string]string `mapstructure:"trunks"`
	// Access are the codes before calls to the outside.
	Access []string `mapstructure:"access"`
	// People is a regular expression for the extensions of people.
	People string `mapstructure:"people"`
	// Columns is the order of the columns where the system's settings change it.
	Columns []string `mapstructure:"columns"`
	// Keys are columns or attributes that hold what another system knows the call
	// by: each with the kind of its key.
	Keys map[string]string `mapstructure:"keys"`
	// Sites are the networks of the phones of each site.
	Sites map[string][]string `mapstructure:"sites"`
}

// CallFolder is a folder in which a system leaves its files.
type CallFolder struct {
	Path   string `mapstructure:"path"`
	System string `mapstructure:"system"`
	// Then is what becomes of a file that was read: move (to done/) or leave.
	Then string `mapstructure:"then"`
	// Still is how long a file must not change to count as whole.
	Still time.Duration `mapstructure:"still"`
}

// CallListener is an address to which a box sends its records.
type CallListener struct {
	Listen string `mapstructure:"listen"`
	System string `mapstructure:"system"`
	// Peers are the addresses or networks that may send; everybody if empty.
	Peers []string `mapstructure:"peers"`
}

// CallSpool is where listeners keep what is not in the log yet.
type CallSpool struct {
	// Dir is a folder below data_dir if it is empty.
	Dir string `mapstructure:"dir"`
	// MaxMB is how much each listener may keep before it stops reading.
	MaxMB int `mapstructure:"max_mb"`
}

// Set reports whether anything is read by itself.
func (c *Calls) Set() bool { return len(c.Folders)+len(c.Listeners) > 0 }

// Options says how the records of a system are read; the format is nil where the
// content tells it.
func (c *Calls) Options(system string) (format.Options, *format.Format, error) {
	s := c.Systems[system]
	o := format.Options{System: system, Country: s.Country, Trunks: s.Trunks, Columns: s.Columns, Keys: map[string]calllog.KeyKind{}}
	o.Dialing.Access = s.Access
	for column, kind := range s.Keys {
		o.Keys[column] = calllog.KeyKind(kind)
	}
	for name, networks := range sorted(s.Sites) {
		for _, network := range networks {
			prefix, err := parseNetwork(network)
			if err != nil {
				return o, nil, fmt.Errorf("calls.systems.%s.sites.%s: %w: %w", system, name, err, dualtone.ErrInvalid)
			}
			o.Sites = append(o.Sites, format.Site{Name: name, Network: prefix})
		}
	}
	// The narrowest network counts.
	slices.SortStableFunc(o.Sites, func(a, b format.Site) int { return b.Network.Bits() - a.Network.Bits() })
	var err error
	if s.Zone != "" {
		if o.Zone, err = time.LoadLocation(s.Zone); err != nil {
			return o, nil, fmt.Errorf("calls.systems.%s.zone: %w: %w", system, err, dualtone.ErrInvalid)
		}
	}
	if s.People != "" {
		if o.People, err = regexp.Compile("^(?:" + s.People + ")$"); err != nil {
			return o, nil, fmt.Errorf("calls.systems.%s.people: %w: %w", system, err, dualtone.ErrInvalid)
		}
	}
	if s.Mapping != "" {
		if o.Mapping, err = ReadMapping(s.Mapping); err != nil {
			return o, nil, err
		}
	}
	f, err := FormatOf(s.Format, o.Mapping != nil)
	return o, f, err
}

// FormatOf returns the format of a name; with a mapping and no name it is csv, and
// nil without either.
func FormatOf(name string, mapped bool) (*format.Format, error) {
	if name == "" && mapped {
		name = "csv"
	}
	if name == "" {
		return nil, nil //nolint:nilnil // The content tells the format.
	}
	f, err := format.Named(name)
	return &f, err
}

// ReadMapping reads a mapping file. Its error is an InvalidError that names every
// mistake with its place.
func ReadMapping(name string) (*format.Mapping, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the file is named by whoever runs the program
	if err != nil {
		return nil, fmt.Errorf("mapping: %w: %w", err, missingOr(err))
	}
	m, found := parseMapping(name, text)
	return m, found.err()
}

func parseMapping(name string, text []byte) (*format.Mapping, problems) {
	root, found := parse(name, text)
	if root == nil {
		return nil, found
	}
	l := loader{origin: map[string]place{}}
	l.config.file = name
	l.remember("", root)
	var m format.Mapping
	d := decoder{source: name}
	d.value("", root, reflect.ValueOf(&m).Elem())
	m.Check(l.at)
	return &m, slices.Concat(found, d.problems, l.problems)
}

// parseNetwork reads a network, or an address as a network of one.
func parseNetwork(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	at, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(at, at.BitLen()), nil
}

// Networks are those of the peers.
func (c CallListener) Networks() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, p := range c.Peers {
		network, err := parseNetwork(p)
		if err != nil {
			return nil, fmt.Errorf("calls.listeners: peers: %w: %w", err, dualtone.ErrInvalid)
		}
		all = append(all, network)
	}
	return all, nil
}
