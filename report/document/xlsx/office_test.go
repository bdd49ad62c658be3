package xlsx_test

import (
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/documenttest"
)

func TestLibreOfficeCalculatesTheSameTotals(t *testing.T) {
	t.Parallel()
	all := map[string]*document.Document{"golden example": documenttest.Sample(), "13500 user-days": documenttest.Days(13500)}
	books := map[string][]byte{}
	for name, d := range all {
		books[name] = printed(t, d)
	}
	for name, sheets := range documenttest.Recalculated(t, books) {
		if n := sheets.Agree(t, all[name]); n < 5 {
			t.Errorf("%s: %d totals were compared", name, n)
		}
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
	sheets := documenttest.Recalculated(t, map[string][]byte{"changed": changed.Bytes()})["changed"]
	if got := sheets.TotalsOf("Classes", 3)["Total"]; document.Round(got, 2) != "24733.87" {
		t.Errorf("total %v after a thousand was added", got)
	}
}
