package placed_test

import (
	"testing"

	"github.com/dualtone/dualtone/internal/placed"
)

func TestOnlyAWordThatIsCloseIsMeant(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"max_rize": "did you mean max_rise?", "ot": "did you mean to?", "t": "did you mean to?",
		"5%": "known are max_drop, max_rise, to", "7": "known are max_drop, max_rise, to",
	} {
		if got := placed.Meant(word, []string{"to", "max_rise", "max_drop"}); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}
