package statement_test

import (
	"testing"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/report/statement"
)

func TestADelayOfNobodySaysWhatItPutsOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		release finance.Day
		want    string
	}{
		"old seats are let go later": {
			// 300 old seats at 30.00 a month are a day longer stranded, and paid: 300 * 30.00 / 31 = 290.32.
			day("2027-03-28"), "Nobody is left to be switched. A delay puts off the day on which old seats are let go: each day costs 290.32 GBP in waste and 290.32 GBP in cash.",
		},
		"they are let go of": {day("2027-03-20"), "Nobody is left to be switched: a delay costs nothing."},
	} {
		in := waves(0, "2027-03-25")
		in.Plan.Release = c.release
		if d := made(t, in, statement.Request{Report: statement.Delay, Delay: 2}); d.Decision != c.want {
			t.Errorf("%s: %s", name, d.Decision)
		}
	}
}
