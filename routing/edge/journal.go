package edge

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

const (
	// queued is how many decisions may wait to be stored. One more than that is
	// dropped and counted: an answer never waits for the journal.
	queued = 8192
	// batch is how many are stored at once at most, and gathered how long fewer
	// than that wait for more.
	batch    = 2000
	gathered = 500 * time.Millisecond
	// storing bounds one attempt, and resting is how long after a failed one the
	// sink is left alone.
	storing = 3 * time.Second
	resting = 2 * time.Second
)

// Sink stores decisions. Those that are stored already are no error.
type Sink interface {
	Store(ctx context.Context, records []*routing.Record) error
}

// Journal brings decisions to the call log.
type Journal struct {
	queue   chan *routing.Record
	percent uint64
	server  string
	origin  uint64
	count   atomic.Uint64
	stored  atomic.Uint64
	dropped atomic.Uint64
	spool   *spool
	log     *slog.Logger
}

// JournalConfig is what a journal needs.
type JournalConfig struct {
	// Percent is how many of a hundred calls are kept. They are chosen by their ID,
	// so that every server keeps the same ones; those for help are all kept.
	Percent int
	// Edge is the name of this edge.
	Edge string
	// Spool is a file that holds what cannot be stored now; empty for none. It
	// grows to SpoolLimit bytes.
	Spool      string
	SpoolLimit int64
	Log        *slog.Logger
}

// NewJournal returns a journal that keeps decisions from now on and stores them
// while Run runs.
func NewJournal(cfg JournalConfig) *Journal {
	var origin [8]byte
	_, _ = rand.Read(origin[:]) // it never fails
	j := &Journal{
		queue: make(chan *routing.Record, queued), percent: uint64(max(0, min(cfg.Percent, 100))),
		server: cfg.Edge, origin: binary.BigEndian.Uint64(origin[:]), log: cfg.Log,
	}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	if cfg.Spool != "" {
		j.spool = &spool{name: cfg.Spool, limit: cfg.SpoolLimit}
	}
	return j
}

// Keep queues a decision, or drops it if there is no room.
func (j *Journal) Keep(r *routing.Record) {
	if !r.Decision.Emergency && spread(r.Call.ID) >= j.percent {
		return
	}
	binary.BigEndian.PutUint64(r.ID[:8], j.origin)
	binary.BigEndian.PutUint64(r.ID[8:], j.count.Add(1))
	if j.server != "" {
		r.Edge = j.server + "/" + r.Edge
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

// Dropped is how many decisions were lost for want of room, in memory or on disk.
func (j *Journal) Dropped() uint64 { return j.dropped.Load() }

// Stored is how many decisions the sink has taken.
func (j *Journal) Stored() uint64 { return j.stored.Load() }

// Waiting is how many decisions wait in memory, and how many bytes of them on disk.
func (j *Journal) Waiting() (decisions int, spooled int64) { return len(j.queue), j.spool.size() }

// Run stores what is kept until the context ends, and then what still waits. What
// the sink does not take goes to disk, and from there to the sink when it is back.
func (j *Journal) Run(ctx context.Context, sink Sink) error {
	var failed time.Time
	for {
		records, open := j.gather(ctx)
		if time.Since(failed) < resting && open {
			j.dropped.Add(uint64(j.spool.add(records))) //nolint:gosec // A count.
			continue
		}
		err := j.store(ctx, sink, records)
		if err != nil && failed.IsZero() {
			j.log.WarnContext(ctx, "decisions cannot be stored; they are kept on disk as far as there is room",
				"error", err, "kind", dualtone.Kind(err))
		}
		if failed = (time.Time{}); err != nil {
			failed = time.Now()
		}
		if !open {
			return nil
		}
	}
}

// gather waits for decisions until there are enough or some have waited long
// enough; false when there will be no more.
func (j *Journal) gather(ctx context.Context) ([]*routing.Record, bool) {
	timer := time.NewTimer(gathered)
	defer timer.Stop()
	var records []*routing.Record
	for len(records) < batch {
		select {
		case r := <-j.queue:
			records = append(records, r)
			continue
		default:
		}
		select {
		case r := <-j.queue:
			records = append(records, r)
		case <-timer.C:
			return records, true
		case <-ctx.Done():
			return records, len(j.queue) > 0
		}
	}
	return records, true
}

// store gives records to the sink, or to the disk, and then what waits there.
func (j *Journal) store(ctx context.Context, sink Sink, records []*routing.Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storing)
	defer cancel()
	if len(records) > 0 {
		if err := j.stow(ctx, sink, records); err != nil {
			j.dropped.Add(uint64(j.spool.add(records))) //nolint:gosec // A count.
			return err
		}
	}
	return j.spool.replay(func(kept []*routing.Record) error { return j.stow(ctx, sink, kept) })
}

func (j *Journal) stow(ctx context.Context, sink Sink, records []*routing.Record) error {
	if err := sink.Store(ctx, records); err != nil {
		return err
	}
	j.stored.Add(uint64(len(records)))
	return nil
}
