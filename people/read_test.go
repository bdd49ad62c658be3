package people

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
)

func read(t *testing.T, text string) List {
	t.Helper()
	list, err := Read(strings.NewReader(text), Options{Region: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAListIsReadHoweverASpreadsheetWroteIt(t *testing.T) {
	t.Parallel()
	ada := dualtone.Person{
		ID: "7", Name: `Ada "Countess" Lovelace`, Email: "ada@example.com", FederationID: "ada", Extension: "1001",
		Numbers: []dualtone.Number{"+493023125001", "+493023125002"}, Site: "Berlin, Mitte", Team: "sales",
		Accounts: dualtone.Accounts{CRM: "005A", Old: "1001", New: "guid"},
	}
	for name, text := range map[string]string{
		"comma":     "id,name,email,federation_id,extension,numbers,site,team,crm,old,new\n7,\"Ada \"\"Countess\"\" Lovelace\",ada@example.com,ada,1001,+49 30 23125001;030/23125002,\"Berlin, Mitte\",sales,005A,1001,guid\n",
		"semicolon": "\ufeffID;Name;E-Mail;Federation ID;Extension;Numbers;Site;Team;CRM_ID;Old;New\r\n7;\"Ada \"\"Countess\"\" Lovelace\";ada@example.com;ada;1001;\"+493023125001; +493023125002\";Berlin, Mitte;sales;005A;1001;guid\r\n;;;;;;;;;;\r\n",
		"tab":       "team\tid\tname\temail\tfederation_id\textension\tnumber\tnumber_2\tsite\tcrm\told\tnew\nsales\t 7 \t\"Ada \"\"Countess\"\" Lovelace\"\tada@example.com\tada\t1001\t030 23125001\t+493023125002\tBerlin, Mitte\t005A\t1001\tguid",
	} {
		got := read(t, text)
		if diff := cmp.Diff(List{People: []dualtone.Person{ada}, Rows: 1}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestColumnsByWhichStagesChoosePeopleAreKeptAsAttributes(t *testing.T) {
	t.Parallel()
	got := read(t, "id,name,Queues,skill,x_desk,VIP,time zone\n1,Ada,sales-uk; sales-ie;sales-uk,,4 b,yes,Europe/London\n2,Bob,,,,,\n")
	want := []dualtone.Person{
		{ID: "1", Name: "Ada", Attributes: dualtone.Attributes{
			"queue": {"sales-uk", "sales-ie"}, "skill": {}, "x_desk": {"4 b"}, "vip": {"yes"}, "timezone": {"Europe/London"},
		}},
		{ID: "2", Name: "Bob", Attributes: dualtone.Attributes{"queue": {}, "skill": {}, "x_desk": {}, "vip": {}, "timezone": {}}},
	}
	lacks := []string{"email", "federation_id", "extension", "numbers", "site", "team"}
	if diff := cmp.Diff(List{People: want, Rows: 2, Lacks: lacks}, got); diff != "" {
		t.Error("-want +got\n" + diff)
	}
}

func TestEveryKindOfBadRowIsReportedWithItsPlaceAndAWayOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
		good int
	}{
		"empty":            {"", []string{"line 1: the file is empty"}, 0},
		"blank":            {"\ufeff\r\n\r\n", []string{"line 1: the file is empty"}, 0},
		"utf-16":           {"\xff\xfei\x00d\x00", []string{"UTF-16"}, 0},
		"header only":      {"id,name\n", []string{"no people"}, 0},
		"missing column":   {"id,email\n1,a@b.de\n", []string{`line 1: the column "name" is missing`}, 0},
		"unknown column":   {"id,name,extensio\n1,A,5\n", []string{`line 1, column extensio (field 3, character 9): "extensio": no such column; perhaps "extension" is meant`}, 1},
		"strange column":   {"id,name,shoe size\n1,A,5\n", []string{"the columns are id, name"}, 1},
		"bad zone":         {"id,name,timezone\n1,A,London\n", []string{`"London": not a time zone; write it as in Europe/London`}, 0},
		"a near attribute": {"id,name,quue\n1,A,5\n", []string{`perhaps "queue" is meant`}, 1},
		"column twice":     {"id,name,ID\n1,A,2\n", []string{"twice, first as field 1"}, 0},
		"too few":          {"id,name,site\n1,A\n2,B,x\n", []string{"line 2: 2 fields, the header has 3"}, 1},
		"too many":         {"id;name;numbers\n1;A;+493023125001;+493023125002\n", []string{`line 2, column beyond the header (field 4, character 19): "+493023125002": 4 fields, the header has 3; put a field that holds ';' in quotes`}, 0},
		"no id":            {"id,name\n,A\n", []string{`line 2, column id (field 1, character 1): empty`}, 0},
		"id with a space":  {"id,name\n1 2,A\n", []string{`"1 2": an id with a space`}, 0},
		"e-mail":           {"id,name,email\n1,A,ada@\n", []string{`"ada@": not an e-mail address; write one address, as in ada@example.com`}, 0},
		"e-mail with name": {"id,name,email\n1,A,Ada <a@b.de>\n", []string{"write a@b.de"}, 0},
		"local e-mail":     {"id,name,email\n1,A,ada@host\n", []string{"not an e-mail address that others can write to"}, 0},
		"extension":        {"id,name,extension\n1,A,x12\n", []string{"not an extension"}, 0},
		"number":           {"id,name,numbers\n1,A,+493023125001;12\n", []string{`"12" is no number that can exist in +49`}, 0},
		"number with text": {"id,name,numbers\n1,A,reception\n", []string{`"reception" is not a telephone number`}, 0},
		"number with ext":  {"id,name,numbers\n1,A,+493023125001 ext. 5\n", []string{"extension in its own column"}, 0},
		"latin-1":          {"id,name,site\n1,J\xfcrgen,x\n2,B,y\n", []string{"line 2, column name (field 2, character 3)", "save the file as CSV UTF-8"}, 1},
		"line break":       {"id,name\n1,\"A\nB\"\n2,C\n", []string{"line 2, column name (field 2", "line break"}, 1},
		"long":             {"id,name\n1," + strings.Repeat("x", 501) + "\n", []string{"501 characters long; at most 500", "…"}, 0},
		"bare quote":       {"id,name\n1,A\"B\n2,B\n", []string{"line 2: a quote in a field that does not begin with one"}, 1},
		"open quote":       {"id,name\n1,\"A\n2,B\n", []string{"line 2: a quote that is opened here"}, 0},
		"same id":          {"id,name\n1,A\n2,B\n1,C\n", []string{"line 2, column id", "1 is on line 4 too", "line 4, column id", "1 is on line 2 too"}, 1},
		"same e-mail":      {"id,name,email\n1,A,a@b.de\n2,B,A@b.de\n", []string{"a@b.de is on line 2 too", "a@b.de is on line 3 too"}, 0},
		"same extension":   {"id,name,extension\n1,A,5\n2,B,5\n", []string{"5 is on line 2 too"}, 0},
		"same number":      {"id,name,numbers\n1,A,+493023125001\n2,B,030 23125001\n", []string{"+493023125001 is on line 2 too"}, 0},
		"same account":     {"id,name,crm\n1,A,x\n2,B,x\n", []string{"column crm", "x is on line 3 too"}, 0},
	} {
		got := read(t, c.text)
		var lines []string
		for _, f := range got.Faults {
			lines = append(lines, f.String())
		}
		text := strings.Join(lines, "\n")
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, text)
			}
		}
		if len(got.People) != c.good {
			t.Errorf("%s: %d good people, want %d", name, len(got.People), c.good)
		}
	}
}

func TestANumberWithoutCountryNeedsARegion(t *testing.T) {
	t.Parallel()
	got, err := Read(strings.NewReader("id,name,numbers\n1,A,030 23125001\n"), Options{})
	if err != nil || len(got.Faults) != 1 || !strings.Contains(got.Faults[0].Problem, "no country code") {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Read(strings.NewReader(""), Options{Region: "Germany"}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("an unknown region: %v", err)
	}
	if _, err := Read(iotest.ErrReader(io.ErrClosedPipe), Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("id,name,email,numbers\n1,A,a@b.de,+493023125001\n1,B,,\n"))
	f.Add([]byte("\ufeffID;Name\r\n1;\"A\r\n\"\"\n2;B"))
	f.Add([]byte("id\tname\tnumber\tnumber2\n\xff\t\"\"\"\t1;;2\t\x00"))
	f.Add([]byte(",,\n,,\nid"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Read(strings.NewReader(string(data)), Options{Region: "DE"})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Faults) == 0 && len(list.People) != list.Rows {
			t.Errorf("%d people of %d rows and nothing is wrong", len(list.People), list.Rows)
		}
		ids := map[dualtone.PersonID]bool{}
		for _, p := range list.People {
			if p.ID == "" || p.Name == "" || ids[p.ID] {
				t.Errorf("person %+v", p)
			}
			ids[p.ID] = true
		}
		for _, fault := range list.Faults {
			if fault.Line < 1 || fault.Problem == "" || strings.ContainsAny(fault.String(), "\x00\n") {
				t.Errorf("fault %q", fault.String())
			}
		}
	})
}

func BenchmarkRead10000(b *testing.B) {
	var text strings.Builder
	text.WriteString("id,name,email,extension,numbers\n")
	for i := range 10000 {
		fmt.Fprintf(&text, "%d,Agent %d,a%d@example.com,%d,+49302%07d\n", i, i, i, i, i)
	}
	for b.Loop() {
		list, err := Read(strings.NewReader(text.String()), Options{Region: "DE"})
		if err != nil || len(list.People) != 10000 {
			b.Fatal(len(list.People), err)
		}
	}
}

// Zoom's import of users: one bad row, and the whole file was refused.
func TestOneBadRowDoesNotLoseTheFile(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"a number that is none": `p0500,Ada,not-a-number`,
		"no id":                 `,Ada,+442071838750`,
		"a column too many":     `p0500,Ada,+442071838750,more`,
	} {
		var file strings.Builder
		file.WriteString("id,name,numbers\n")
		for n := range 1000 {
			if n == 500 {
				file.WriteString(bad + "\n")
				continue
			}
			fmt.Fprintf(&file, "p%04d,Ada,+4420718%05d\n", n, 30000+n)
		}
		got, err := Read(strings.NewReader(file.String()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.People) != 999 || len(got.Faults) != 1 || got.Faults[0].Line != 502 {
			t.Errorf("%s: %d people were read, faults %v; want 999 and the fault of line 502", name, len(got.People), got.Faults)
		}
	}
}
