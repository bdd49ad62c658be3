package plot_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/documenttest"
	"github.com/dualtone/dualtone/report/document/plot"
)

var update = flag.Bool("update", false, "write the golden files anew")

func drawn(t *testing.T, c *document.Chart) string {
	t.Helper()
	var out strings.Builder
	if err := plot.WriteSVG(&out, c, "Figures & their marks"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestChartsAreDrawnAsPeopleHaveSeenThem(t *testing.T) {
	t.Parallel()
	for _, c := range documenttest.Sample().Charts {
		path := filepath.Join("testdata", c.Name+".svg")
		got := drawn(t, &c)
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
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
	}
}

func TestAChartIsXMLWithoutScriptAndWithoutAnythingFromElsewhere(t *testing.T) {
	t.Parallel()
	c := documenttest.Sample().Charts[1]
	c.Labels[0] = `<script>alert("x")</script>`
	c.Series[0].Name = `" onload="alert(1)`
	text := drawn(t, &c)
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		el, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if el.Name.Local == "script" || el.Name.Local == "image" || el.Name.Local == "foreignObject" {
			t.Errorf("element %s", el.Name.Local)
		}
		for _, a := range el.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "style" {
				t.Errorf("attribute %s of %s", a.Name.Local, el.Name.Local)
			}
		}
	}
	for _, want := range []string{"prefers-color-scheme:dark", "<desc id=\"about\">Figures &amp; their marks</desc>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestAChartOfNothingOrOfOnePlaceIsDrawn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]document.Chart{
		"nothing":   {Kind: document.Curve},
		"one point": {Kind: document.Curve, Series: []document.Series{{Name: "a", Points: []document.Point{{X: 3, Y: 0}}}}},
		"no bars":   {Kind: document.Stack},
		"negative":  {Kind: document.Curve, Series: []document.Series{{Points: []document.Point{{X: 0, Y: -5}, {X: 1, Y: -2000}}}}},
	} {
		if text := drawn(t, &c); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestWhatALongMarkSaysGoesOnInTheNextLine(t *testing.T) {
	t.Parallel()
	c := documenttest.Sample().Charts[0]
	before := strings.Count(drawn(t, &c), "<text")
	long := strings.TrimSpace(strings.Repeat("notice of contract pbx-seats is missed and ", 6))
	c.Marks[0].Label = long
	text := drawn(t, &c)
	if lines := strings.Count(text, "<text") - before; lines < 1 || strings.Contains(text, long) {
		t.Errorf("%d lines more for %d letters in:\n%s", lines, len(long), text)
	}
	if words := strings.Count(text, "pbx-seats"); words != 6 {
		t.Errorf("%d of 6 times the contract is named", words)
	}
}
