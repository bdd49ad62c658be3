package rollout_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestAPlanUsesNoMoreOfTheCRMThanItsShare(t *testing.T) {
	t.Parallel()
	const percent = 10_000
	for _, c := range []struct {
		what                    string
		used, allowed, switched int
		users                   int
		why                     string
	}{
		{"a fresh day", 0, 15_000, 0, 428, ""},                                    // 20% are 3,000
		{"half of it", 5_000, 15_000, 200, 228, ""},                               // 1,400 are gone
		{"all of it", 5_000, 15_000, 428, 0, "2996 of 3000 requests in 24 hours"}, // less than one user is left
		{"the company was there first", 14_990, 15_000, 0, 1, ""},                 // 10 are left of all
		{"the company has used all", 15_000, 15_000, 0, 0, "answered 15000 of 15000"},
	} {
		b := rollout.BudgetOf(20*percent, c.used, c.allowed, c.switched, 7)
		if b.Users != c.users || (b.Why == "") != (c.why == "") || !strings.Contains(b.Why, c.why) {
			t.Errorf("%s: %+v, want %d users, %q", c.what, b, c.users, c.why)
		}
	}
}
