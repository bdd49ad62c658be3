package format_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog/format"
)

// callers is how many different outside numbers the benchmark's rows have.
const callers = 20_000

// asteriskRows are CDRs of calls from outside to people, queues and back out.
func asteriskRows(n int) []byte {
	var b bytes.Buffer
	at := utc("2026-10-01 06:00:00")
	for i := range n {
		at = at.Add(700 * time.Millisecond)
		start, end := at.Format(time.DateTime), at.Add(95*time.Second).Format(time.DateTime)
		caller := fmt.Sprintf("1212%07d", 2000000+i*7919%callers)
		extension := 1000 + i%800
		app, data := "Dial", fmt.Sprintf("PJSIP/%d,20", extension)
		if i%3 == 0 {
			app, data = "Queue", "support,,,,15"
		}
		fmt.Fprintf(&b, `"","%s","%d","from-internal","""Customer %d"" <%s>","PJSIP/carrier-%08x","PJSIP/%d-%08x","%s","%s","%s","%s","%s",95,88,"ANSWERED","DOCUMENTATION","%d.%d","","","%d.%d",%d`+"\n",
			caller, extension, i%callers, caller, i, extension, i+1, app, data, start, start, end, at.Unix(), i, at.Unix(), i, i)
	}
	return b.Bytes()
}

func ucmRows(tb testing.TB, n int) []byte {
	tb.Helper()
	lines := strings.SplitAfter(string(fixture(tb, cdrFile)), "\n")
	var b bytes.Buffer
	b.WriteString(lines[0] + lines[1])
	for i := range n {
		row := strings.Replace(lines[2+i%5], "0f4a2c7e", fmt.Sprintf("%08x", i), 1)
		b.WriteString(strings.Replace(row, "+1212555", fmt.Sprintf("+1212%03d", i%1000), 1))
	}
	return b.Bytes()
}

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
	benchmark(b, "asterisk", asteriskRows(benchRows), benchRows, o)
}

func BenchmarkUCMCDR(b *testing.B) {
	benchmark(b, "ucm-cdr", ucmRows(b, benchRows), benchRows, atUCM())
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
	text := asteriskRows(benchRows)
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
