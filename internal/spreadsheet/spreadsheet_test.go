package spreadsheet_test

import (
	"testing"

	"github.com/dualtone/dualtone/internal/spreadsheet"
)

func TestACellIsShownAndNotComputed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=1+1": "'=1+1", `@SUM(1)`: `'@SUM(1)`, "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "-2+3": "'-2+3", " =1": "' =1", "\t=1": "'\t=1",
		"\u00a0=1": "'\u00a0=1", "%x": "'%x", "|x": "'|x", "+44161*": "'+44161*",
		"-12.50": "-12.50", "+442079460001": "+442079460001", "Claims": "Claims", "": "", "'tis": "'tis",
	} {
		got := spreadsheet.Row(text)[0]
		if got != want || spreadsheet.Text(got) != text {
			t.Errorf("%q: %q, and read again %q", text, got, spreadsheet.Text(got))
		}
	}
}
