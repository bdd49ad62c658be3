package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/placed"
)

// Sources say where settings come from. The environment is always one.
type Sources struct {
	// File is the file that was asked for; when empty, the usual places are
	// looked at and none need be there.
	File string
	// Flags set keys, such as log.level.
	Flags map[string]*pflag.Flag
	// Kinds are the connectors that systems may be of.
	Kinds Kinds
}

// Load reads the settings. Its error is an InvalidError, unless the file cannot be read.
// What is inside the settings of a system is looked at when the system is opened.
func Load(src Sources) (*Config, error) {
	l, err := load(src)
	if err != nil {
		return nil, err
	}
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	return &l.config, nil
}

// Check reads the settings and everything that they point to, secrets and the
// settings of each system included, and reports all problems at once.
func Check(src Sources, secrets *Secrets) (*Config, error) {
	l, err := load(src)
	if err != nil {
		return nil, err
	}
	l.checkSecrets(secrets)
	l.checkSystems(src.Kinds, secrets)
	l.checkMappings(secrets)
	return &l.config, l.problems.err()
}

// loader is a configuration on its way in, with where each key came from.
type loader struct {
	config   Config
	origin   map[string]place
	problems problems
}

func load(src Sources) (*loader, error) {
	l := &loader{config: Default(), origin: map[string]place{}}
	l.config.origin = l.origin
	file, err := find(src.File)
	if err != nil {
		return nil, err
	}
	if file != "" {
		if err := l.readFile(file); err != nil {
			return nil, err
		}
	}
	if err := l.override(src.Flags); err != nil {
		return nil, err
	}
	l.check(src.Kinds)
	return l, nil
}

// find returns the file that was asked for or the first of the usual places
// that has one: here, the account's configuration folder, /etc.
func find(asked string) (string, error) {
	if asked == "" {
		asked = os.Getenv("DUALTONE_CONFIG")
	}
	if asked != "" {
		return asked, nil
	}
	places := []string{"dualtone.yaml"}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "dualtone", "dualtone.yaml"))
	}
	places = append(places, "/etc/dualtone/dualtone.yaml")
	for _, p := range places {
		switch _, err := os.Stat(p); {
		case err == nil:
			return p, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("settings: %w: %w", err, dualtone.ErrInvalid)
		}
	}
	return "", nil
}

func (l *loader) readFile(name string) error {
	text, err := os.ReadFile(name) //nolint:gosec // the file is named by whoever runs the program
	if err != nil {
		return fmt.Errorf("settings: %w: %w", err, missingOr(err))
	}
	l.config.file = name
	root, problems := parse(name, text)
	l.problems = append(l.problems, problems...)
	if root == nil {
		return nil
	}
	l.remember("", root)
	d := decoder{source: name}
	d.value("", root, reflect.ValueOf(&l.config).Elem())
	l.problems = append(l.problems, d.problems...)
	return nil
}

// missingOr is the kind of an error of a file: that it is not there, or that it was
// named wrongly.
func missingOr(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return dualtone.ErrNotFound
	}
	return dualtone.ErrInvalid
}

func (l *loader) remember(key string, n *placed.Node) {
	for _, e := range n.Entries {
		at := place{l.config.file, e.At}
		if e.Value.Shape.Scalar() {
			at.Spot = e.Value.At
		}
		l.origin[placed.Join(key, e.Key)] = at
		l.remember(placed.Join(key, e.Key), e.Value)
	}
}

// override sets what environment and flags say, the flags winning.
func (l *loader) override(flags map[string]*pflag.Flag) error {
	v := viper.New()
	for _, s := range settable(reflect.ValueOf(&l.config).Elem(), "") {
		env := envName(s.key)
		if err := v.BindEnv(s.key, env); err != nil {
			return fmt.Errorf("settings: %s: %w", s.key, err)
		}
		source := env
		if f := flags[s.key]; f != nil {
			if err := v.BindPFlag(s.key, f); err != nil {
				return fmt.Errorf("settings: %s: %w", s.key, err)
			}
			if f.Changed {
				source = "--" + f.Name
			}
		}
		if v.IsSet(s.key) {
			l.set(s, source, v.GetString(s.key))
		}
	}
	return nil
}

func (l *loader) set(s setting, source, text string) {
	l.origin[s.key] = place{source: source}
	// A secret in the environment is by reference already: the variable is it.
	if _, secret := reflect.TypeAssert[confidential](s.value.Addr()); secret && strings.HasPrefix(source, "DUALTONE_") && !isReference(text) {
		s.value.SetString("env:" + source)
		return
	}
	n := &placed.Node{Shape: placed.Word, Text: text}
	if s.value.Kind() == reflect.Slice {
		n = &placed.Node{Shape: placed.List}
		for part := range strings.SplitSeq(text, ",") {
			n.Items = append(n.Items, &placed.Node{Shape: placed.Word, Text: strings.TrimSpace(part)})
		}
	}
	d := decoder{source: source}
	d.value(s.key, n, s.value)
	l.problems = append(l.problems, d.problems...)
}

// setting is one value that environment and flags can set.
type setting struct {
	key   string
	value reflect.Value
}

// settable lists the single values of a struct, in the order of their keys.
// What stands in a mapping with names of its own is for the file alone.
func settable(v reflect.Value, key string) []setting {
	var all []setting
	for name, f := range fieldsOf(v) {
		k := placed.Join(key, name)
		switch f.value.Kind() {
		case reflect.Map:
		case reflect.Struct:
			all = append(all, settable(f.value, k)...)
		default:
			all = append(all, setting{k, f.value})
		}
	}
	slices.SortFunc(all, func(a, b setting) int { return strings.Compare(a.key, b.key) })
	return all
}

func envName(key string) string {
	return "DUALTONE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
