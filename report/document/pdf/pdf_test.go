package pdf_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/documenttest"
	"github.com/dualtone/dualtone/report/document/pdf"
)

func printed(t *testing.T, d *document.Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := pdf.Write(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTheSameReportIsTheSameFile(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(printed(t, documenttest.Sample()), printed(t, documenttest.Sample())) {
		t.Error("two prints of one report differ")
	}
}

func TestRowsThatBreakOffPrintNothing(t *testing.T) {
	t.Parallel()
	d := documenttest.Sample()
	d.Tables[1].Rows = func(yield func([]document.Cell, error) bool) { yield(nil, os.ErrDeadlineExceeded) }
	if err := pdf.Write(&bytes.Buffer{}, d); err == nil || !strings.Contains(err.Error(), "pdf: ") {
		t.Errorf("got %v", err)
	}
}

// What a reader of the file finds in it is asked of somebody else's program.
func TestAReaderFindsTheFiguresAndThePageNumbers(t *testing.T) {
	t.Parallel()
	pages := text(t, printed(t, documenttest.Sample()))
	for page, wants := range map[int][]string{
		0: {"What is paid twice", "As of: 2027-03-31", "Have everybody off the old system by 2027-03-31", "23,733.87 EUR", "What each day of delay costs", "2027-03-31: the old contract must be gone on with", "page 1 of"},
		1: {"as of 2027-03-31 · known at 2027-04-01T06:00:00Z", "page 2 of"},
	} {
		for _, want := range wants {
			if !strings.Contains(pages[page], want) {
				t.Errorf("page %d has no %q:\n%s", page+1, want, pages[page])
			}
		}
	}
	all := strings.Join(pages, "\n")
	for _, want := range []string{"11,820.28", "Żółć & Ω, Ltd", "без имени", "Total planned*", "What the words mean", "Ångström"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
}

func TestACommitteeHasBothChartsOnTheFirstPage(t *testing.T) {
	t.Parallel()
	if pages := text(t, printed(t, documenttest.Sample())); !strings.Contains(pages[0], "What each day of delay costs") || !strings.Contains(pages[0], "Overlap by month") {
		t.Errorf("on the first page:\n%s", pages[0])
	}
}

// A table may be wider than any page: its words are broken and become smaller, its
// numbers and days stay whole, on every page that it goes on.
func TestNumbersOfAWideTableAreNeverCut(t *testing.T) {
	t.Parallel()
	d := documenttest.Sample()
	d.Charts = nil
	wide := document.Table{Name: "wide", Title: "Wide", Columns: []document.Column{{Key: "day", Name: "First day", Kind: document.Date}, {Key: "nothing", Name: "Nothing in it"}}}
	for c := range 16 {
		wide.Columns = append(wide.Columns,
			document.Column{Key: fmt.Sprintf("m%d", c), Name: "Actual and forecast quantity", Kind: document.Money, Currency: "EUR"})
	}
	var rows [][]document.Cell
	for r := range 60 {
		row := document.Texts("2027-03-01", "")
		for c := range 16 {
			row = append(row, document.Cell{Text: fmt.Sprintf("-1%03d%03d.25", r, c)})
		}
		rows = append(rows, row)
	}
	wide.Rows = document.Of(rows...)
	d.Tables = []document.Table{wide}
	all := strings.Join(text(t, printed(t, d)), "\n")
	for r := range 60 {
		for c := range 16 {
			if want := fmt.Sprintf("-1,%03d,%03d.25", r, c); !strings.Contains(all, want) {
				t.Fatalf("no %s in:\n%s", want, all)
			}
		}
	}
	if n := strings.Count(all, "2027-03-01"); n < 60 || strings.Contains(all, "…") || strings.Contains(all, "Nothing in it") {
		t.Errorf("%d days are whole in:\n%s", n, all)
	}
}

func TestALongTableSaysWhatIsNotPrinted(t *testing.T) {
	t.Parallel()
	pages := text(t, printed(t, documenttest.Days(1000)))
	all := strings.Join(pages, "\n")
	for _, want := range []string{"600 more rows are in the workbook", "2,678.56", fmt.Sprintf("page %d of %d", len(pages), len(pages))} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestALongTextInATableIsPrintedWhole(t *testing.T) {
	t.Parallel()
	d := documenttest.Sample()
	long := "notice is given after 2027-04-30, its last notice day: contract pbx-seats goes on to 2028-06-30, for 148,179.79 GBP"
	d.Tables = []document.Table{{Name: "steps", Title: "Where cash jumps", Columns: []document.Column{{Key: "text", Name: "What it says"}}, Rows: document.Of(document.Texts(long))}}
	if all := strings.Join(strings.Fields(strings.Join(text(t, printed(t, d)), "\n")), " "); !strings.Contains(all, long) {
		t.Errorf("no %q in:\n%s", long, all)
	}
}

// text is what pdftotext reads from each page.
func text(t *testing.T, file []byte) []string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("no pdftotext on this machine; as root, tools/setup.sh office installs it")
	}
	path := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output() //nolint:gosec // the test's own file
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}
