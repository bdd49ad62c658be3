package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
)

// turns reserves turns from several pools at once and returns when each is
// due. None of them is waited for: only the reservations count.
func turns(t *testing.T, limit Limit, processes, each int) []time.Time {
	t.Helper()
	url := newURL(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var due []time.Time
	for range processes {
		pacer := NewPacer(openPool(t, url))
		for range 4 {
			wg.Go(func() {
				for range each / 4 {
					s, err := pacer.reserve(t.Context(), "pbx", limit)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					due = append(due, s.due)
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	slices.SortFunc(due, time.Time.Compare)
	return due
}

func TestManyProcessesTogetherKeepALimitAndUseItUp(t *testing.T) {
	t.Parallel()
	// Fewer turns a second than the database can give out, so that demand is
	// always there.
	for name, limit := range map[string]Limit{"even": {PerSecond: 20}, "odd": {PerSecond: 7.3}, "burst": {PerSecond: 20, Burst: 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			due := turns(t, limit, 4, 100)
			for i := range due {
				for j := i + 1; j < len(due); j++ {
					least := time.Duration(float64(j-i) / limit.PerSecond * float64(time.Second))
					if got := due[j].Sub(due[i]); got < least {
						t.Fatalf("turns %d to %d within %s, at least %s", i, j, got, least)
					}
				}
			}
			took := due[len(due)-1].Sub(due[0])
			ideal := time.Duration(float64(len(due)-1) / limit.PerSecond * float64(time.Second))
			if float64(ideal)/float64(took) < 0.95 {
				t.Errorf("%d turns over %s use less than 95 %% of the limit (%s)", len(due), took, ideal)
			}
		})
	}
}

func TestABurstGoesWithoutAPauseAndTheRestWaits(t *testing.T) {
	t.Parallel()
	pacer := NewPacer(newPool(t))
	for i := range 8 {
		s, err := pacer.reserve(t.Context(), "pbx", Limit{PerSecond: 0.01, Burst: 5})
		if err != nil || (s.wait <= 0) != (i < 5) {
			t.Errorf("turn %d waits %s: %v", i, s.wait, err)
		}
	}
}

func TestAWaitForATurnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	pacer := NewPacer(newPool(t))
	slow := Limit{PerSecond: 0.001}
	if err := pacer.Pace(t.Context(), "crm", slow); err != nil {
		t.Fatalf("the first turn: %v", err)
	}
	soon, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if err := pacer.Pace(soon, "crm", slow); !errors.Is(err, context.DeadlineExceeded) || dualtone.Kind(err) != "unavailable" {
		t.Errorf("a turn after the deadline: %v", err)
	}
	before, err := pacer.reserve(t.Context(), "crm", slow)
	if err != nil || before.wait > 1001*time.Second {
		t.Errorf("the refused turn was taken: %+v, %v", before, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- pacer.Pace(ctx, "crm", slow) }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled wait: %v", err)
	}
	if err := pacer.Pace(t.Context(), "crm", Limit{}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("no limit: %v", err)
	}
	if err := pacer.Pace(t.Context(), "other", slow); err != nil {
		t.Errorf("another system waits too: %v", err)
	}
}
