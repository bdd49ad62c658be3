package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/dualtone/dualtone/internal/placed"
)

// Setting is one value in force, and where it comes from: a file's line, an
// environment variable or a flag; from nowhere if it is a default.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source,omitempty"`
	Line   int    `json:"line,omitempty"`
}

// Settings lists all that is set. A secret shows as its reference.
func (c *Config) Settings() []Setting {
	s := shower{origin: c.origin}
	s.value("", reflect.ValueOf(c).Elem())
	return s.all
}

type shower struct {
	origin map[string]place
	all    []Setting
}

func (s *shower) add(key, value string) {
	at := s.origin[key]
	s.all = append(s.all, Setting{Key: key, Value: value, Source: at.source, Line: at.Line})
}

func (s *shower) value(key string, v reflect.Value) {
	if system, ok := reflect.TypeAssert[*System](v); ok {
		s.add(key+".kind", system.Kind)
		if system.Simulator {
			s.add(key+".simulator", "true")
		}
		if system.settings != nil {
			s.node(key, system.source, system.settings)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		fields := fieldsOf(v)
		for name, f := range sorted(fields) {
			s.value(placed.Join(key, name), f.value)
		}
	case reflect.Map:
		for _, k := range sortedKeys(v) {
			s.value(placed.Join(key, k.String()), v.MapIndex(k))
		}
	case reflect.Slice:
		s.add(key, strings.Trim(fmt.Sprint(v.Interface()), "[]"))
	default:
		s.add(key, fmt.Sprint(v.Interface()))
	}
}

// node shows what a connector has not decoded yet, so anything that might be a
// secret stays hidden unless it is a reference.
func (s *shower) node(key, source string, n *placed.Node) {
	switch n.Shape {
	case placed.Mapping:
		for _, e := range n.Entries {
			s.node(placed.Join(key, e.Key), source, e.Value)
		}
	case placed.List:
		for i, item := range n.Items {
			s.node(fmt.Sprintf("%s[%d]", key, i), source, item)
		}
	default:
		text := n.Text
		if !isReference(text) && (secretName(key[strings.LastIndexByte(key, '.')+1:]) || hasPassword(text)) {
			text = "(hidden)"
		}
		s.all = append(s.all, Setting{Key: key, Value: text, Source: source, Line: n.At.Line})
	}
}

func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return strings.Contains(text, "@")
	}
	_, has := u.User.Password()
	return has || strings.Contains(text, "password=")
}
