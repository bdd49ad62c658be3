package format_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/calllog/calllogtest"
	"github.com/dualtone/dualtone/calllog/format"
)

func connectRows(n int) []byte { return []byte(strings.Repeat(streamed+"\n", n)) }

func benchmark(b *testing.B, name string, text []byte, rows int, o format.Options) {
	b.Helper()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	f := named(b, name)
	for b.Loop() {
		r, err := f.Read(bytes.NewReader(text), o)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for row, err := range r.Rows() {
			if err != nil || row.Fault != nil {
				b.Fatal(err, row.Fault)
			}
			n += len(row.Legs)
		}
		if n != rows {
			b.Fatalf("%d legs; want %d", n, rows)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

const benchRows = 100_000

func BenchmarkAsteriskCDR(b *testing.B) {
	o := inUS()
	o.Zone = zone(b, "America/New_York")
	benchmark(b, "asterisk", calllogtest.AsteriskCSV(0, benchRows), benchRows, o)
}

func BenchmarkUCMCDR(b *testing.B) {
	benchmark(b, "ucm-cdr", calllogtest.UCMFile(fixture(b, cdrFile), "0f4a2c7e", 0, benchRows), benchRows, atUCM())
}

func BenchmarkConnect(b *testing.B) {
	benchmark(b, "connect", connectRows(10_000), 10_000, atConnect())
}

func BenchmarkMapped(b *testing.B) {
	row := "2026/11/22;16:46:28;100001;0;030 1234567;Ann;201;I;OK;Sales;00:01:10;00:07;01:03;u-1;4.25;3\n"
	benchmark(b, "csv", []byte(ipOfficeHead+strings.Repeat(row, benchRows)), benchRows, inBerlin(b))
}

// BenchmarkSkip reads past what was read before.
func BenchmarkSkip(b *testing.B) {
	text := calllogtest.AsteriskCSV(0, benchRows)
	f := named(b, "asterisk")
	r, err := f.Read(bytes.NewReader(text), inUS())
	if err != nil {
		b.Fatal(err)
	}
	_, at := take(b, r, -1)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r, err := f.Read(io.Reader(bytes.NewReader(text)), inUS())
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Skip(at); err != nil {
			b.Fatal(err)
		}
	}
}
