package edge

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
)

// queued is how many decisions may wait to be written. One more than that is
// dropped and counted: an answer never waits for the journal.
const queued = 8192

// Journal writes decisions as JSON, one a line, for the call log.
type Journal struct {
	queue   chan *Record
	percent uint64
	dropped atomic.Uint64
}

// NewJournal keeps so many of a hundred calls. Calls are chosen by their ID, so
// that every server keeps the same ones; those for help are all kept.
func NewJournal(percent int) *Journal {
	return &Journal{queue: make(chan *Record, queued), percent: uint64(max(0, min(percent, 100)))}
}

// Keep queues a decision.
func (j *Journal) Keep(r *Record) {
	if !r.Decision.Emergency && spread(r.Call.ID) >= j.percent {
		return
	}
	select {
	case j.queue <- r:
	default:
		j.dropped.Add(1)
	}
}

// spread is a number from 0 to 99 for an ID.
func spread(id string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * prime
	}
	return (h >> 32) % 100
}

// Dropped is how many decisions were not written for want of room.
func (j *Journal) Dropped() uint64 { return j.dropped.Load() }

// Write writes what is kept until the context ends, and then what still waits.
func (j *Journal) Write(ctx context.Context, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	for {
		select {
		case r := <-j.queue:
			if err := encoder.Encode(r); err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			if len(j.queue) > 0 {
				continue
			}
		case <-ctx.Done():
			if len(j.queue) > 0 {
				continue
			}
			if err := buffered.Flush(); err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			return nil
		}
		if err := buffered.Flush(); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
}
