package statement_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/statement"
)

// People read words, programs read codes, and the definitions lead from one to the other.
func TestPeopleReadWordsAndProgramsReadCodes(t *testing.T) {
	t.Parallel()
	d := made(t, billed(), statement.Request{Report: statement.InvoiceCheck})
	var people, json, csv bytes.Buffer
	if err := d.WriteTerminal(&people, document.Page{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteJSON(&json); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteCSV(&csv, "findings"); err != nil {
		t.Fatal(err)
	}
	meant := map[string]string{}
	for _, def := range d.Definitions {
		meant[def.Code] = def.Name
	}
	for code, words := range map[string]string{"half_up": "half up", "over_billed": "billed too much", "calendar": "days of the month"} {
		if meant[code] != words {
			t.Errorf("the definitions call %s %q, want %q", code, meant[code], words)
		}
		if strings.Contains(people.String(), code) {
			t.Errorf("people read %s", code)
		}
		if !strings.Contains(json.String(), `"`+code+`"`) {
			t.Errorf("programs do not read %s", code)
		}
	}
	if !strings.Contains(people.String(), "billed too much") || !strings.Contains(csv.String(), ",over_billed,") {
		t.Errorf("people read\n%s\nand CSV has\n%s", &people, &csv)
	}
}

func TestWhatIsPaidForIsReadInWords(t *testing.T) {
	t.Parallel()
	d := made(t, billed(), statement.Request{Report: statement.Variance})
	var people, csv bytes.Buffer
	if err := d.WriteTerminal(&people, document.Page{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteCSV(&csv, "cash"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(people.String(), "  seat license  ") || strings.Contains(people.String(), "  license  ") || !strings.Contains(csv.String(), ",license,") {
		t.Errorf("people read\n%s\nand CSV has\n%s", &people, &csv)
	}
}
