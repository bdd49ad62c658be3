package chart_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/console/chart"
)

// letterWide is how wide a letter of the axis is in the pages' font, at its widest.
const letterWide = 6.5

// mark finds the texts of an axis, and where their middle is.
var mark = regexp.MustCompile(`<text class="tick" x="([0-9.]+)" y="12" text-anchor="middle">([^<]+)</text>`)

// However long a plan takes, and at whatever hour it is looked at, the marks of its
// time line stand apart and within the drawing.
func TestNoMarkOfTheAxisTouchesAnother(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, time.November, 26, 0, 7, 0, 0, time.UTC)
	for _, exact := range []bool{false, true} {
		for whole := 20 * time.Second; whole < 3*365*24*time.Hour; whole += whole / 13 {
			line := chart.Timeline{ID: "stages", From: begun, To: begun.Add(whole), Exact: exact}
			var out strings.Builder
			if err := line.Draw().Render(t.Context(), &out); err != nil {
				t.Fatal(err)
			}
			end, marks := 0.0, mark.FindAllStringSubmatch(out.String(), -1)
			for _, m := range marks {
				middle, err := strconv.ParseFloat(m[1], 64)
				if err != nil {
					t.Fatal(err)
				}
				half := letterWide * float64(len(m[2])) / 2
				if middle-half < end || middle+half > 1000.1 {
					t.Errorf("over %s, exact %t, %q stands from %.0f to %.0f, after what ends at %.0f", whole, exact, m[2], middle-half, middle+half, end)
				}
				end = middle + half
			}
			if len(marks) == 0 {
				t.Errorf("over %s the axis has no mark", whole)
			}
		}
	}
}
