package main

import (
	"context"
	"fmt"
	"time"
)

// grown is what one cohort cost in time and memory.
type grown struct {
	Users   int     `json:"users"`
	Seconds float64 `json:"seconds"`
	// Idle and Resident are the worker's memory before the first cohort and its
	// most during this one; Heap is what its last garbage collection found alive,
	// at the most. All in bytes.
	Idle     int64 `json:"idle"`
	Resident int64 `json:"resident"`
	Heap     int64 `json:"heap"`
	// Parent is the longest history that a run of the cohort's own workflow had.
	Parent int64 `json:"parent"`
}

// memory moves cohorts of rising size with one worker and watches its memory.
func memory(ctx context.Context, s settings, found *findings) error {
	s.limit = 0
	people := 0
	for _, n := range s.cohorts {
		people += n
	}
	t, err := newStage(ctx, s, "memory", people)
	if err != nil {
		return err
	}
	defer t.close()
	w, err := t.startWorker("dualtone worker")
	if err != nil {
		return err
	}
	first := 0
	var all []grown
	var idle int64
	for _, n := range s.cohorts {
		name := fmt.Sprintf("cohort-%d", n)
		if err := t.cohort(ctx, name, first, first+n); err != nil {
			return err
		}
		first += n
		if idle == 0 {
			idle = resident(w.cmd.Process.Pid)
		}
		g, err := t.grow(ctx, w, name, n)
		if err != nil {
			return err
		}
		g.Idle = idle
		s.say("cohort of %d: %.0f s, worker %d MB resident, %d MB of heap alive", n, g.Seconds, g.Resident>>20, g.Heap>>20)
		all = append(all, g)
	}
	found.Memory = all
	return nil
}

func (t *stage) grow(ctx context.Context, w *process, name string, users int) (grown, error) {
	g := grown{Users: users}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		every := time.NewTicker(500 * time.Millisecond)
		defer every.Stop()
		for {
			heap, _ := liveHeap(w.log)
			g.Resident, g.Heap = max(g.Resident, resident(w.cmd.Process.Pid)), max(g.Heap, int64(heap)<<20)
			select {
			case <-watching.Done():
				return
			case <-every.C:
			}
		}
	}()
	p, err := t.pass(ctx, t.stack.Namespace, name, users)
	stop()
	<-watched
	if err != nil {
		return g, err
	}
	g.Seconds = p.Seconds
	h, err := t.history(ctx, t.stack.Namespace, "cohort/"+name)
	g.Parent = h.Events
	return g, err
}
