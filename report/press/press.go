// Package press prints finance's reports in the formats that their readers
// want, each as one file or several.
package press

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/pdf"
	"github.com/dualtone/dualtone/report/document/plot"
	"github.com/dualtone/dualtone/report/document/xlsx"
	"github.com/dualtone/dualtone/report/statement"
)

// Format is how a report is printed.
type Format string

// The formats.
const (
	Table Format = "table" // for people at a terminal
	JSON  Format = "json"
	CSV   Format = "csv"
	XLSX  Format = "xlsx"
	PDF   Format = "pdf"
	Focus Format = "focus"
	SVG   Format = "svg" // the charts alone
)

// Formats lists them all.
func Formats() []Format { return []Format{Table, JSON, CSV, XLSX, PDF, Focus, SVG} }

// ParseFormat reads a format's name; an unknown one is ErrInvalid.
func ParseFormat(name string) (Format, error) {
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	names := make([]string, len(Formats()))
	for i, f := range Formats() {
		names[i] = string(f)
	}
	return "", fmt.Errorf("format %q: known are %s: %w", name, strings.Join(names, ", "), dualtone.ErrInvalid)
}

// Binary reports whether a terminal cannot show the format.
func (f Format) Binary() bool { return f == XLSX || f == PDF }

// File is a file that is ready to be written.
type File struct {
	Name  string
	Type  string // its media type
	Write func(w io.Writer) error
}

// Page is the part of long tables that a terminal shows.
type Page = document.Page

// Job is what is to be printed.
type Job struct {
	Request statement.Request
	Format  Format
	// Table is the one that a CSV has; the first one when it is empty.
	Table string
	// Page and Next are for terminals; see document.WriteTerminal.
	Page Page
	Next func(table string, after int) string
}

// Print answers a job. Files are computed when they are written; what is wrong
// with the request is told at once.
func Print(e *cost.Engine, j Job) ([]File, error) {
	if j.Table != "" && j.Format != CSV {
		return nil, fmt.Errorf("one table of a report: only as csv: %w", dualtone.ErrInvalid)
	}
	if j.Format == Focus {
		return focused(e, j.Request)
	}
	if j.Format == PDF || j.Format == SVG {
		j.Request.Curve = !j.Request.Days
	}
	d, err := statement.Make(e, j.Request)
	if err != nil {
		return nil, err
	}
	switch j.Format {
	case JSON:
		return one(d, "json", "application/json", d.WriteJSON), nil
	case CSV:
		t, err := d.Table(j.Table)
		if err != nil {
			return nil, err
		}
		return []File{{d.Name + "-" + t.Name + ".csv", "text/csv", func(w io.Writer) error { return d.WriteCSV(w, t.Name) }}}, nil
	case XLSX:
		const workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		return one(d, "xlsx", workbook, func(w io.Writer) error { return xlsx.Write(w, d) }), nil
	case PDF:
		return one(d, "pdf", "application/pdf", func(w io.Writer) error { return pdf.Write(w, d) }), nil
	case SVG:
		return charts(d)
	default:
		return one(d, "txt", "text/plain", func(w io.Writer) error { return d.WriteTerminal(w, j.Page, j.Next) }), nil
	}
}

func one(d *document.Document, ending, media string, write func(io.Writer) error) []File {
	return []File{{d.Name + "." + ending, media, write}}
}

func focused(e *cost.Engine, r statement.Request) ([]File, error) {
	made, err := statement.Focus(e, r)
	if err != nil {
		return nil, err
	}
	files := make([]File, len(made))
	for i, f := range made {
		files[i] = File{f.Name, "text/csv", f.Write}
		if strings.HasSuffix(f.Name, ".json") {
			files[i].Type = "application/json"
		}
	}
	return files, nil
}

// charts are the pictures of a report, each with the figures as its description.
func charts(d *document.Document) ([]File, error) {
	if len(d.Charts) == 0 {
		return nil, fmt.Errorf("report %s has no chart: overlap, forecast and delay have: %w", d.Name, dualtone.ErrInvalid)
	}
	about := about(d)
	files := make([]File, len(d.Charts))
	for i := range d.Charts {
		c := &d.Charts[i]
		files[i] = File{d.Name + "-" + c.Name + ".svg", "image/svg+xml", func(w io.Writer) error { return plot.WriteSVG(w, c, about) }}
	}
	return files, nil
}

func about(d *document.Document) string {
	parts := make([]string, 0, len(d.Figures)+2)
	parts = append(parts, "As of "+d.Parameter("as_of"))
	if d.Decision != "" {
		parts = append(parts, strings.TrimSuffix(d.Decision, "."))
	}
	for i := range d.Figures {
		f := &d.Figures[i]
		parts = append(parts, strings.TrimSpace(f.Name+" "+f.Shown(f.Value)+" "+f.Currency))
	}
	return strings.Join(parts, ". ") + "."
}
