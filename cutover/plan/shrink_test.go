package plan

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTheBlastRadiusShrinksWhileUsersHaveFailed(t *testing.T) {
	t.Parallel()
	b := BlastRadius{MaxOnNew: 40 * OnePercent, Shrink: &Shrink{By: 50 * OnePercent, Failures: 2, Least: 7 * OnePercent}}
	for failed, want := range map[int]Percent{0: 40, 1: 40, 2: 20, 3: 20, 4: 10, 6: 7, 100: 7} {
		if got := b.After(failed); got != want*OnePercent {
			t.Errorf("after %d failures %s, want %d%%", failed, got, want)
		}
	}
	b.Shrink = nil
	if got := b.After(100); got != b.MaxOnNew {
		t.Errorf("without a word of shrinking it is %s", got)
	}
}

func TestWhateverFailsTheBlastRadiusIsBetweenItsLeastAndWhatWasApproved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		percent := rapid.Map(rapid.Int64Range(0, int64(100*OnePercent)), func(n int64) Percent { return Percent(n) })
		b := BlastRadius{MaxOnNew: percent.Draw(t, "max"), Shrink: &Shrink{
			By: percent.Draw(t, "by"), Failures: rapid.IntRange(0, 5).Draw(t, "failures"), Least: percent.Draw(t, "least"),
		}}
		failed := rapid.IntRange(0, 500).Draw(t, "failed")
		now, before := b.After(failed), b.After(max(failed-1, 0))
		least := min(b.Shrink.Least, b.MaxOnNew)
		if b.After(0) != b.MaxOnNew || now > before || now < least || now > b.MaxOnNew {
			t.Fatalf("after %d failures %s, one fewer %s; least %s, planned %s", failed, now, before, least, b.MaxOnNew)
		}
		if failed >= max(b.Shrink.Failures, 1) && b.Shrink.By == 100*OnePercent && now != least {
			t.Fatalf("all of it shrinks, and %s is left, want %s", now, least)
		}
	})
}
