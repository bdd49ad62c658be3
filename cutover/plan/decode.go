package plan

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decoder fills a plan from nodes and notes the place of every key and all that
// is wrong.
type decoder struct {
	reading *Reading
}

// decodes is a type that reads itself from a node.
type decodes interface {
	decode(d *decoder, path string, n *node)
}

func (d *decoder) fault(n *node, path, problem, want string) {
	d.reading.broken = append(d.reading.broken, path)
	d.reading.fault(Wrong, n.at, path, problem, want)
}

func (d *decoder) value(path string, n *node, into reflect.Value) {
	d.reading.places[path] = n.at
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		d.value(path, n, into.Elem())
		return
	}
	if n.shape == empty {
		d.fault(n, path, "has no value", "give it one, or take the key away")
		return
	}
	if e, ok := reflect.TypeAssert[decodes](into.Addr()); ok {
		e.decode(d, path, n)
		return
	}
	if e, ok := reflect.TypeAssert[encoding.TextUnmarshaler](into.Addr()); ok {
		d.text(path, n, e)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(path, n, into)
	case reflect.Map:
		d.mapping(path, n, into)
	case reflect.Slice:
		d.list(path, n, into)
	default:
		d.scalar(path, n, into)
	}
}

func (d *decoder) structure(path string, n *node, into reflect.Value) {
	if n.shape != mapping {
		d.fault(n, path, fmt.Sprintf("want a mapping, got %s", n.shape), "write its keys below it: "+strings.Join(requiredKeys(into.Type()), ", "))
		return
	}
	fields := fieldsOf(into.Type())
	for _, e := range n.entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == e.key })
		if i < 0 {
			d.unknown(path, e, into.Type())
			continue
		}
		d.value(join(path, e.key), e.value, into.FieldByIndex(fields[i].index))
		if e.value.shape == mapping || e.value.shape == list {
			d.reading.places[join(path, e.key)] = e.at
		}
	}
	for _, f := range fields {
		if f.required && !slices.ContainsFunc(n.entries, func(e entry) bool { return e.key == f.key }) {
			d.reading.broken = append(d.reading.broken, join(path, f.key))
			d.reading.fault(Wrong, d.reading.places[path], path, f.key+" is missing", f.want)
		}
	}
}

// unknown tells of a key that is not known: one that stands elsewhere, one that
// is written wrongly, or any.
func (d *decoder) unknown(path string, e entry, in reflect.Type) {
	d.reading.broken = append(d.reading.broken, join(path, e.key))
	d.reading.fault(Wrong, e.at, join(path, printable(e.key)), "no such key", meant(e.key, keysOf(in)))
}

func (d *decoder) mapping(path string, n *node, into reflect.Value) {
	if n.shape != mapping {
		d.fault(n, path, fmt.Sprintf("want a mapping of names, got %s", n.shape), "write name: value below it")
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(n.entries)))
	for _, e := range n.entries {
		key := reflect.ValueOf(e.key).Convert(into.Type().Key())
		at := join(path, e.key)
		if w, ok := reflect.TypeAssert[worded](key); ok && !knows(w, e.key) {
			d.reading.broken = append(d.reading.broken, at)
			d.reading.fault(Wrong, e.at, at, fmt.Sprintf("%q is not known", e.key), meant(e.key, w.words()))
			continue
		}
		v := reflect.New(into.Type().Elem()).Elem()
		d.value(at, e.value, v)
		d.reading.places[at] = e.at
		into.SetMapIndex(key, v)
	}
}

func (d *decoder) list(path string, n *node, into reflect.Value) {
	if n.shape != list {
		d.fault(n, path, fmt.Sprintf("want a list, got %s", n.shape), "write it in brackets, as in [a, b]")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		d.value(fmt.Sprintf("%s[%d]", path, i), item, into.Index(i))
	}
}

func (d *decoder) text(path string, n *node, into encoding.TextUnmarshaler) {
	if !n.shape.scalar() {
		d.fault(n, path, fmt.Sprintf("want a single value, got %s", n.shape), "")
		return
	}
	if err := into.UnmarshalText([]byte(n.text)); err != nil {
		v, ok := errors.AsType[*ValueError](err)
		if !ok {
			v = &ValueError{Text: n.text, Wrong: err.Error()}
		}
		d.fault(n, path, fmt.Sprintf("%q %s", printable(v.Text), v.Wrong), v.Want)
	}
}

func (d *decoder) scalar(path string, n *node, into reflect.Value) {
	want := word
	switch into.Kind() {
	case reflect.Bool:
		want = truth
	case reflect.Int:
		want = whole
	default:
	}
	if n.shape != want {
		d.shapeFault(path, n, want)
		return
	}
	switch want {
	case truth:
		into.SetBool(n.text == "true" || n.text == "True" || n.text == "TRUE")
	case whole:
		i, err := strconv.ParseInt(n.text, 10, 32)
		if err != nil || i < 0 {
			d.fault(n, path, fmt.Sprintf("%q is not a count", printable(n.text)), "write a whole number from 0")
			return
		}
		into.SetInt(i)
	default:
		into.SetString(n.text)
		if w, ok := reflect.TypeAssert[worded](into); ok && !knows(w, n.text) {
			d.fault(n, path, fmt.Sprintf("%q is not known", printable(n.text)), meant(n.text, w.words()))
		} else if !ok {
			d.plain(path, n)
		}
	}
}

// knows reports whether a word is one of a type's, or of those that it takes
// besides.
func knows(w worded, text string) bool {
	more, ok := w.(interface{ also(text string) bool })
	return slices.Contains(w.words(), text) || ok && more.also(text)
}

// plain checks a text of no special kind.
func (d *decoder) plain(path string, n *node) {
	const most = 2000
	switch {
	case strings.TrimSpace(n.text) == "":
		d.fault(n, path, "is empty", "give it a value, or take the key away")
	case len(n.text) > most:
		d.fault(n, path, fmt.Sprintf("is over %d characters long", most), "")
	}
}

func (d *decoder) shapeFault(path string, n *node, want shape) {
	hint := ""
	switch {
	case want == word && n.shape.scalar():
		hint = fmt.Sprintf("put it in quotes, as in %q", n.text)
	case want == truth:
		hint = "write true or false, without quotes"
	case want == whole && n.shape.scalar():
		hint = "write a whole number from 0, without quotes"
	case want == word && n.shape == mapping:
		hint = "put a text that has a colon or braces in quotes"
	}
	name := want.String()
	if want == whole {
		name = "a whole number"
	}
	d.fault(n, path, fmt.Sprintf("want %s, got %s", name, n.shape), hint)
}

// decode reads one value for a list of one.
func (v *Values) decode(d *decoder, path string, n *node) {
	items := n.items
	if n.shape.scalar() {
		items = []*node{n}
	} else if n.shape != list {
		d.fault(n, path, fmt.Sprintf("want a value or a list of them, got %s", n.shape), "write it in brackets, as in [a, b]")
		return
	}
	for i, item := range items {
		if !item.shape.scalar() {
			d.fault(item, fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("want a single value, got %s", item.shape), "")
			continue
		}
		*v = append(*v, item.text)
	}
}

// decode reads a name, or a name with its time.
func (r *Requirement) decode(d *decoder, path string, n *node) {
	name := n
	if n.shape == mapping {
		if len(n.entries) != 1 {
			d.fault(n, path, "more than one name with a time", "write each as an item of its own")
			return
		}
		name = &node{shape: word, text: n.entries[0].key, at: n.entries[0].at}
		d.value(path+"."+name.text, n.entries[0].value, reflect.ValueOf(&r.For).Elem())
	}
	d.value(path, name, reflect.ValueOf(&r.Name).Elem())
}

type field struct {
	key      string
	index    []int
	required bool
	// want is what to write when a required key is missing.
	want string
}

// fieldsOf lists the keys of a struct.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for f := range t.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, field{key: key, index: f.Index, required: options == "", want: f.Tag.Get("want")})
	}
	return all
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		keys = append(keys, f.key)
	}
	return keys
}

func requiredKeys(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		if f.required {
			keys = append(keys, f.key)
		}
	}
	return keys
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
