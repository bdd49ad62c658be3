package documenttest

import (
	"bytes"
	"encoding/csv"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/report/document"
)

// always has LibreOffice calculate every formula anew when it opens a workbook,
// instead of believing the values in it.
const always = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>`

// Sheets are the rows of each sheet of a workbook by the sheet's name, as somebody
// else's program has them.
type Sheets map[string][][]string

// Recalculated opens workbooks by their names in LibreOffice and has it calculate all
// of their formulas.
func Recalculated(t *testing.T, books map[string][]byte) map[string]Sheets {
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
	// Tokens: comma, quote, UTF-8, first line, no formats, no language, no quoting of
	// all, values as they are and not as shown, formulas as values, and every sheet.
	filter := "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
	args := []string{"-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--headless", "--convert-to", filter, "--outdir", dir}
	for _, name := range slices.Sorted(maps.Keys(books)) {
		path := filepath.Join(dir, name+".xlsx")
		if err := os.WriteFile(path, books[name], 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.CommandContext(t.Context(), "soffice", args...).CombinedOutput(); err != nil { //nolint:gosec // Our own paths.
		t.Fatalf("soffice: %v: %s", err, out)
	}
	all := map[string]Sheets{}
	for name := range books {
		all[name] = sheetsOf(t, filepath.Join(dir, name+"-"))
	}
	return all
}

// sheetsOf reads the sheets whose files begin with a path.
func sheetsOf(t *testing.T, before string) Sheets {
	t.Helper()
	files, err := filepath.Glob(before + "*.csv")
	if err != nil || len(files) == 0 {
		t.Fatalf("soffice wrote no sheet to %s: %v", before, err)
	}
	sheets := Sheets{}
	for _, path := range files {
		text, err := os.ReadFile(path) //nolint:gosec // Our own paths.
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(text))
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		sheets[strings.TrimSuffix(strings.TrimPrefix(path, before), ".csv")] = rows
	}
	return sheets
}

// TotalsOf are the rows whose first text begins with Total, each as its label and its
// number in a column.
func (s Sheets) TotalsOf(sheet string, column int) map[string]string {
	totals := map[string]string{}
	for _, row := range s[sheet] {
		label := slices.IndexFunc(row, func(s string) bool { return s != "" })
		if label >= 0 && strings.HasPrefix(row[label], "Total") {
			totals[row[label]] = row[column]
		}
	}
	return totals
}

// Agree holds a document's tables against the sheets of its workbook, cell by cell and
// total by total, and returns how many totals agreed.
func (s Sheets) Agree(t *testing.T, d *document.Document) (totals int) {
	t.Helper()
	for i := range d.Tables {
		table := &d.Tables[i]
		sheet := strings.ReplaceAll(strings.ToUpper(table.Name[:1])+table.Name[1:], "_", " ")
		sums, n := document.NewSums(table), 0
		for row, err := range table.Rows {
			if err != nil {
				t.Fatal(err)
			}
			if err := sums.Add(row); err != nil {
				t.Fatal(err)
			}
			if n++; n >= len(s[sheet]) {
				t.Fatalf("%s ends before row %d", sheet, n)
			}
			sameCells(t, sheet, table.Columns, row, s[sheet][n])
		}
		for c := range table.Columns {
			if table.Columns[c].Sum {
				totals += s.sameTotals(t, sheet, table.Columns[c].Key, c, sums)
			}
		}
	}
	return totals
}

// sameTotals compares the totals of a column, and returns how many there are.
func (s Sheets) sameTotals(t *testing.T, sheet, key string, column int, sums *document.Sums) int {
	t.Helper()
	got, all := s.TotalsOf(sheet, column), sums.Totals()
	for _, want := range all {
		if v := document.Round(got[want.Label], 2); v != document.Round(want.Cells[column].Text, 2) || got[want.Label] == "" {
			t.Errorf("%s, %s, column %s: LibreOffice has %q, we have %s", sheet, want.Label, key, got[want.Label], want.Cells[column].Text)
		}
	}
	return len(all)
}

// number is a text as a number; none for one that is none.
func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// sameCells compares the words and the numbers of a row; days are numbers there.
func sameCells(t *testing.T, sheet string, columns []document.Column, want []document.Cell, got []string) {
	t.Helper()
	const digits = 6 // that a spreadsheet has of a number, and more
	for c := range columns {
		w, g := want[c].Text, ""
		if c < len(got) {
			g = got[c]
		}
		switch kind := columns[c].Kind; {
		case kind == document.Date || kind == document.Time:
			if (w == "") != (g == "") {
				t.Errorf("%s, column %s: LibreOffice has %q, we have %q", sheet, columns[c].Key, g, w)
			}
		case kind == document.Percent && w != "":
			if off := number(strings.TrimSuffix(g, "%")) - 100*number(w); math.IsNaN(off) || math.Abs(off) > 1e-9 {
				t.Errorf("%s, column %s: LibreOffice has %s, we have %s", sheet, columns[c].Key, g, w)
			}
		case kind.Numeric() && w != "":
			if document.Round(g, digits) != document.Round(w, digits) {
				t.Errorf("%s, column %s: LibreOffice has %s, we have %s", sheet, columns[c].Key, g, w)
			}
		case g != columns[c].Shown(want[c]):
			t.Errorf("%s, column %s: LibreOffice has %q, we have %q", sheet, columns[c].Key, g, w)
		}
	}
}
