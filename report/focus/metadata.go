package focus

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// applicability says which charges count towards a commitment: those of its own
// SKUs.
func applicability(skus []string) string {
	text, _ := json.Marshal(struct {
		InclusionOperator string
		Inclusions        []any
	}{"And", []any{struct {
		Dimension string
		Operator  string
		Values    []string
	}{"SkuId", "In", skus}}})
	return string(text)
}

// Schema is the metadata that the specification wants beside a file.
type Schema struct {
	ID               string             `json:"SchemaId"`
	Instance         string             `json:"DatasetInstanceId,omitempty"` // from version 1.3 on
	FocusVersion     string             `json:"FocusVersion"`
	CreationDate     string             `json:"CreationDate"`
	GeneratorVersion string             `json:"DataGeneratorVersion"`
	Columns          []ColumnDefinition `json:"ColumnDefinition"`
}

// ColumnDefinition is a column in the metadata.
type ColumnDefinition struct {
	Name      string `json:"ColumnName"`
	Type      string `json:"DataType"`
	MaxLength int    `json:"StringMaxLength,omitempty"`
	Encoding  string `json:"StringEncoding,omitempty"`
	Precision int    `json:"NumericPrecision,omitempty"`
	Scale     int    `json:"NumberScale,omitempty"`
}

// Generator says who makes the files.
type Generator struct {
	Name string `json:"DataGenerator"`
}

// Dualtone is who makes ours.
func Dualtone() Generator { return Generator{"dualtone"} }

// Write writes it as JSON.
func (g Generator) Write(w io.Writer) error { return writeJSON(w, g) }

// Instance is a dataset as it is delivered.
type Instance struct {
	ID      string `json:"DatasetInstanceId"`
	Name    string `json:"DatasetInstanceName"`
	Dataset string `json:"FocusDatasetId"`
}

// Instances are those datasets of ours that are of version 1.3 or later.
type Instances []Instance

// OurInstances lists them.
func OurInstances() Instances {
	const dataset = "ContractCommitment"
	return Instances{{guid("dualtone " + dataset), "Commitments of contracts with phone systems", dataset}}
}

// Write writes them as JSON.
func (all Instances) Write(w io.Writer) error { return writeJSON(w, all) }

// generatorVersion changes when what we write in these files changes.
const generatorVersion = "2"

// schemaSince is when the columns became what they are.
func schemaSince() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) }

// CostSchema describes the files of WriteCharges.
func CostSchema() Schema { return schema(CostVersion, ids(chargeColumns())) }

// CommitmentSchema describes the files of WriteCommitments.
func CommitmentSchema() Schema {
	s := schema(CommitmentVersion, ids(commitmentColumns()))
	s.Instance = OurInstances()[0].ID
	return s
}

func ids[T any](columns []column[T]) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.id
	}
	return all
}

// schema has an id that is the same as long as its columns are.
func schema(version string, columns []string) Schema {
	s := Schema{
		ID: guid(version + "\n" + strings.Join(columns, "\n")), FocusVersion: version, CreationDate: moment(schemaSince()), GeneratorVersion: generatorVersion,
	}
	for _, id := range columns {
		s.Columns = append(s.Columns, definition(id))
	}
	return s
}

// guid is the same for the same text.
func guid(text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func definition(id string) ColumnDefinition {
	d := ColumnDefinition{Name: id}
	switch {
	case strings.HasSuffix(id, "Cost") || strings.HasSuffix(id, "UnitPrice") || strings.HasSuffix(id, "Quantity") ||
		strings.HasSuffix(id, "Percentage") || id == "x_FxRate":
		d.Type, d.Precision, d.Scale = "DECIMAL", 38, 12
	case strings.HasSuffix(id, "PeriodStart") || strings.HasSuffix(id, "PeriodEnd") || strings.HasSuffix(id, "Created") ||
		strings.HasSuffix(id, "Updated") || strings.HasSuffix(id, "KnownAt") || strings.HasPrefix(id, "x_") && strings.HasSuffix(id, "Date"):
		d.Type = "DATETIME"
	case id == "ContractCommitmentApplicability" || id == "SkuPriceDetails":
		d.Type = "JSON"
	default:
		d.Type, d.MaxLength, d.Encoding = "STRING", 1024, "UTF-8"
	}
	return d
}

// Write writes the metadata as JSON.
func (s *Schema) Write(w io.Writer) error { return writeJSON(w, s) }

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
