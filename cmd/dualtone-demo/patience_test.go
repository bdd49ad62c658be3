package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestPatienceLastsAsLongAsThereIsProgress(t *testing.T) {
	t.Parallel()
	var p patience
	start := time.Date(2027, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		seen  string
		after time.Duration
		spent bool
	}{
		{"3 moved", 0, false},
		{"3 moved", quietFor - 1, false},
		{"4 moved", quietFor, false},
		{"4 moved", 2*quietFor - 1, false},
		{"4 moved", 2 * quietFor, true},
	} {
		if got := p.spent(c.seen, start.Add(c.after)); got != c.spent {
			t.Errorf("%s after %s: spent is %t", c.seen, c.after, got)
		}
	}
}

func TestAHoldThatIsPlacedAgainForTheSameReasonIsNoProgress(t *testing.T) {
	t.Parallel()
	v := planStanding{Holds: []planHold{{ID: "pilot-1", Owner: "system", Reason: "abandon-rate: 4 samples, needs 5"}}}
	before := v.moved()
	v.Holds[0].ID, v.Holds[0].Placed = "pilot-2", time.Now()
	if v.moved() != before {
		t.Error("a hold for the same reason counts as progress")
	}
	v.Holds[0].Reason = "abandon-rate: 3 samples, needs 5"
	if v.moved() == before {
		t.Error("another reason is no progress")
	}
}

// stand makes a program that tells the standings in turn, a release for the next one,
// and notes what it is asked.
func stand(t *testing.T, standings ...string) (*stage, *bytes.Buffer, func() string) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range standings {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := `#!/bin/sh
cd "$(dirname "$0")"
n=$(cat turn 2>/dev/null || echo 0)
case "$*" in
*"plan status"*) cat $n ;;
*) echo "$*" >> orders; echo $((n + 1)) > turn ;;
esac
`
	path := filepath.Join(dir, "dualtone")
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	var out bytes.Buffer
	return &stage{out: &out, program: program{path: path, out: &out}}, &out, func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "orders")) //nolint:gosec // the test's own
		return string(text)
	}
}

const heldPilot = `{"plan": {"state": "active"}, "stages": [{"id": "pilot", "state": "evaluating", "detail": "the soak is over"}],
	"holds": [{"id": "pilot-1", "stage": "pilot", "owner": "%s", "reason": "abandon-rate: 4 samples, needs 5", "placed": "2020-03-02T12:00:00Z"}]}`

func TestAStageThatLacksCallsIsLetMeasureAgain(t *testing.T) {
	t.Parallel()
	s, out, orders := stand(t, fmt.Sprintf(heldPilot, "system"), `{"plan": {"state": "active"}, "stages": [{"id": "pilot", "state": "passed", "detail": "all gates pass"}], "holds": []}`)
	if err := s.reaches(t.Context(), "pilot", "passed"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "system holds it: abandon-rate: 4 samples, needs 5") {
		t.Errorf("it does not tell what it waits for:\n%s", out)
	}
	if got := orders(); !strings.Contains(got, "plan release spring --stage pilot --hold pilot-1 --actor oscar") || strings.Count(got, "\n") != 1 {
		t.Errorf("it ordered %q", got)
	}
}

func TestWhateverThePlanWaitsForIsToldWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	for held, why := range map[string]string{
		fmt.Sprintf(heldPilot, "ivy"): "ivy holds it: abandon-rate: 4 samples",
		strings.Replace(fmt.Sprintf(heldPilot, "system"), "abandon-rate: 4 samples, needs 5", "3 users failed in a row", 1): "system holds it: 3 users failed in a row",
	} {
		s, _, orders := stand(t, held)
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, errLimit)
		defer cancel()
		err := s.reaches(ctx, "pilot", "passed")
		if !errors.Is(err, errLimit) || !strings.Contains(err.Error(), why) {
			t.Errorf("it ends with %v, want %s", err, why)
		}
		if got := orders(); got != "" {
			t.Errorf("a hold that is not for want of calls was released: %s", got)
		}
	}
}
