package source_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// memory is a log that keeps what the port promises: positions move by
// compare-and-set, and a record that is written again replaces itself.
type memory struct {
	mu      sync.Mutex
	ingests map[calllog.IngestID]*calllog.Ingest
	legs    map[calllog.LegID]calllog.Leg
	faults  []calllog.Fault
	// away makes every write fail.
	away bool
}

func newMemory() *memory {
	return &memory{ingests: map[calllog.IngestID]*calllog.Ingest{}, legs: map[calllog.LegID]calllog.Leg{}}
}

func (m *memory) Begin(_ context.Context, source calllog.Source) (calllog.Ingest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return calllog.Ingest{}, dualtone.ErrUnavailable
	}
	id := calllog.IngestID(source.System + "/" + string(source.Kind) + "/" + source.Key)
	if m.ingests[id] == nil {
		m.ingests[id] = &calllog.Ingest{ID: id}
	}
	m.ingests[id].Source = source
	return *m.ingests[id], nil
}

func (m *memory) Write(ctx context.Context, id calllog.IngestID, b calllog.Batch) (calllog.Written, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := calllog.Written{Rows: int64(len(b.Rows))}
	switch in := m.ingests[id]; {
	case ctx.Err() != nil:
		return w, ctx.Err()
	case m.away:
		return w, dualtone.ErrUnavailable
	case in == nil || in.At != b.From:
		return w, fmt.Errorf("not at %+v: %w", b.From, dualtone.ErrConflict)
	}
	for _, row := range b.Rows {
		for _, l := range row.Legs {
			old, known := m.legs[l.LegID]
			switch {
			case !known:
				w.New++
			case old.Talk != l.Talk || old.Caller != l.Caller || !old.Started.Equal(l.Started):
				w.Changed++
			default:
				w.Same++
			}
			m.legs[l.LegID] = l
		}
		if row.Fault != nil {
			m.faults = append(m.faults, *row.Fault)
			w.Quarantined++
		}
		w.Supplements += int64(len(row.Supplements))
	}
	m.ingests[id].At, m.ingests[id].Finished = b.To, false
	m.ingests[id].Total.Add(w)
	return w, nil
}

func (m *memory) Finish(_ context.Context, id calllog.IngestID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ingests[id].Finished = true
	return nil
}

func (m *memory) setAway(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

// count is how many legs there are.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.legs)
}
