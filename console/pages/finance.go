package pages

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/plot"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

// Finance makes the reports of what the overlap costs.
type Finance interface {
	Document(ctx context.Context, r statement.Request) (*document.Document, error)
	Print(ctx context.Context, j press.Job) ([]press.File, error)
}

// statementOf reads from its address what a report of finance is asked.
func statementOf(r *http.Request, q *query) (statement.Request, error) {
	asked := statement.Request{Days: q.text("days") != ""}
	var err error
	if asked.Report, err = statement.ParseReport(r.PathValue("report")); err != nil {
		return asked, fmt.Errorf("report %q: %w", r.PathValue("report"), dualtone.ErrNotFound)
	}
	asked.Question = cost.Question{
		Plan: q.text("plan"), Class: cost.Class(q.text("class")), Contract: contract.ID(q.text("contract")), System: q.text("system"),
		Stage: q.text("stage"), CostCenter: q.text("cost_center"), Country: q.text("country"), User: q.text("user"),
	}
	if by := q.text("by"); by != "" {
		if asked.By, err = cost.ParseFacets([]string{by}); err != nil {
			return asked, err
		}
	}
	if text := q.text("as_of"); text != "" {
		if asked.Question.AsOf, err = finance.ParseDay(text); err != nil {
			return asked, err
		}
	}
	if text := q.text("month"); text != "" {
		month, err := finance.ParseMonth(text)
		if err != nil {
			return asked, err
		}
		asked.Question.Span = month.Span()
	}
	if text := q.text("known_at"); text != "" {
		if asked.Question.KnownAt, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return asked, fmt.Errorf("known_at %q: want a time such as 2026-11-03T09:00:00Z: %w", text, dualtone.ErrInvalid)
		}
	}
	return asked, nil
}

func costFilters() []string {
	return []string{"plan", "month", "as_of", "known_at", "by", "class", "cost_center", "stage", "country", "contract", "system", "user", "days"}
}

// costs is the page of one of finance's reports.
func (d *Desk) costs(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	asked, err := statementOf(r, q)
	if err != nil {
		return nil, err
	}
	asked.Curve = !asked.Days && asked.Report != statement.Notices && asked.Report != statement.InvoiceCheck
	plans, err := d.Plans.Store.Plans(r.Context(), rollout.PlanQuery{Limit: mostOffered})
	if err != nil {
		return nil, err
	}
	made, err := d.Finance.Document(r.Context(), asked)
	if several, ok := errors.AsType[*cost.SeveralError](err); ok {
		asked.Question.Plan = meant(plans, several.Plans)
		q.values.Set("plan", asked.Question.Plan)
		made, err = d.Finance.Document(r.Context(), asked)
	}
	if errors.Is(err, dualtone.ErrNotFound) {
		return nothingYet(p, q, asked, plans, strings.TrimSuffix(err.Error(), ": "+dualtone.ErrNotFound.Error())), nil
	}
	if err != nil {
		return nil, err
	}
	sheets, err := sheetsOf(made, q.number("row", 1, 1<<30))
	if err != nil {
		return nil, err
	}
	p.title = made.Title
	if known, err := pinned(asked, made); err == nil {
		d.drawn.keep(known, made)
	}
	return costsPage(p, q, asked, plans, made, sheets), nil
}

// mostOffered is how many plans a field offers.
const mostOffered = 100

// meant is which of several plans is meant where none is named: one that goes on, or
// else the first.
func meant(all []rollout.Plan, several []string) string {
	for _, p := range all {
		if running(p.State) && slices.Contains(several, p.Name) {
			return p.Name
		}
	}
	return several[0]
}

// sheet is the part of a table that a page shows, with the totals of all of it.
type sheet struct {
	*document.Table

	// filled are the columns in which any row of the table has something.
	filled []int
	shown  [][]document.Cell
	totals []document.Total
	next   int // the row with which the next page begins; 0 for none
}

// unbroken reports whether a cell stands on one line: a month or the name of a contract is
// one word, hyphen or not.
func unbroken(shown string) bool { return !strings.Contains(shown, " ") }

// dense is from how many columns on a sheet is set smaller, so that it fits a laptop.
const dense = 14

func sheetsOf(d *document.Document, first int) ([]sheet, error) {
	var all []sheet
	for _, t := range d.Readable() {
		s, err := sheetOf(t, first)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// sheetOf shows a page of a table from a row on.
func sheetOf(t *document.Table, first int) (sheet, error) {
	s, sums, n := sheet{Table: t}, document.NewSums(t), 0
	filled := make([]bool, len(t.Columns))
	for row, err := range t.Rows {
		if err == nil {
			err = sums.Add(row)
		}
		if err != nil {
			return s, err
		}
		for i := range row {
			filled[i] = filled[i] || row[i].Text != ""
		}
		n++
		switch {
		case n < first:
		case len(s.shown) < perPage:
			s.shown = append(s.shown, slices.Clone(row))
		case s.next == 0:
			s.next = n
		}
	}
	for i := range filled {
		if filled[i] {
			s.filled = append(s.filled, i)
		}
	}
	s.totals = sums.Totals()
	return s, nil
}

// costsFile is the same as a file, in any format; several files come as one archive.
func (d *Desk) costsFile(r *http.Request) (file, error) {
	asked, err := statementOf(r, queryOf(r))
	if err != nil {
		return file{}, err
	}
	format, err := press.ParseFormat(r.PathValue("format"))
	if err != nil {
		return file{}, fmt.Errorf("%w: %w", err, dualtone.ErrNotFound)
	}
	files, err := d.Finance.Print(r.Context(), press.Job{Request: asked, Format: format, Table: queryOf(r).text("table")})
	if err != nil {
		return file{}, err
	}
	if len(files) == 1 {
		return file{name: files[0].Name, kind: files[0].Type, write: files[0].Write}, nil
	}
	return file{name: string(asked.Report) + "-" + string(format) + ".zip", kind: "application/zip", write: func(w io.Writer) error {
		return archive(w, files)
	}}, nil
}

// costsChart is one chart of a report, for the page that shows it.
func (d *Desk) costsChart(r *http.Request) (file, error) {
	asked, err := statementOf(r, queryOf(r))
	if err != nil {
		return file{}, err
	}
	asked.Curve = true
	made, kept := d.drawn.find(asked)
	if !kept {
		if made, err = d.Finance.Document(r.Context(), asked); err != nil {
			return file{}, err
		}
	}
	n, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("chart"), ".svg"))
	if err != nil || n < 0 || n >= len(made.Charts) {
		return file{}, fmt.Errorf("chart %q of report %s: %w", r.PathValue("chart"), asked.Report, dualtone.ErrNotFound)
	}
	return file{kind: "image/svg+xml", policy: plot.Policy(), write: func(w io.Writer) error {
		return plot.WriteSVG(w, &made.Charts[n], made.Title)
	}}, nil
}

func archive(w io.Writer, files []press.File) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		into, err := z.Create(f.Name)
		if err != nil {
			return err
		}
		if err := f.Write(into); err != nil {
			return err
		}
	}
	return z.Close()
}

func row(n int) string { return strconv.Itoa(n) }

// withCurrency writes a figure with its currency.
func withCurrency(f *document.Figure) string {
	text := f.Shown(f.Value)
	if f.Kind == document.Money && !f.Mixed() {
		text += " " + f.CurrencyOf(f.Value)
	}
	return text
}
