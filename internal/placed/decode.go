package placed

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
)

// Decoder fills Go values from nodes and notes the place of every key and all
// that is wrong. A struct's keys are its json tags; one without omitempty or
// omitzero is required, and its want tag says what to write when it is missing.
type Decoder struct{ sheet *Sheet }

// Reader is a type that reads itself from a node.
type Reader interface {
	ReadNode(d *Decoder, path string, n *Node)
}

// Worded is a type of which only some words are known.
type Worded interface{ Words() []string }

// ValueError is what is wrong with a text, as in "is not a date", and what to
// write instead. A TextUnmarshaler may return one.
type ValueError struct{ Text, Wrong, Want string }

// Error tells what is wrong.
func (e *ValueError) Error() string {
	text := fmt.Sprintf("%q %s", e.Text, e.Wrong)
	if e.Want != "" {
		text += "; " + e.Want
	}
	return text
}

// Unwrap makes it invalid input.
func (*ValueError) Unwrap() error { return dualtone.ErrInvalid }

// Fault tells of a value that could not be read.
func (d *Decoder) Fault(n *Node, path, problem, want string) {
	d.sheet.Break(path)
	d.sheet.Fault(Wrong, n.At, path, problem, want)
}

// Value fills a value from a node.
func (d *Decoder) Value(path string, n *Node, into reflect.Value) {
	d.sheet.places[path] = n.At
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		d.Value(path, n, into.Elem())
		return
	}
	if n.Shape == Empty {
		d.Fault(n, path, "has no value", "give it one, or take the key away")
		return
	}
	if e, ok := reflect.TypeAssert[Reader](into.Addr()); ok {
		e.ReadNode(d, path, n)
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

func (d *Decoder) structure(path string, n *Node, into reflect.Value) {
	if n.Shape != Mapping {
		d.Fault(n, path, fmt.Sprintf("want a mapping, got %s", n.Shape), "write its keys below it: "+strings.Join(requiredKeys(into.Type()), ", "))
		return
	}
	fields := fieldsOf(into.Type())
	for _, e := range n.Entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == e.Key })
		if i < 0 {
			d.unknown(path, e, into.Type())
			continue
		}
		d.Value(Join(path, e.Key), e.Value, into.FieldByIndex(fields[i].index))
		if e.Value.Shape == Mapping || e.Value.Shape == List {
			d.sheet.places[Join(path, e.Key)] = e.At
		}
	}
	for _, f := range fields {
		if f.required && !slices.ContainsFunc(n.Entries, func(e Entry) bool { return e.Key == f.key }) {
			d.sheet.Break(Join(path, f.key))
			d.sheet.Fault(Wrong, d.sheet.places[path], path, f.key+" is missing", f.want)
		}
	}
}

// unknown tells of a key that is not known: one that stands elsewhere, one that
// is written wrongly, or any.
func (d *Decoder) unknown(path string, e Entry, in reflect.Type) {
	d.sheet.Break(Join(path, e.Key))
	d.sheet.Fault(Wrong, e.At, Join(path, Printable(e.Key)), "no such key", Meant(e.Key, keysOf(in)))
}

func (d *Decoder) mapping(path string, n *Node, into reflect.Value) {
	if n.Shape != Mapping {
		d.Fault(n, path, fmt.Sprintf("want a mapping of names, got %s", n.Shape), "write name: value below it")
		return
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), len(n.Entries)))
	for _, e := range n.Entries {
		key := reflect.ValueOf(e.Key).Convert(into.Type().Key())
		at := Join(path, e.Key)
		if w, ok := reflect.TypeAssert[Worded](key); ok && !knows(w, e.Key) {
			d.sheet.Break(at)
			d.sheet.Fault(Wrong, e.At, at, fmt.Sprintf("%q is not known", e.Key), Meant(e.Key, w.Words()))
			continue
		}
		v := reflect.New(into.Type().Elem()).Elem()
		d.Value(at, e.Value, v)
		d.sheet.places[at] = e.At
		into.SetMapIndex(key, v)
	}
}

func (d *Decoder) list(path string, n *Node, into reflect.Value) {
	if n.Shape != List {
		d.Fault(n, path, fmt.Sprintf("want a list, got %s", n.Shape), "write it in brackets, as in [a, b]")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Items), len(n.Items)))
	for i, item := range n.Items {
		d.Value(fmt.Sprintf("%s[%d]", path, i), item, into.Index(i))
	}
}

func (d *Decoder) text(path string, n *Node, into encoding.TextUnmarshaler) {
	if !n.Shape.Scalar() {
		d.Fault(n, path, fmt.Sprintf("want a single value, got %s", n.Shape), "")
		return
	}
	if err := into.UnmarshalText([]byte(n.Text)); err != nil {
		v, ok := errors.AsType[*ValueError](err)
		if !ok {
			v = &ValueError{Text: n.Text, Wrong: err.Error()}
		}
		d.Fault(n, path, fmt.Sprintf("%q %s", Printable(v.Text), v.Wrong), v.Want)
	}
}

func (d *Decoder) scalar(path string, n *Node, into reflect.Value) {
	want := Word
	switch into.Kind() {
	case reflect.Bool:
		want = Truth
	case reflect.Int:
		want = Whole
	default:
	}
	if n.Shape != want {
		d.shapeFault(path, n, want)
		return
	}
	switch want {
	case Truth:
		into.SetBool(n.Text == "true" || n.Text == "True" || n.Text == "TRUE")
	case Whole:
		i, err := strconv.ParseInt(n.Text, 10, 32)
		if err != nil || i < 0 {
			d.Fault(n, path, fmt.Sprintf("%q is not a count", Printable(n.Text)), "write a whole number from 0")
			return
		}
		into.SetInt(i)
	default:
		into.SetString(n.Text)
		if w, ok := reflect.TypeAssert[Worded](into); ok && !knows(w, n.Text) {
			d.Fault(n, path, fmt.Sprintf("%q is not known", Printable(n.Text)), Meant(n.Text, w.Words()))
		} else if !ok {
			d.plain(path, n)
		}
	}
}

// knows reports whether a word is one of a type's, or of those that it takes
// besides.
func knows(w Worded, text string) bool {
	more, ok := w.(interface{ Also(text string) bool })
	return slices.Contains(w.Words(), text) || ok && more.Also(text)
}

// plain checks a text of no special kind.
func (d *Decoder) plain(path string, n *Node) {
	const most = 2000
	switch {
	case strings.TrimSpace(n.Text) == "":
		d.Fault(n, path, "is empty", "give it a value, or take the key away")
	case len(n.Text) > most:
		d.Fault(n, path, fmt.Sprintf("is over %d characters long", most), "")
	}
}

func (d *Decoder) shapeFault(path string, n *Node, want Shape) {
	hint := ""
	switch {
	case want == Word && n.Shape.Scalar():
		hint = fmt.Sprintf("put it in quotes, as in %q", n.Text)
	case want == Truth:
		hint = "write true or false, without quotes"
	case want == Whole && n.Shape.Scalar():
		hint = "write a whole number from 0, without quotes"
	case want == Word && n.Shape == Mapping:
		hint = "put a text that has a colon or braces in quotes"
	}
	name := want.String()
	if want == Whole {
		name = "a whole number"
	}
	d.Fault(n, path, fmt.Sprintf("want %s, got %s", name, n.Shape), hint)
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

// Join is the path of a key below a path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
