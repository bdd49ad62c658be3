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

// generatorVersion changes when what we write in these files changes.
const generatorVersion = "1"

// schemaSince is when the columns became what they are.
func schemaSince() time.Time { return time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) }

// CostSchema describes the files of WriteCharges.
func CostSchema() Schema { return schema(CostVersion, ids(chargeColumns())) }

// CommitmentSchema describes the files of WriteCommitments.
func CommitmentSchema() Schema { return schema(CommitmentVersion, ids(commitmentColumns())) }

func ids[T any](columns []column[T]) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.id
	}
	return all
}

// schema has an id that is the same as long as its columns are.
func schema(version string, columns []string) Schema {
	sum := sha256.Sum256([]byte(version + "\n" + strings.Join(columns, "\n")))
	s := Schema{
		ID:           fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]),
		FocusVersion: version, CreationDate: moment(schemaSince()), GeneratorVersion: generatorVersion,
	}
	for _, id := range columns {
		s.Columns = append(s.Columns, definition(id))
	}
	return s
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
	case id == "ContractCommitmentApplicability":
		d.Type = "JSON"
	default:
		d.Type, d.MaxLength, d.Encoding = "STRING", 1024, "UTF-8"
	}
	return d
}

// Write writes the metadata as JSON.
func (s *Schema) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}
