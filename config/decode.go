package config

import (
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/internal/placed"
)

// decoder fills a struct from nodes and collects all that is wrong. It reads
// the same mapstructure tags as viper does.
type decoder struct {
	// source is the file, the variable or the flag that is read.
	source   string
	problems problems
	// secrets resolves references in the fields that hold secrets; nil leaves
	// them as they are.
	secrets *Secrets
}

// extern is a type that reads itself from a node.
type extern interface {
	decode(d *decoder, key string, n *placed.Node)
}

func (d *decoder) problem(n *placed.Node, key, text, hint string) {
	d.problems = append(d.problems, place{d.source, n.At}.problem(key, text, hint))
}

func (d *decoder) value(key string, n *placed.Node, into reflect.Value) {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		d.value(key, n, into.Elem())
		return
	}
	if n.Shape == placed.Empty {
		return
	}
	if e, ok := reflect.TypeAssert[extern](into.Addr()); ok {
		e.decode(d, key, n)
		return
	}
	if into.Type() == reflect.TypeFor[time.Duration]() {
		d.text(key, n, into)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(key, n, into)
	case reflect.Map:
		d.mapping(key, n, into)
	case reflect.Slice:
		d.list(key, n, into)
	default:
		d.text(key, n, into)
	}
}

func (d *decoder) structure(key string, n *placed.Node, into reflect.Value) {
	if n.Shape != placed.Mapping {
		d.problem(n, key, fmt.Sprintf("want a mapping, got %s", n.Shape), "")
		return
	}
	fields := fieldsOf(into)
	for _, e := range n.Entries {
		f, ok := fields[e.Key]
		if !ok {
			d.problems = append(d.problems, place{d.source, e.At}.problem(placed.Join(key, e.Key), "unknown key", placed.Meant(e.Key, names(fields))))
			continue
		}
		if f.secret {
			d.secret(placed.Join(key, e.Key), e.Value, f.value)
			continue
		}
		d.value(placed.Join(key, e.Key), e.Value, f.value)
	}
}

func (d *decoder) mapping(key string, n *placed.Node, into reflect.Value) {
	if n.Shape != placed.Mapping {
		d.problem(n, key, fmt.Sprintf("want a mapping, got %s", n.Shape), "")
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(n.Entries)))
	for _, e := range n.Entries {
		v := reflect.New(into.Type().Elem()).Elem()
		d.value(placed.Join(key, e.Key), e.Value, v)
		into.SetMapIndex(reflect.ValueOf(e.Key).Convert(into.Type().Key()), v)
	}
}

func (d *decoder) list(key string, n *placed.Node, into reflect.Value) {
	if n.Shape != placed.List {
		d.problem(n, key, fmt.Sprintf("want a list, got %s", n.Shape), "write it as [a, b]")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Items), len(n.Items)))
	for i, item := range n.Items {
		d.value(fmt.Sprintf("%s[%d]", key, i), item, into.Index(i))
	}
}

func (d *decoder) text(key string, n *placed.Node, into reflect.Value) {
	if !n.Shape.Scalar() {
		hint := ""
		if n.Shape == placed.Mapping {
			hint = "put a value that has braces into quotes"
		}
		d.problem(n, key, fmt.Sprintf("want a single value, got %s", n.Shape), hint)
		return
	}
	if want := setText(into, n.Text); want != "" {
		d.problem(n, key, fmt.Sprintf("%q is not %s", n.Text, want), "")
	}
}

func (d *decoder) secret(key string, n *placed.Node, into reflect.Value) {
	if n.Shape == placed.Empty {
		return
	}
	if !n.Shape.Scalar() {
		d.text(key, n, into)
		return
	}
	text := n.Text
	if err := checkReference(text); err != nil {
		d.problem(n, key, err.Error(), "")
		return
	}
	if d.secrets != nil {
		value, err := d.secrets.resolve(text)
		if err != nil {
			d.problem(n, key, err.Error(), "")
			return
		}
		text = value
	}
	into.SetString(text)
}

// setText sets a value from its text. It returns what was wanted when the text
// is something else.
func setText(into reflect.Value, text string) (want string) {
	var err error
	switch {
	case into.Type() == reflect.TypeFor[time.Duration]():
		want = "a duration such as 90s or 10m"
		var v time.Duration
		if v, err = time.ParseDuration(text); err == nil {
			into.SetInt(int64(v))
		}
	case into.Kind() == reflect.String:
		into.SetString(text)
	case into.Kind() == reflect.Bool:
		want = "true or false"
		var v bool
		if v, err = strconv.ParseBool(text); err == nil {
			into.SetBool(v)
		}
	case into.CanInt():
		want = "a whole number"
		var v int64
		if v, err = strconv.ParseInt(text, 10, into.Type().Bits()); err == nil {
			into.SetInt(v)
		}
	case into.CanUint():
		want = "a whole number from 0"
		var v uint64
		if v, err = strconv.ParseUint(text, 10, into.Type().Bits()); err == nil {
			into.SetUint(v)
		}
	case into.CanFloat():
		want = "a number"
		var v float64
		if v, err = strconv.ParseFloat(text, into.Type().Bits()); err == nil {
			into.SetFloat(v)
		}
	default:
		return "a value that can be set (" + into.Type().String() + ")"
	}
	if err != nil {
		return want
	}
	return ""
}

type field struct {
	value  reflect.Value
	secret bool
}

// fieldsOf lists the settable fields of a struct by their keys.
func fieldsOf(v reflect.Value) map[string]field {
	all := map[string]field{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if options == "squash" || f.Anonymous && name == "" {
			maps.Copy(all, fieldsOf(v.Field(i)))
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		all[name] = field{value: v.Field(i), secret: f.Type.Kind() == reflect.String && holdsSecret(name, f)}
	}
	return all
}

func names(fields map[string]field) []string {
	var all []string
	for k := range fields {
		all = append(all, k)
	}
	return all
}
