package xlsx_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/documenttest"
	"github.com/dualtone/dualtone/report/document/xlsx"
)

func printed(t *testing.T, d *document.Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := xlsx.Write(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func opened(t *testing.T, file []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestTheSameReportIsTheSameFile(t *testing.T) {
	t.Parallel()
	one := printed(t, documenttest.Sample())
	for range 5 {
		if !bytes.Equal(one, printed(t, documenttest.Sample())) {
			t.Fatal("two prints of one report differ")
		}
	}
	z, err := zip.NewReader(bytes.NewReader(one), int64(len(one)))
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range z.File {
		if i == 0 && part.Name != "[Content_Types].xml" || part.ModifiedDate != 0 || part.ModifiedTime != 0 {
			t.Errorf("part %d is %s of %s", i, part.Name, part.Modified)
		}
	}
}

func TestAWorkbookHasTypedCellsUnderFrozenHeadsWithFilters(t *testing.T) {
	t.Parallel()
	f := opened(t, printed(t, documenttest.Sample()))
	if diff := cmp.Diff([]string{"Parameters", "Classes", "Contracts", "Definitions"}, f.GetSheetList()); diff != "" {
		t.Errorf("sheets: -want +got:\n%s", diff)
	}
	for _, c := range []struct {
		sheet, cell, raw, shown string
		kind                    excelize.CellType
	}{
		{"Parameters", "A1", "What is paid twice", "What is paid twice", excelize.CellTypeInlineString},
		{"Parameters", "B9", "23733.87", `23,733.87 EUR`, excelize.CellTypeUnset},
		{"Classes", "B2", "4200", "4,200", excelize.CellTypeUnset},
		{"Classes", "C2", "0.3062", "30.6%", excelize.CellTypeUnset},
		{"Classes", "D2", "7268.43", "7,268.43 EUR", excelize.CellTypeUnset},
		{"Contracts", "A3", `=HYPERLINK("http://example.test")`, `=HYPERLINK("http://example.test")`, excelize.CellTypeInlineString},
		{"Contracts", "B2", "46477", "2027-03-31", excelize.CellTypeUnset},
		{"Contracts", "D3", "9000", "9,000 JPY", excelize.CellTypeUnset},
		{"Contracts", "F2", "10.0049", "10.0049 EUR", excelize.CellTypeUnset},
	} {
		raw, err := f.GetCellValue(c.sheet, c.cell, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		shown, _ := f.GetCellValue(c.sheet, c.cell)
		kind, _ := f.GetCellType(c.sheet, c.cell)
		if raw != c.raw || shown != c.shown || kind != c.kind {
			t.Errorf("%s!%s is %q, shown as %q, of type %d; want %q, %q, %d", c.sheet, c.cell, raw, shown, kind, c.raw, c.shown, c.kind)
		}
	}
	if formula, _ := f.GetCellFormula("Contracts", "A3"); formula != "" {
		t.Errorf("a name became the formula %s", formula)
	}
	for _, sheet := range []string{"Classes", "Contracts"} {
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: the head is not frozen: %+v, %v", sheet, panes, err)
		}
	}
	for _, sheet := range f.GetSheetList() {
		if page, err := f.GetPageLayout(sheet); err != nil || page.FitToWidth == nil || *page.FitToWidth != 1 {
			t.Errorf("%s: is printed over more than one page beside each other: %+v, %v", sheet, page, err)
		}
	}
	filters := 0
	for _, n := range f.GetDefinedName() {
		if n.Name == "_xlnm._FilterDatabase" {
			filters++
		}
	}
	if filters != 2 {
		t.Errorf("%d filters, want 2", filters)
	}
}

func TestTotalsAreFormulasThatAgreeWithOurs(t *testing.T) {
	t.Parallel()
	f := opened(t, printed(t, documenttest.Sample()))
	for _, c := range []struct{ sheet, cell, formula, value string }{
		{"Classes", "B6", "SUM(B2:B4)", "13500"},
		{"Classes", "D6", "ROUND(SUM(D2:D4),2)", "23733.87"},
		{"Contracts", "F7", `ROUND(SUMIFS(F2:F5,E2:E5,"=idle"),2)`, "30.01"},
		{"Contracts", "F8", `ROUND(SUMIFS(F2:F5,E2:E5,"=planned~*"),2)`, "-0.01"},
		{"Contracts", "F10", "SUM(F7:F9)", "37.13"},
	} {
		formula, _ := f.GetCellFormula(c.sheet, c.cell)
		value, _ := f.GetCellValue(c.sheet, c.cell, excelize.Options{RawCellValue: true})
		if formula != c.formula || value != c.value {
			t.Errorf("%s!%s is %s = %s, want %s = %s", c.sheet, c.cell, formula, value, c.formula, c.value)
		}
	}
}

func TestRowsThatBreakOffLeaveNothingBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	d := documenttest.Sample()
	d.Tables[1].Rows = func(yield func([]document.Cell, error) bool) { yield(nil, os.ErrDeadlineExceeded) }
	var out bytes.Buffer
	if err := xlsx.Write(&out, d); err == nil || !strings.Contains(err.Error(), "workbook: ") || out.Len() > 0 {
		t.Errorf("got %v, and %d bytes", err, out.Len())
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func ExampleWrite() {
	var out bytes.Buffer
	if err := xlsx.Write(&out, documenttest.Days(3)); err != nil {
		fmt.Println(err)
		return
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close() //nolint:errcheck // It was only read.
	fmt.Println(f.GetSheetList())
	// Output: [Parameters Days Definitions]
}
