package config

import (
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// decoder fills a struct from nodes and collects all that is wrong. It reads
// the same mapstructure tags as viper does.
type decoder struct {
	problems problems
	// secrets resolves references in the fields that hold secrets; nil leaves
	// them as they are.
	secrets *Secrets
}

// extern is a type that reads itself from a node.
type extern interface {
	decode(d *decoder, key string, n *node)
}

func (d *decoder) problem(n *node, key, text, hint string) {
	d.problems = append(d.problems, n.at.problem(key, text, hint))
}

func (d *decoder) value(key string, n *node, into reflect.Value) {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		d.value(key, n, into.Elem())
		return
	}
	if n.shape == empty {
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

func (d *decoder) structure(key string, n *node, into reflect.Value) {
	if n.shape != mapping {
		d.problem(n, key, fmt.Sprintf("want a mapping, got %s", n.shape), "")
		return
	}
	fields := fieldsOf(into)
	for _, e := range n.entries {
		f, ok := fields[e.key]
		if !ok {
			d.problems = append(d.problems, e.at.problem(join(key, e.key), "unknown key", nearest(e.key, names(fields))))
			continue
		}
		if f.secret {
			d.secret(join(key, e.key), e.value, f.value)
			continue
		}
		d.value(join(key, e.key), e.value, f.value)
	}
}

func (d *decoder) mapping(key string, n *node, into reflect.Value) {
	if n.shape != mapping {
		d.problem(n, key, fmt.Sprintf("want a mapping, got %s", n.shape), "")
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(n.entries)))
	for _, e := range n.entries {
		v := reflect.New(into.Type().Elem()).Elem()
		d.value(join(key, e.key), e.value, v)
		into.SetMapIndex(reflect.ValueOf(e.key).Convert(into.Type().Key()), v)
	}
}

func (d *decoder) list(key string, n *node, into reflect.Value) {
	if n.shape != list {
		d.problem(n, key, fmt.Sprintf("want a list, got %s", n.shape), "write it as [a, b]")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		d.value(fmt.Sprintf("%s[%d]", key, i), item, into.Index(i))
	}
}

func (d *decoder) text(key string, n *node, into reflect.Value) {
	if n.shape != scalar {
		hint := ""
		if n.shape == mapping {
			hint = "put a value that has braces into quotes"
		}
		d.problem(n, key, fmt.Sprintf("want a single value, got %s", n.shape), hint)
		return
	}
	if want := setText(into, n.text); want != "" {
		d.problem(n, key, fmt.Sprintf("%q is not %s", n.text, want), "")
	}
}

func (d *decoder) secret(key string, n *node, into reflect.Value) {
	if n.shape == empty {
		return
	}
	if n.shape != scalar {
		d.text(key, n, into)
		return
	}
	text := n.text
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

func join(key, next string) string {
	if key == "" {
		return next
	}
	return key + "." + next
}
