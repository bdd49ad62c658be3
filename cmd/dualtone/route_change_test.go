package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

func TestForwardsAreReadWithAHeaderAndWithout(t *testing.T) {
	t.Parallel()
	want := []routing.Forwarded{{Side: dualtone.New, From: "+493010", To: "+493011"}, {Side: dualtone.Old, From: "+493011", To: "+493010"}}
	const rows = "new,+493010,+493011\nold,+493011,+493010\n"
	for _, text := range []string{rows, "side,number,to\n" + rows} {
		got, err := readForwards(strings.NewReader(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
	for text, says := range map[string]string{
		rows + "cloud,+493012,+493013\n": `line 3: side "cloud"`, "new,+493010\n": "want side, number and to", "side,number,to\n\"new": "want side",
	} {
		if _, err := readForwards(strings.NewReader(text)); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}
