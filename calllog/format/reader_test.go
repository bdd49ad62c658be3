package format_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// sources are a file of each format.
func sources(tb testing.TB) map[string][]byte {
	tb.Helper()
	return map[string][]byte{
		"asterisk": fixture(tb, "Master.csv"), "asterisk-cel": fixture(tb, "cel.csv"), "ucm-cdr": fixture(tb, cdrFile),
		"ucm-cmr": fixture(tb, "cmr_StandAloneCluster_01_201801051004_1"),
		"connect": []byte("[" + streamed + ",\n" + streamed + "]\n" + described),
		"csv":     []byte(ipOfficeHead + strings.Repeat("2026/11/22;16:46:28;1;0;030 1234567;;201;I;OK;;5;5;;;;\r\n", 3)),
	}
}

func optionsOf(tb testing.TB, name string) format.Options {
	tb.Helper()
	if name == "csv" {
		return inBerlin(tb)
	}
	return inUS()
}

func TestEveryFormatIsKnownByItsContent(t *testing.T) {
	t.Parallel()
	for name, text := range sources(t) {
		f, ok := format.Detect(append([]byte("\xef\xbb\xbf"), text...))
		if name == "csv" {
			if ok {
				t.Errorf("a file that needs a mapping is taken for %s", f.Name)
			}
			continue
		}
		if f.Name != name {
			t.Errorf("%s is taken for %q", name, f.Name)
		}
	}
	for name, text := range map[string]string{
		"asterisk": string(fixture(t, "queue_log")), "connect": `{"Contacts":[{"InitiationMethod":"INBOUND"`, "": "Dear Sir,\n",
	} {
		if f, _ := format.Detect([]byte(text)); f.Name != name {
			t.Errorf("%.20q is taken for %q; want %q", text, f.Name, name)
		}
	}
}

// TestReadingGoesOnFromAnyRow stops after each row of each format and goes on
// in a new reader.
func TestReadingGoesOnFromAnyRow(t *testing.T) {
	t.Parallel()
	for name, text := range sources(t) {
		o := optionsOf(t, name)
		whole := read(t, name, text, o)
		if last := whole[len(whole)-1]; last.Offset != int64(len(text)) {
			t.Errorf("%s: the last row ends at %d of %d bytes", name, last.Offset, len(text))
		}
		for i := range whole {
			r, err := named(t, name).Read(iotest.OneByteReader(bytes.NewReader(text)), o)
			if err != nil {
				t.Fatal(err)
			}
			got, at := take(t, r, i+1)
			again, err := named(t, name).Read(bytes.NewReader(text), o)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Skip(at); err != nil {
				t.Fatalf("%s: after row %d: %v", name, i, err)
			}
			rest, end := take(t, again, -1)
			if diff := cmp.Diff(whole, append(got, rest...)); diff != "" {
				t.Errorf("%s: after row %d:\n%s", name, i, diff)
			}
			if end.Offset != int64(len(text)) {
				t.Errorf("%s: ends at %d", name, end.Offset)
			}
		}
	}
}

// take reads n rows, all that are left if n is negative.
func take(tb testing.TB, r *format.Reader, n int) ([]calllog.Row, calllog.Position) {
	tb.Helper()
	var rows []calllog.Row
	if n == 0 {
		return nil, r.At()
	}
	for row, err := range r.Rows() {
		if err != nil {
			tb.Fatal(err)
		}
		if rows = append(rows, keep(row)); len(rows) == n {
			break
		}
	}
	return rows, r.At()
}

func TestAFileThatWasChangedIsNotSkipped(t *testing.T) {
	t.Parallel()
	text := fixture(t, "Master.csv")
	r, err := named(t, "asterisk").Read(bytes.NewReader(text), inUS())
	if err != nil {
		t.Fatal(err)
	}
	_, at := take(t, r, 5)
	for what, changed := range map[string][]byte{
		"a digit differs": bytes.Replace(text, []byte("46:28"), []byte("46:27"), 1), "it is shorter": text[:900], "it is empty": nil,
	} {
		again, err := named(t, "asterisk").Read(bytes.NewReader(changed), inUS())
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Skip(at); !errors.Is(err, dualtone.ErrConflict) {
			t.Errorf("%s: %v; want a conflict", what, err)
		}
	}
}

func TestARowThatIsStillWrittenIsLeftAlone(t *testing.T) {
	t.Parallel()
	text := fixture(t, "Master.csv")
	lines := bytes.SplitAfter(text, []byte("\n"))
	whole := len(lines[0]) + len(lines[1])
	for cut := whole + 1; cut < whole+len(lines[2]); cut++ {
		r, err := named(t, "asterisk").Follow(bytes.NewReader(text[:cut]), inUS())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var end error
		for row, err := range r.Rows() {
			if end = err; err == nil && row.Fault == nil {
				n++
			}
		}
		if n != 2 || !errors.Is(end, format.ErrCut) || r.At().Offset != int64(whole) {
			t.Fatalf("cut at %d: %d rows, %v, at %d; want 2 rows up to %d", cut, n, end, r.At().Offset, whole)
		}
		// What was read so far is skipped once the file has grown.
		again, err := named(t, "asterisk").Follow(bytes.NewReader(text), inUS())
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Skip(r.At()); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func TestAFileThatIsCutOffSaysSo(t *testing.T) {
	t.Parallel()
	for name, text := range sources(t) {
		rows := read(t, name, bytes.TrimRight(text, "\r\n")[:len(text)-20], optionsOf(t, name))
		last := rows[len(rows)-1]
		if last.Fault == nil || !last.Fault.Cut {
			t.Errorf("%s: the last row is %+v", name, last.Fault)
		}
		for _, row := range rows[:len(rows)-1] {
			if row.Fault != nil {
				t.Errorf("%s: line %d: %+v", name, row.Line, *row.Fault)
			}
		}
	}
}

// endless is a line that never ends.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.left))
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= int64(n)
	return n, nil
}

func TestARowWithoutAnEndCostsBoundedMemory(t *testing.T) {
	t.Parallel()
	good := strings.SplitAfter(string(fixture(t, "Master.csv")), "\n")[0]
	for name, after := range map[string]string{"asterisk": good, "connect": streamed} {
		text := io.MultiReader(strings.NewReader(`{"`), &endless{left: 20 << 20}, strings.NewReader("\n"+after+"\n"))
		r, err := named(t, name).Read(text, inUS())
		if err != nil {
			t.Fatal(err)
		}
		rows, _ := take(t, r, -1)
		if len(rows) < 2 || rows[0].Fault == nil || len(rows[0].Raw) > format.MaxRow || len(rows[1].Legs) != 1 {
			t.Errorf("%s: %d rows, the first of %d bytes", name, len(rows), len(rows[0].Raw))
		}
	}
}

func TestASourceIsKnownByItsFirstRow(t *testing.T) {
	t.Parallel()
	for name, text := range sources(t) {
		key := func(text []byte) string {
			r, err := named(t, name).Follow(bytes.NewReader(text), optionsOf(t, name))
			if err != nil {
				t.Fatal(err)
			}
			k, err := r.Key()
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		whole := key(text)
		if whole == "" || key(append(bytes.Clone(text), text...)) != whole {
			t.Errorf("%s: a file that grows is known by another name", name)
		}
		if key(text[:10]) != "" {
			t.Errorf("%s: a file without a row is known already", name)
		}
		if other := append([]byte(" "), text...); key(other) == whole {
			t.Errorf("%s: another file is known by the same name", name)
		}
	}
}
