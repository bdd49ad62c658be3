package systems_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dualtone/dualtone/systems"
)

func TestOneLookAsksEachQuestionOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	ask := func(context.Context) (string, error) { asked.Add(1); return "there", nil }
	ctx := systems.OneLook(t.Context())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, err := systems.Once(ctx, "user 1", ask); err != nil || got != "there" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	all.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if _, err := systems.Once(systems.OneLook(ctx), "user 1", ask); err != nil || asked.Load() != 2 {
		t.Errorf("a new look asked %d times in all, %v", asked.Load(), err)
	}
}

func TestWithoutALookEveryQuestionIsAsked(t *testing.T) {
	t.Parallel()
	asked := 0
	for range 3 {
		_, err := systems.Once(t.Context(), "user 1", func(context.Context) (int, error) { asked++; return 0, nil })
		if err != nil {
			t.Error(err)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

func TestALookThatFailsFailsForAllWhoAsked(t *testing.T) {
	t.Parallel()
	ctx, away := systems.OneLook(t.Context()), errors.New("away")
	for range 2 {
		_, err := systems.Once(ctx, "user 1", func(context.Context) (int, error) { return 0, away })
		if !errors.Is(err, away) {
			t.Errorf("got %v", err)
		}
	}
}
