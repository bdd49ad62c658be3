package document_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/documenttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // A file of this test.
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", name, diff)
	}
}

func TestADocumentIsPrintedForPeopleAndForPrograms(t *testing.T) {
	t.Parallel()
	d := documenttest.Sample()
	var terminal, plain, table bytes.Buffer
	if err := d.WriteTerminal(&terminal, document.Page{}, nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.txt", terminal.String())
	if err := d.WriteJSON(&plain); err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.json", plain.String())
	if !json.Valid(plain.Bytes()) {
		t.Error("the JSON is none")
	}
	if err := d.WriteCSV(&table, "contracts"); err != nil {
		t.Fatal(err)
	}
	golden(t, "contracts.csv", table.String())
}

func TestALongTableIsShownPageByPageAndSummedWhole(t *testing.T) {
	t.Parallel()
	d := documenttest.Days(7)
	var out bytes.Buffer
	next := func(table string, after int) string { return table + " goes on after " + strconv.Itoa(after) }
	if err := d.WriteTerminal(&out, document.Page{After: 2, Limit: 3}, next); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2027-01-03", "2027-01-05", "Rows 3 to 5 of 7. There are more: days goes on after 5", "18.76"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	for _, not := range []string{"2027-01-02", "2027-01-06"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%s is of another page", not)
		}
	}
}

func TestATextThatASpreadsheetWouldCalculateIsMadeHarmless(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		evil := rapid.StringMatching(`[ =+\-@|%]{1,3}[a-zA-Z0-9(),!'"]{0,8}`).Draw(t, "evil")
		d := &document.Document{Tables: []document.Table{{
			Name: "t", Columns: []document.Column{{Key: "who", Name: "Who"}}, Rows: document.Of(document.Texts(evil)),
		}}}
		var out bytes.Buffer
		if err := d.WriteCSV(&out, ""); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		cell := rows[1][1]
		if trimmed := strings.TrimLeft(cell, " "); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@|%") {
			t.Errorf("%q became %q", evil, cell)
		}
	})
}

func TestSumsAreRoundedOnceAndClassesAddUpToTheTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := document.Table{
			Name: "t", SumBy: "class",
			Columns: []document.Column{{Key: "class"}, {Key: "amount", Kind: document.Money, Currency: "EUR", Digits: 6, Sum: true}},
		}
		sums := document.NewSums(&table)
		micro := map[string]int64{} // our own count, in millionths
		for range rapid.IntRange(1, 40).Draw(t, "rows") {
			class := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "class")
			v := rapid.Int64Range(-5_000_000, 5_000_000).Draw(t, "millionths")
			micro[class] += v
			if err := sums.Add(document.Texts(class, decimal(v))); err != nil {
				t.Fatal(err)
			}
		}
		all := int64(0)
		for _, total := range sums.Totals() {
			if total.Label == "Total" {
				if want := cents(all); total.Cells[1].Text != want {
					t.Errorf("total %s, want %s", total.Cells[1].Text, want)
				}
				continue
			}
			c := halfUp(micro[total.Group])
			all += c
			if want := cents(c); total.Cells[1].Text != want {
				t.Errorf("%s: %s, want %s", total.Group, total.Cells[1].Text, want)
			}
		}
	})
}

func halfUp(micro int64) int64 {
	if micro < 0 {
		return -halfUp(-micro)
	}
	return (micro + 5000) / 10000
}

func cents(c int64) string { return decimal(c * 10000)[:len(decimal(c*10000))-4] }

func decimal(micro int64) string {
	sign := ""
	if micro < 0 {
		sign, micro = "-", -micro
	}
	text := []byte("0000000")
	for i := len(text) - 1; micro > 0; i-- {
		if i < 0 {
			text = append([]byte{'0'}, text...)
			i = 0
		}
		text[i] = byte('0' + micro%10)
		micro /= 10
	}
	return sign + string(text[:len(text)-6]) + "." + string(text[len(text)-6:])
}

func TestWhatCannotBePrintedIsAnErrorWithItsPlace(t *testing.T) {
	t.Parallel()
	d := documenttest.Sample()
	if err := d.WriteCSV(&bytes.Buffer{}, "clases"); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), "it has classes, contracts") {
		t.Errorf("an unknown table: %v", err)
	}
	d.Tables[0].Rows = document.Of(document.Texts("planned", "many", "", "1.00"))
	for name, write := range map[string]func() error{
		"terminal": func() error { return d.WriteTerminal(&bytes.Buffer{}, document.Page{}, nil) },
		"json":     func() error { return d.WriteJSON(&bytes.Buffer{}) },
		"csv":      func() error { return d.WriteCSV(&bytes.Buffer{}, "classes") },
	} {
		if err := write(); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), `table classes, row 1, column seat_days: "many" is no number`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lost := errors.New("the database is away")
	d.Tables[0].Rows = func(yield func([]document.Cell, error) bool) { yield(nil, lost) }
	if err := d.WriteJSON(&bytes.Buffer{}); !errors.Is(err, lost) {
		t.Errorf("rows that break off: %v", err)
	}
}

func TestNumbersAreShownAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		column document.Column
		cell   document.Cell
		want   string
	}{
		{document.Column{Kind: document.Money, Currency: "EUR"}, document.Cell{Text: "1234567.895"}, "1,234,567.90"},
		{document.Column{Kind: document.Money, Currency: "EUR"}, document.Cell{Text: "-0.004"}, "0.00"},
		{document.Column{Kind: document.Money}, document.Cell{Text: "9000", Currency: "JPY"}, "9,000 JPY"},
		{document.Column{Kind: document.Money, Currency: "BHD"}, document.Cell{Text: "1"}, "1.000"},
		{document.Column{Kind: document.Quantity}, document.Cell{Text: "-13500"}, "-13,500"},
		{document.Column{Kind: document.Quantity, Digits: 2}, document.Cell{Text: "999.999"}, "1,000.00"},
		{document.Column{Kind: document.Percent}, document.Cell{Text: "0.30625"}, "30.6 %"},
		{document.Column{Kind: document.Date}, document.Cell{Text: "2027-02-15"}, "2027-02-15"},
		{document.Column{Kind: document.Money, Currency: "EUR"}, document.Cell{}, ""},
	} {
		if got := c.column.Shown(c.cell); got != c.want {
			t.Errorf("%+v as %s: %q, want %q", c.cell, c.column.Kind, got, c.want)
		}
	}
}
