package salesforcesim

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed schema.txt
var schemaText string

// field is what describe tells about one field.
type field struct {
	name         string
	label        string
	kind         string
	length       int
	nillable     bool
	createable   bool
	updateable   bool
	required     bool
	unique       bool
	indexed      bool
	externalID   bool
	refersTo     string
	relationship string
	values       []string
	preset       any
}

// object is one kind of record.
type object struct {
	name, label, prefix string
	query               bool
	create              bool
	update              bool
	delete              bool
	setup               bool
	fields              []*field
	byName              map[string]*field // lower case
}

// schema is all kinds of record.
type schema struct {
	objects  []*object
	byName   map[string]*object // lower case
	byPrefix map[string]*object
}

func (s *schema) object(name string) *object { return s.byName[strings.ToLower(name)] }

func (o *object) field(name string) *field { return o.byName[strings.ToLower(name)] }

func (o *object) add(f *field) {
	o.fields = append(o.fields, f)
	o.byName[strings.ToLower(f.name)] = f
}

// parent returns the field behind a parent relationship such as Profile.
func (o *object) parent(relationship string) *field {
	for _, f := range o.fields {
		if f.relationship != "" && strings.EqualFold(f.relationship, relationship) {
			return f
		}
	}
	return nil
}

func loadSchema(text string) (*schema, error) {
	s := &schema{byName: map[string]*object{}, byPrefix: map[string]*object{}}
	var current *object
	for n, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#" || strings.HasPrefix(line, "#"):
			continue
		case len(words) < 3:
			return nil, fmt.Errorf("salesforcesim: schema line %d: %q", n+1, line)
		case words[0] == "object":
			current = newObject(words[1:])
			s.objects = append(s.objects, current)
			s.byName[strings.ToLower(current.name)] = current
			s.byPrefix[current.prefix] = current
		default:
			current.add(newField(words))
		}
	}
	return s, nil
}

func newObject(words []string) *object {
	o := &object{
		name: words[0], prefix: words[1], label: spaced(words[2]),
		byName: map[string]*field{},
	}
	o.add(&field{name: "Id", label: "Record ID", kind: "id", length: longID})
	stamps := ""
	for _, word := range words[3:] {
		switch word {
		case "query":
			o.query = true
		case "create":
			o.create = true
		case "update":
			o.update = true
		case "delete":
			o.delete = true
		case "setup":
			o.setup = true
		default:
			stamps = strings.TrimPrefix(word, "stamp=")
		}
	}
	by := func(name, relationship string) *field {
		return &field{
			name: name, label: name, kind: "reference", length: longID,
			refersTo: "User", relationship: relationship,
		}
	}
	at := func(name string) *field { return &field{name: name, label: name, kind: "datetime"} }
	if stamps == "full" || stamps == "created" {
		o.add(at("CreatedDate"))
		o.add(by("CreatedById", "CreatedBy"))
	}
	if stamps == "full" {
		o.add(at("LastModifiedDate"))
		o.add(by("LastModifiedById", "LastModifiedBy"))
	}
	if stamps == "full" || stamps == "modstamp" {
		o.add(at("SystemModstamp"))
	}
	return o
}

func newField(words []string) *field {
	f := &field{name: words[0], kind: words[1], label: spaced(words[2])}
	for _, word := range words[3:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "c":
			f.createable = true
		case "u":
			f.updateable = true
		case "n":
			f.nillable = true
		case "req":
			f.required = true
		case "uniq":
			f.unique = true
		case "idx":
			f.indexed = true
		case "ext":
			f.externalID, f.indexed = true, true
		case "len":
			f.length, _ = strconv.Atoi(value)
		case "pick":
			f.values = strings.Split(value, "|")
		case "ref":
			f.refersTo, f.relationship, _ = strings.Cut(value, ":")
		case "def":
			f.preset = presetOf(f.kind, value)
		}
	}
	if f.kind == "reference" {
		f.length = longID
	}
	return f
}

func presetOf(kind, value string) any {
	switch kind {
	case "boolean":
		return value == "true"
	case "int", "double":
		number, _ := strconv.ParseFloat(value, 64)
		return number
	default:
		return value
	}
}

func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }
