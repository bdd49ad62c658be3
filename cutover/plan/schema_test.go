package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	emit "github.com/invopop/jsonschema"
	check "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dualtone/dualtone/internal/placed"
)

var update = flag.Bool("update", false, "write the schema and the golden files again")

func pattern(p string) *emit.Schema { return &emit.Schema{Type: "string", Pattern: p} }

func oneOf(all ...*emit.Schema) *emit.Schema { return &emit.Schema{AnyOf: all} }

func kind(t string) *emit.Schema { return &emit.Schema{Type: t} }

const durationPattern = `([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?`

// written says how the types that read themselves are written.
func written() map[reflect.Type]func() *emit.Schema {
	duration := func(words ...string) func() *emit.Schema {
		return func() *emit.Schema {
			s := pattern("^" + durationPattern + "$")
			s.MinLength = new(uint64(2))
			if len(words) == 0 {
				return s
			}
			return oneOf(s, enum(words))
		}
	}
	text := func(p string) func() *emit.Schema { return func() *emit.Schema { return pattern(p) } }
	return map[reflect.Type]func() *emit.Schema{
		reflect.TypeFor[Duration]():    duration(),
		reflect.TypeFor[GateWindow]():  duration(wholeStage),
		reflect.TypeFor[AfterSwitch](): duration(asSoak),
		reflect.TypeFor[Percent]():     text(`^[0-9]{1,9}(\.[0-9]{1,4})?%$`),
		reflect.TypeFor[Change]():      text(`^[0-9]{1,9}(\.[0-9]{1,4})?(%|pp)$`),
		reflect.TypeFor[Clock]():       text(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`),
		reflect.TypeFor[Date]():        text(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`),
		reflect.TypeFor[Local]():       text(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$`),
		reflect.TypeFor[Zone]():        text(`^([A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*|user\.site)$`),
		reflect.TypeFor[Currency]():    text(`^[A-Z]{3}$`),
		reflect.TypeFor[NumberRange](): text(`^\+[0-9 .()-]+$`),
		reflect.TypeFor[Decimal]():     func() *emit.Schema { return oneOf(kind("string"), kind("number")) },
		reflect.TypeFor[Level]():       func() *emit.Schema { return oneOf(kind("string"), kind("number")) },
		reflect.TypeFor[Limit](): func() *emit.Schema {
			return oneOf(&emit.Schema{Type: "integer", Minimum: "1"}, pattern(`^([0-9]+|[0-9]{1,3}(\.[0-9]{1,4})?%)$`))
		},
		reflect.TypeFor[Values](): func() *emit.Schema {
			one := func() *emit.Schema { return oneOf(kind("string"), kind("number"), kind("boolean")) }
			return oneOf(kind("string"), kind("number"), kind("boolean"), &emit.Schema{Type: "array", Items: one()})
		},
		reflect.TypeFor[Requirement](): func() *emit.Schema {
			timed := kind("object")
			timed.MinProperties, timed.MaxProperties = new(uint64(1)), new(uint64(1))
			timed.PropertyNames, timed.AdditionalProperties = enum(Requires("").Words()), duration()()
			return oneOf(enum(Requires("").Words()), timed)
		},
		reflect.TypeFor[Relation](): func() *emit.Schema {
			return oneOf(enum(Relation("").Words()), pattern("^x_[a-z0-9_]+$"))
		},
		reflect.TypeFor[int](): func() *emit.Schema { return &emit.Schema{Type: "integer", Minimum: "0"} },
		reflect.TypeFor[map[Role][]string](): func() *emit.Schema {
			names := &emit.Schema{Type: "array", Items: kind("string")}
			return &emit.Schema{Type: "object", PropertyNames: enum(Role("").Words()), AdditionalProperties: names}
		},
	}
}

func enum(words []string) *emit.Schema {
	s := kind("string")
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}

func emitted(t *testing.T) string {
	t.Helper()
	types := written()
	r := emit.Reflector{Mapper: func(t reflect.Type) *emit.Schema {
		if how, ok := types[t]; ok {
			return how()
		}
		if w, ok := reflect.TypeAssert[placed.Worded](reflect.Zero(t)); ok {
			return enum(w.Words())
		}
		return nil
	}}
	if err := r.AddGoComments("github.com/dualtone/dualtone/cutover/plan", "."); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&Plan{})
	s.ID, s.Title = "https://github.com/dualtone/dualtone/cutover/plan/plan.schema.json", "A cutover plan of dualtone"
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheSchemaIsThatOfTheTypes(t *testing.T) {
	t.Parallel()
	want := emitted(t)
	if *update {
		if err := os.WriteFile("plan.schema.json", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, Schema()); diff != "" {
		t.Error("run go test ./cutover/plan -run Schema -update (-want +got)\n" + diff)
	}
}

func compiled(t *testing.T) *check.Schema {
	t.Helper()
	parsed, err := check.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := check.NewCompiler()
	if err := c.AddResource("plan.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("plan.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is a YAML file as an editor's schema check sees it.
func asJSON(text []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return check.UnmarshalJSON(bytes.NewReader(raw))
}

func TestTheSchemaAcceptsTheExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash(examplePlan))
	if err != nil {
		t.Fatal(err)
	}
	v, err := asJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t).Validate(v); err != nil {
		t.Error(err)
	}
}
