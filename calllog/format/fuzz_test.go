package format_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// fuzz reads anything. Whatever it is, every byte belongs to one row, a row is a
// fault or makes sense, and reading goes on from the middle as if it had not
// stopped.
func fuzz(f *testing.F, name string, o format.Options) {
	f.Helper()
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, ends := everything(t, name, text, o)
		for _, row := range rows {
			sensible(t, row)
		}
		if ends && (len(rows) > 0 || len(text) > 0) {
			offset := int64(0)
			if len(rows) > 0 {
				offset = rows[len(rows)-1].Offset
			}
			if rest := text[offset:]; len(bytes.Trim(rest, " \t\r\n,[]\x00")) > 0 {
				t.Errorf("%q belongs to no row", rest)
			}
		}
		if len(rows) < 2 {
			return
		}
		r, err := named(t, name).Read(bytes.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		first, at := take(t, r, len(rows)/2)
		again, err := named(t, name).Read(bytes.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Skip(at); err != nil {
			t.Fatal(err)
		}
		n := len(first)
		for row, err := range again.Rows() {
			if err != nil {
				break
			}
			if n >= len(rows) || row.Line != rows[n].Line || row.Offset != rows[n].Offset || !bytes.Equal(row.Raw, rows[n].Raw) {
				t.Fatalf("row %d is another one after a stop", n)
			}
			n++
		}
		if n != len(rows) {
			t.Errorf("%d rows after a stop; want %d", n, len(rows))
		}
	})
}

// everything reads to the end, or to an error that ends the reading.
func everything(t *testing.T, name string, text []byte, o format.Options) (rows []calllog.Row, ends bool) {
	t.Helper()
	r, err := named(t, name).Read(bytes.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range r.Rows() {
		if err != nil {
			return rows, false
		}
		rows = append(rows, keep(row))
	}
	return rows, true
}

func sensible(t *testing.T, row calllog.Row) {
	t.Helper()
	if row.Fault != nil && (row.Fault.Reason == "" || len(row.Legs)+len(row.Supplements) > 0) {
		t.Errorf("a fault without a reason or beside legs: %+v", row)
	}
	for _, l := range row.Legs {
		switch {
		case l.Record == "" || l.Disposition == "" || l.Started.IsZero():
			t.Errorf("a leg lacks what every leg has: %+v", l)
		case l.Ended.Before(l.Started) || l.Wait < 0 || l.Ring < 0 || l.Talk < 0 || l.Hold < 0 || l.WrapUp < 0:
			t.Errorf("a leg's times run backward: %+v", l)
		case l.Quality.MOS < 0 || l.Quality.MOS > 500 || l.Quality.Lost < 0 || l.Quality.Packets < 0 || l.Transfers < 0:
			t.Errorf("a leg's counts make no sense: %+v", l)
		}
	}
	for _, s := range row.Supplements {
		a := &s.Adds
		switch {
		case s.ID.Record == "" || s.Leg == (calllog.Match{}):
			t.Errorf("a supplement belongs to nothing: %+v", s)
		case a.Wait < 0 || a.Ring < 0 || a.Talk < 0 || a.Hold < 0 || a.WrapUp < 0 || a.Transfers < 0:
			t.Errorf("a supplement's times run backward: %+v", s)
		case a.Quality.MOS < 0 || a.Quality.MOS > 500 || a.Quality.Jitter < 0 || a.Quality.Lost < 0 || a.Quality.Packets < 0:
			t.Errorf("a supplement's quality makes no sense: %+v", s)
		}
	}
}

func seed(f *testing.F, texts ...[]byte) {
	f.Helper()
	for _, text := range texts {
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
}

func FuzzAsterisk(f *testing.F) {
	seed(f, fixture(f, "Master.csv"), fixture(f, "queue_log"),
		[]byte(`{"calldate":"2026-10-25 01:30:00","src":"1","disposition":"BUSY","uniqueid":"1.1"}`),
		[]byte(`{"time":"2026-10-25 01:30:00","queuename":"q","event":"CONNECT","data1":"1","data3":"2"}`))
	o := inUS()
	o.Zone = zone(f, "Europe/London")
	fuzz(f, "asterisk", o)
}

func FuzzAsteriskCEL(f *testing.F) {
	text := fixture(f, "cel.csv")
	seed(f, text[:3000], text[len(text)-3000:],
		[]byte(`{"eventtype":"LINKEDID_END","eventtime":"2026-10-25 01:30:00.123456","uniqueid":"1.1","linkedid":"1.0","extra":"{}"}`),
		[]byte(`"BLINDTRANSFER","1793448000.000123","A ""B""","1","","","","s","c","PJSIP/a-1","","","3","","1.1","1.0","","","","{""extension"":""8001""}"`+"\n"))
	fuzz(f, "asterisk-cel", inUS())
}

func FuzzUCMCDR(f *testing.F) {
	seed(f, fixture(f, cdrFile), fixture(f, carFile))
	fuzz(f, "ucm-cdr", atUCM())
}

func FuzzUCMCMR(f *testing.F) {
	text := fixture(f, "cmr_StandAloneCluster_01_201801051004_1")
	head, rest, _ := bytes.Cut(text, []byte("\n"))
	types, _, _ := bytes.Cut(rest, []byte("\n"))
	seed(f, text, slices.Concat(head, []byte("\n"), types, []byte("\n"),
		[]byte(`2,1,77,1,"1001",3,1515146640,500,80000,490,78400,10,5,60,"p","","C","SEP1","CCR=0.0021;ICR=0;MLQK=4.4;MLQKav=4.3;MLQKmn=3.9",10`+"\n")),
		bytes.Replace(text, []byte("numberPacketsLost"), []byte("varVQMetrics"), 1))
	fuzz(f, "ucm-cmr", atUCM())
}

func FuzzConnect(f *testing.F) {
	seed(f, []byte(streamed), []byte(described), []byte("["+streamed+"]"), []byte("{\n\"ContactId\":\"c\"\n}\n{"))
	fuzz(f, "connect", atConnect())
}

func FuzzMapped(f *testing.F) {
	seed(f, []byte(ipOfficeHead+"2026/10/25;02:30:00;1;0;030 1234567;;201;I;OK;;5;5;;;;\n"))
	fuzz(f, "csv", inBerlin(f))
}
