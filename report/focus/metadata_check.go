package focus

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Metadata is what lies beside a file, each as JSON.
type Metadata struct {
	Generator []byte // who made the file
	// Instances are the datasets that are delivered; nil before version 1.3.
	Instances []byte
	Schema    []byte // the columns of the file
}

// entry is a JSON object of metadata.
type entry map[string]any

// described is metadata beside the columns of the file that they describe.
type described struct {
	generator, instances, schema, columns []entry
	head                                  []string
}

// metadataRule tells what breaks it.
type metadataRule struct {
	Rule

	broken func(d *described) []string
}

// MetadataRules lists the rules about what lies beside a file of the dataset.
func (d *Dataset) MetadataRules() []Rule {
	var all []Rule
	for _, r := range d.metadataRules() {
		all = append(all, r.Rule)
	}
	return all
}

// CheckMetadata tells which rules are broken by what lies beside a file with a head.
// ErrInvalid when it is no JSON.
func (d *Dataset) CheckMetadata(m Metadata, head []string) ([]Finding, error) {
	of := described{generator: make([]entry, 1), schema: make([]entry, 1), head: head}
	var schema struct {
		Columns []entry `json:"ColumnDefinition"`
	}
	for _, part := range []struct {
		name string
		text []byte
		into any
	}{{"generator", m.Generator, &of.generator[0]}, {"schema", m.Schema, &of.schema[0]}, {"columns", m.Schema, &schema}, {"instances", m.Instances, &of.instances}} {
		if part.text == nil {
			continue
		}
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return nil, fmt.Errorf("focus: metadata, %s: %w: %w", part.name, err, dualtone.ErrInvalid)
		}
	}
	of.columns = schema.Columns
	var found []Finding
	for _, r := range d.metadataRules() {
		for _, broken := range r.broken(&of) {
			found = append(found, Finding{Rule: r.Rule, Value: broken})
		}
	}
	return found, nil
}

func generatorOf(d *described) []entry { return d.generator }
func schemaOf(d *described) []entry    { return d.schema }
func columnsOf(d *described) []entry   { return d.columns }
func instancesOf(d *described) []entry { return d.instances }

// each is a rule about one key of every object.
func each(id string, level Level, text string, of func(*described) []entry, holds func(v any, given bool) bool) metadataRule {
	key, _, _ := strings.Cut(id, "/")
	return metadataRule{Rule{id, level, text}, func(d *described) []string {
		var broken []string
		for _, o := range of(d) {
			if v, given := o[key]; !holds(v, given) {
				broken = append(broken, strings.TrimSpace(fmt.Sprintf("%v %v", o["ColumnName"], v)))
			}
		}
		return broken
	}}
}

// wanted is a text that is always there.
func wanted(key string, of func(*described) []entry) metadataRule {
	return each(key+"/given", Must, "there is a text", of, func(v any, _ bool) bool {
		s, ok := v.(string)
		return ok && s != ""
	})
}

// optional is a key that may be left out, and is of a type where it is given.
func optional(key, what string, of func(*described) []entry, is func(v any) bool) metadataRule {
	return each(key+"/type", Must, "where it is given it is "+what, of, func(v any, given bool) bool { return !given || is(v) })
}

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }

func isTruth(v any) bool { _, ok := v.(bool); return ok }

func isWhole(v any) bool { n, ok := v.(float64); return ok && n >= 0 && n == math.Trunc(n) }

var guids = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func isGUID(v any, given bool) bool {
	s, ok := v.(string)
	return !given || ok && guids.MatchString(s)
}

// published are the versions of the specification.
func published() []string { return []string{"0.5", "1.0", "1.1", "1.2", "1.3", "1.4"} }

func (d *Dataset) metadataRules() []metadataRule {
	all := []metadataRule{
		wanted("DataGenerator", generatorOf),
		wanted("SchemaId", schemaOf),
		each("SchemaId/guid", Should, "it is a GUID", schemaOf, isGUID),
		each("CreationDate/time", Must, "a time in UTC, written YYYY-MM-DDTHH:mm:ssZ", schemaOf, func(v any, _ bool) bool {
			s, ok := v.(string)
			return ok && isMoment(s)
		}),
		each("FocusVersion/published", Must, "it is a version of the specification", schemaOf, func(v any, _ bool) bool {
			s, ok := v.(string)
			return ok && slices.Contains(published(), s)
		}),
		each("FocusVersion/file", Must, "it is the version that the file is of", schemaOf, func(v any, _ bool) bool { return v == d.Version }),
		optional("DataGeneratorVersion", "a text", schemaOf, isText),
	}
	all = append(append(all, columnRules()...), d.typeRule())
	if d.Version >= "1.3" {
		all = append(all, d.instanceRules()...)
	}
	return all
}

// columnRules are those about the list of columns.
func columnRules() []metadataRule {
	typed := func(id, of string) metadataRule {
		return each(id+"/given", Should, "a column of "+strings.ToLower(of)+"s has one", func(d *described) []entry {
			return slices.DeleteFunc(slices.Clone(d.columns), func(o entry) bool {
				s, _ := o["DataType"].(string)
				return !strings.EqualFold(s, of)
			})
		}, func(_ any, given bool) bool { return given })
	}
	tags := func(d *described) []entry {
		return slices.DeleteFunc(slices.Clone(d.columns), func(o entry) bool { return o["ColumnName"] != "Tags" })
	}
	return []metadataRule{
		{Rule{"ColumnDefinition/each", Must, "each column of the file is there once, and no other"}, func(d *described) []string {
			names := make([]string, len(d.columns))
			for i, o := range d.columns {
				names[i], _ = o["ColumnName"].(string)
			}
			slices.Sort(names)
			if head := slices.Sorted(slices.Values(d.head)); !slices.Equal(names, head) {
				return []string{strings.Join(names, " ")}
			}
			return nil
		}},
		wanted("ColumnName", columnsOf), wanted("DataType", columnsOf),
		optional("Deprecated", "true or false", columnsOf, isTruth),
		optional("PreviousColumnName", "a text", columnsOf, isText),
		optional("StringEncoding", "a text", columnsOf, isText),
		optional("StringMaxLength", "a whole number", columnsOf, isWhole), typed("StringMaxLength", "STRING"),
		optional("NumericPrecision", "a whole number", columnsOf, isWhole), typed("NumericPrecision", "DECIMAL"),
		optional("NumberScale", "a whole number", columnsOf, isWhole), typed("NumberScale", "DECIMAL"),
		each("ProviderTagPrefixes/tags", Must, "the column Tags has a list of texts", tags, func(v any, _ bool) bool {
			list, ok := v.([]any)
			return ok && !slices.ContainsFunc(list, func(one any) bool { return !isText(one) })
		}),
	}
}

// typeRule is that columns are described as what the specification has them be. Which
// word a database has for it is its own matter.
func (d *Dataset) typeRule() metadataRule {
	words := map[form][]string{
		number: {"DEC", "NUM", "INT", "BIGINT", "DOUBLE", "FLOAT", "REAL"}, moment8601: {"DATE", "TIME"}, pairs: {"JSON", "MAP", "OBJECT", "STR", "VARCHAR"},
	}
	words[object] = words[pairs]
	written := []string{"STR", "TEXT", "CHAR", "VARCHAR", "NVARCHAR"}
	return metadataRule{Rule{"DataType/column", Must, "a column of the specification is of its type"}, func(of *described) []string {
		var broken []string
		for _, o := range of.columns {
			i := slices.IndexFunc(d.fields, func(f field) bool { return f.id == o["ColumnName"] })
			given, _ := o["DataType"].(string)
			if i < 0 || given == "" { // Of one's own, or told by another rule.
				continue
			}
			fit, ok := words[d.fields[i].form]
			if !ok {
				fit = written
			}
			if !slices.ContainsFunc(fit, func(word string) bool { return strings.HasPrefix(strings.ToUpper(given), word) }) {
				broken = append(broken, d.fields[i].id+" "+given)
			}
		}
		return broken
	}}
}

// instanceRules are those about the datasets that are delivered.
func (d *Dataset) instanceRules() []metadataRule {
	return []metadataRule{
		wanted("DatasetInstanceName", instancesOf),
		each("DatasetInstanceId/guid", Should, "it is a GUID", instancesOf, isGUID),
		each("FocusDatasetId/known", Must, "it is a dataset of the specification", instancesOf, func(v any, _ bool) bool {
			s, ok := v.(string)
			return ok && slices.Contains([]string{"CostAndUsage", "ContractCommitment", "BillingPeriod", "InvoiceDetail"}, s)
		}),
		{Rule{"DatasetInstanceId/once", Must, "an identifier is there once"}, func(d *described) []string {
			seen, broken := map[any]bool{}, []string(nil)
			for _, o := range d.instances {
				if id := o["DatasetInstanceId"]; seen[id] {
					broken = append(broken, fmt.Sprint(id))
				} else {
					seen[id] = true
				}
			}
			return broken
		}},
		{Rule{"DatasetInstanceId/schema", Must, "the schema names one of the instances, and that is of the file's dataset"}, func(of *described) []string {
			id := of.schema[0]["DatasetInstanceId"]
			if !slices.ContainsFunc(of.instances, func(o entry) bool {
				return isText(id) && o["DatasetInstanceId"] == id && o["FocusDatasetId"] == strings.ReplaceAll(d.Name, " ", "")
			}) {
				return []string{fmt.Sprint(id)}
			}
			return nil
		}},
	}
}
