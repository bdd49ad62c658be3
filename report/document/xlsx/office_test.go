package xlsx_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/documenttest"
)

// always has LibreOffice calculate every formula anew when it opens a workbook,
// instead of believing the values in it.
const always = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>`

// recalculated are the rows of each sheet as LibreOffice calculates them.
func recalculated(t *testing.T, file []byte) map[string][][]string {
	t.Helper()
	if _, err := exec.LookPath("soffice"); err != nil {
		t.Skip("no LibreOffice on this machine; as root, tools/setup.sh office installs it")
	}
	dir := t.TempDir()
	user := filepath.Join(dir, "profile", "user")
	if err := os.MkdirAll(user, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(user, "registrymodifications.xcu"), []byte(always), 0o600); err != nil {
		t.Fatal(err)
	}
	book := filepath.Join(dir, "book.xlsx")
	if err := os.WriteFile(book, file, 0o600); err != nil {
		t.Fatal(err)
	}
	// Tokens: comma, quote, UTF-8, first line, no formats, no language, no quoting of
	// all, values as they are and not as shown, formulas as values, and every sheet.
	filter := "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
	cmd := exec.CommandContext(t.Context(), "soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), //nolint:gosec // Our own paths.
		"--headless", "--convert-to", filter, "--outdir", dir, book)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "book-*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("soffice wrote no sheet: %v", err)
	}
	sheets := map[string][][]string{}
	for _, name := range files {
		text, err := os.ReadFile(name) //nolint:gosec // Our own paths.
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(text))
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		sheets[strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "book-"), ".csv")] = rows
	}
	return sheets
}

// totalsOf are the rows whose first text begins with Total, each as its label and
// its number in a column.
func totalsOf(rows [][]string, column int) map[string]string {
	totals := map[string]string{}
	for _, row := range rows {
		label := slices.IndexFunc(row, func(s string) bool { return s != "" })
		if label >= 0 && strings.HasPrefix(row[label], "Total") {
			totals[row[label]] = row[column]
		}
	}
	return totals
}

func TestLibreOfficeCalculatesTheSameTotals(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*document.Document{"golden example": documenttest.Sample(), "13,500 user-days": documenttest.Days(13500)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sheets := recalculated(t, printed(t, d))
			for i := range d.Tables {
				table := &d.Tables[i]
				sums := document.NewSums(table)
				for row, err := range table.Rows {
					if err != nil {
						t.Fatal(err)
					}
					if err := sums.Add(row); err != nil {
						t.Fatal(err)
					}
				}
				sheet := strings.ToUpper(table.Name[:1]) + table.Name[1:]
				for c := range table.Columns {
					if !table.Columns[c].Sum {
						continue
					}
					got := totalsOf(sheets[sheet], c)
					for _, want := range sums.Totals() {
						if v := document.Round(got[want.Label], 2); v != document.Round(want.Cells[c].Text, 2) || got[want.Label] == "" {
							t.Errorf("%s, %s, column %s: LibreOffice has %q, we have %s", sheet, want.Label, table.Columns[c].Key, got[want.Label], want.Cells[c].Text)
						}
					}
				}
			}
		})
	}
}

// A total that agreed because its value was only read would prove nothing.
func TestLibreOfficeDoesCalculate(t *testing.T) {
	t.Parallel()
	f := opened(t, printed(t, documenttest.Sample()))
	if err := f.SetCellValue("Classes", "D2", 8268.43); err != nil {
		t.Fatal(err)
	}
	changed, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := f.GetCellValue("Classes", "D6", excelize.Options{RawCellValue: true}); v != "23733.87" {
		t.Fatalf("the value beside the formula is %s: the test tests nothing", v)
	}
	got := totalsOf(recalculated(t, changed.Bytes())["Classes"], 3)
	if document.Round(got["Total"], 2) != "24733.87" {
		t.Errorf("total %v after a thousand was added", got)
	}
}
