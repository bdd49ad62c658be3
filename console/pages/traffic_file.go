package pages

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/xlsx"
)

// trafficFormats are the endings of the files in which the report of traffic comes.
func trafficFormats() []string { return []string{"csv", "xlsx", "json"} }

// trafficFile is the report of traffic as a file.
func (d *Desk) trafficFile(format string) func(*http.Request) (file, error) {
	return func(r *http.Request) (file, error) {
		asked, err := d.trafficOf(queryOf(r))
		if err != nil {
			return file{}, err
		}
		made, err := d.Reports.Traffic(r.Context(), asked)
		f := file{name: "traffic." + format, kind: csvKind, write: made.WriteCSV}
		switch format {
		case "xlsx":
			f.kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
			f.write = func(w io.Writer) error { return xlsx.Write(w, trafficDocument(&made)) }
		case "json":
			f.kind = "application/json"
			f.write = func(w io.Writer) error { return json.NewEncoder(w).Encode(made) }
		}
		return f, err
	}
}

// trafficDocument is the report of traffic as a workbook prints it.
func trafficDocument(t *report.Traffic) *document.Document {
	d := &document.Document{
		Name: "traffic", Title: "Traffic of both systems", Notes: t.Notes,
		Parameters: []document.Parameter{
			{Key: "from", Name: "From", Value: t.From.String()},
			{Key: "to", Name: "To", Value: t.To.String()},
			{Key: "zone", Name: "Zone", Value: t.Zone},
			{Key: "known_at", Name: "Known at", Value: t.KnownAt.UTC().Format(time.RFC3339Nano)},
		},
	}
	table := document.Table{Name: "traffic", Title: "Old, new and both", Columns: []document.Column{{Key: "row", Name: "Of"}, {Key: "side", Name: "Side"}}}
	for _, c := range report.Definitions() {
		table.Columns = append(table.Columns, trafficColumn(&c))
		d.Definitions = append(d.Definitions, document.Definition{Name: c.Name, Meaning: c.Meaning})
	}
	table.Rows = func(yield func([]document.Cell, error) bool) {
		for i := range t.Rows {
			if !yieldSides(yield, rowName(page{}, t, t.Rows[i]), &t.Rows[i]) {
				return
			}
		}
		yieldSides(yield, "all", &t.Total)
	}
	d.Tables = []document.Table{table}
	return d
}

// trafficColumn is a column of the report: shares are percents, the others numbers.
func trafficColumn(c *report.Definition) document.Column {
	kind := document.Quantity
	if strings.HasSuffix(c.Column, "_rate") || c.Column == "service_level" {
		kind = document.Percent
	}
	return document.Column{Key: c.Column, Name: c.Name, Kind: kind}
}

// trafficShown is a figure as people read it.
func trafficShown(c *report.Definition, l *report.Line) string {
	column := trafficColumn(c)
	text := c.Value(l)
	if column.Kind == document.Quantity && strings.Contains(text, ".") {
		text = document.Round(text, 1)
	}
	return column.Shown(document.Cell{Text: text})
}

func yieldSides(yield func([]document.Cell, error) bool, name string, r *report.Row) bool {
	for _, side := range []dualtone.Side{dualtone.Old, dualtone.New, ""} {
		cells := document.Texts(name, string(side))
		if side == "" {
			cells[1].Text = "both"
		}
		for _, c := range report.Definitions() {
			cells = append(cells, document.Cell{Text: c.Value(lineOf(r, side))})
		}
		if !yield(cells, nil) {
			return false
		}
	}
	return true
}
