package focus

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
)

// beside is metadata that a test breaks.
type beside struct {
	generator, schema entry
	instances         []entry
}

// columns are those of the schema.
func (b *beside) columns() []any {
	all, _ := b.schema["ColumnDefinition"].([]any)
	return all
}

// column is the first of which a key has a value.
func (b *beside) column(key string, value any) entry {
	for _, c := range b.columns() {
		if o, ok := c.(map[string]any); ok && o[key] == value {
			return o
		}
	}
	return nil
}

func (b *beside) check(d *Dataset, head []string) ([]Finding, error) {
	var m Metadata
	m.Generator, _ = json.Marshal(b.generator)
	m.Schema, _ = json.Marshal(b.schema)
	m.Instances, _ = json.Marshal(b.instances)
	return d.CheckMetadata(m, head)
}

// ours is what we write beside a file with a schema.
func ours(t *testing.T, schema Schema) (b beside, head []string) {
	t.Helper()
	for _, part := range []struct {
		write func(w io.Writer) error
		into  any
	}{{schema.Write, &b.schema}, {Dualtone().Write, &b.generator}, {OurInstances().Write, &b.instances}} {
		var out bytes.Buffer
		if err := part.write(&out); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out.Bytes(), part.into); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range schema.Columns {
		head = append(head, c.Name)
	}
	return b, head
}

func metadataBreaks() map[string]func(b *beside) {
	set := func(key string, value any) func(b *beside) { return func(b *beside) { b.schema[key] = value } }
	column := func(name, key string, value any) func(b *beside) {
		return func(b *beside) { b.column("ColumnName", name)[key] = value }
	}
	without := func(name, key string) func(b *beside) {
		return func(b *beside) { delete(b.column("ColumnName", name), key) }
	}
	return map[string]func(b *beside){
		"DataGenerator/given":       func(b *beside) { delete(b.generator, "DataGenerator") },
		"SchemaId/given":            set("SchemaId", ""),
		"SchemaId/guid":             set("SchemaId", "1"),
		"CreationDate/time":         set("CreationDate", "2026-11-25"),
		"FocusVersion/published":    set("FocusVersion", "1.2.1"),
		"FocusVersion/file":         set("FocusVersion", "1.0"),
		"DataGeneratorVersion/type": set("DataGeneratorVersion", 2),
		"ColumnDefinition/each": func(b *beside) {
			b.schema["ColumnDefinition"] = b.columns()[1:]
		},
		"ColumnName/given":          column("x_System", "ColumnName", 1),
		"DataType/given":            without("x_System", "DataType"),
		"DataType/column":           func(b *beside) { b.column("DataType", "DECIMAL")["DataType"] = "STRING" },
		"Deprecated/type":           column("x_System", "Deprecated", "yes"),
		"PreviousColumnName/type":   column("x_System", "PreviousColumnName", nil),
		"StringEncoding/type":       column("x_System", "StringEncoding", 8),
		"StringMaxLength/type":      column("x_System", "StringMaxLength", "1024"),
		"StringMaxLength/given":     without("x_System", "StringMaxLength"),
		"NumericPrecision/type":     column("x_System", "NumericPrecision", 1.5),
		"NumericPrecision/given":    func(b *beside) { delete(b.column("DataType", "DECIMAL"), "NumericPrecision") },
		"NumberScale/type":          column("x_System", "NumberScale", -1),
		"NumberScale/given":         func(b *beside) { delete(b.column("DataType", "DECIMAL"), "NumberScale") },
		"ProviderTagPrefixes/tags":  column("x_System", "ColumnName", "Tags"),
		"DatasetInstanceName/given": func(b *beside) { delete(b.instances[0], "DatasetInstanceName") },
		"DatasetInstanceId/guid":    func(b *beside) { b.instances[0]["DatasetInstanceId"] = "1" },
		"FocusDatasetId/known":      func(b *beside) { b.instances[0]["FocusDatasetId"] = "Calls" },
		"DatasetInstanceId/once":    func(b *beside) { b.instances = append(b.instances, b.instances[0]) },
		"DatasetInstanceId/schema":  func(b *beside) { delete(b.schema, "DatasetInstanceId") },
	}
}

func TestWhatLiesBesideOurFilesKeepsEveryRuleAndEachIsToldWhenItIsBroken(t *testing.T) {
	t.Parallel()
	breaks, used := metadataBreaks(), map[string]bool{}
	for _, c := range []struct {
		set    *Dataset
		schema Schema
	}{{CostAndUsage(nil), CostSchema()}, {ContractCommitment(), CommitmentSchema()}} {
		whole, head := ours(t, c.schema)
		if found, err := whole.check(c.set, head); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", c.set.Name, found, err)
		}
		for _, rule := range c.set.MetadataRules() {
			used[rule.ID] = true
			b, head := ours(t, c.schema)
			if breaks[rule.ID] == nil {
				t.Errorf("%s is broken by nothing", rule.ID)
				continue
			}
			breaks[rule.ID](&b)
			found, err := b.check(c.set, head)
			if err != nil || !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == rule }) {
				t.Errorf("%s %s: not told; told were %v, %v", c.set.Name, rule.ID, found, err)
			}
		}
	}
	for id := range breaks {
		if !used[id] {
			t.Errorf("%s is no rule", id)
		}
	}
	if _, err := CostAndUsage(nil).CheckMetadata(Metadata{Generator: []byte("{}"), Schema: []byte("BilledCost")}, nil); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), "schema") {
		t.Errorf("no JSON: %v", err)
	}
}
