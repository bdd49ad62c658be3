package contract

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	emit "github.com/invopop/jsonschema"
	check "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/internal/placed"
)

// written says how the types that read themselves are written.
func written(t reflect.Type) *emit.Schema {
	switch t {
	case reflect.TypeFor[finance.Day]():
		return &emit.Schema{Type: "string", Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
	case reflect.TypeFor[Period]():
		return &emit.Schema{Type: "string", Pattern: `^([1-9][0-9]{0,3}(d|w|mo|y)|none)$`}
	case reflect.TypeFor[finance.Currency]():
		return &emit.Schema{Type: "string", Pattern: `^[A-Z]{3}$`}
	case reflect.TypeFor[finance.Exact]():
		return &emit.Schema{AnyOf: []*emit.Schema{{Type: "string", Pattern: `^[0-9]{1,18}(\.[0-9]{1,12})?$`}, {Type: "number", Minimum: "0"}}}
	case reflect.TypeFor[int]():
		return &emit.Schema{Type: "integer", Minimum: "0"}
	}
	if w, ok := reflect.TypeAssert[placed.Worded](reflect.Zero(t)); ok {
		s := &emit.Schema{Type: "string"}
		for _, word := range w.Words() {
			s.Enum = append(s.Enum, word)
		}
		return s
	}
	return nil
}

func emitted(t *testing.T) string {
	t.Helper()
	r := emit.Reflector{Mapper: written}
	if err := r.AddGoComments("github.com/dualtone/dualtone/finance/contract", "."); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&File{})
	s.ID, s.Title = "https://github.com/dualtone/dualtone/finance/contract/contracts.schema.json", "Contracts of phone systems, for dualtone"
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
		if err := os.WriteFile("contracts.schema.json", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, Schema()); diff != "" {
		t.Error("run go test ./finance/contract -run Schema -update (-want +got)\n" + diff)
	}
}

// What is wrong with the shape of a file, an editor shows while it is written.
func TestTheSchemaTakesTheGoodFileAndNoneOfAWrongShape(t *testing.T) {
	t.Parallel()
	parsed, err := check.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := check.NewCompiler()
	if err := c.AddResource("contracts.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("contracts.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(asJSON(t, "testdata/good.yaml")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"rate-missing", "price-without-amount", "negative-quantity", "currency-unknown", "date-odd", "period-odd", "proration-odd", "kind-odd", "key-odd"} {
		if schema.Validate(asJSON(t, filepath.Join("testdata/bad", name+".yaml"))) == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
	}
}

// asJSON is a YAML file as an editor's schema check sees it.
func asJSON(t *testing.T, name string) any {
	t.Helper()
	text, err := os.ReadFile(name) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := check.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
