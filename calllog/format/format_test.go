package format_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name)) //nolint:gosec // a fixture
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func named(tb testing.TB, name string) format.Format {
	tb.Helper()
	f, err := format.Named(name)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// read reads a source that is whole, and keeps what the reader will use again.
func read(tb testing.TB, name string, text []byte, o format.Options) []calllog.Row {
	tb.Helper()
	r, err := named(tb, name).Read(bytes.NewReader(text), o)
	if err != nil {
		tb.Fatal(err)
	}
	var all []calllog.Row
	for row, err := range r.Rows() {
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, keep(row))
	}
	return all
}

func keep(row calllog.Row) calllog.Row {
	row.Raw = bytes.Clone(row.Raw)
	row.Legs = append([]calllog.Leg(nil), row.Legs...)
	row.Supplements = append([]calllog.Supplement(nil), row.Supplements...)
	return row
}

// legs are those of all rows; a fault fails the test.
func legs(tb testing.TB, rows []calllog.Row) []calllog.Leg {
	tb.Helper()
	var all []calllog.Leg
	for _, row := range rows {
		if row.Fault != nil {
			tb.Fatalf("line %d: %+v", row.Line, *row.Fault)
		}
		all = append(all, row.Legs...)
	}
	return all
}

func supplements(tb testing.TB, rows []calllog.Row) []calllog.Supplement {
	tb.Helper()
	var all []calllog.Supplement
	for _, row := range rows {
		if row.Fault != nil {
			tb.Fatalf("line %d: %+v", row.Line, *row.Fault)
		}
		all = append(all, row.Supplements...)
	}
	return all
}

func same(tb testing.TB, what string, want, got any) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func utc(text string) time.Time {
	at, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return at
}

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

func number(e164 string) dualtone.Number { return dualtone.Number(e164) }
