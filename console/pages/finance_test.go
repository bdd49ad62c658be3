package pages_test

import (
	"context"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

// wide is a report of one table of so many columns, of which every other one is empty.
type wide int

func (n wide) Document(_ context.Context, r statement.Request) (*document.Document, error) {
	t := document.Table{Name: "wide", Title: "Wide"}
	for i := range int(n) {
		t.Columns = append(t.Columns, document.Column{Key: string(rune('a' + i)), Name: "Column " + string(rune('a'+i))})
	}
	row := make([]document.Cell, n)
	for i := 0; i < int(n); i += 2 {
		row[i].Text = "something"
	}
	t.Rows = document.Of(row, make([]document.Cell, n))
	return &document.Document{Name: string(r.Report), Title: "What it costs", Tables: []document.Table{t}}, nil
}

func (wide) Print(context.Context, press.Job) ([]press.File, error) { return nil, nil }

func TestASheetShowsTheColumnsInWhichSomethingStands(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fay := s.as(t, "fay", access.FinanceOwner)
	for columns, small := range map[wide]bool{20: false, 40: true} {
		s.desk.Finance = columns
		got := fay.look(t, "/reports/cost/variance")
		shows(t, got, "Column a", "Column c")
		if strings.Contains(got.text, "Column b") {
			t.Errorf("of %d columns an empty one is shown", columns)
		}
		if strings.Contains(got.text, "sheet dense") != small {
			t.Errorf("%d columns are small: %t, want %t", columns, !small, small)
		}
	}
}
