package source_test

import (
	"context"
	"io"
	"runtime"
	"testing"

	"github.com/dualtone/dualtone/calllog"
)

// endless is a file of so many rows that nobody holds.
type endless struct {
	rows, next int
	left       string
}

func (e *endless) Read(to []byte) (int, error) {
	if e.left == "" {
		if e.next == e.rows {
			return 0, io.EOF
		}
		from := e.next
		e.next = min(e.next+100, e.rows)
		e.left = cdrs(from, e.next)
	}
	n := copy(to, e.left)
	e.left = e.left[n:]
	return n, nil
}

// forgetful is a log that keeps nothing but how much memory was alive once so many rows
// had come.
type forgetful struct {
	*memory

	rows  int
	alive map[int]uint64
}

func (f *forgetful) Write(_ context.Context, id calllog.IngestID, b calllog.Batch) (calllog.Written, error) {
	f.ingests[id].At = b.To
	f.rows += len(b.Rows)
	if _, wanted := f.alive[f.rows]; wanted {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		f.alive[f.rows] = m.HeapAlloc
	}
	return calllog.Written{Rows: int64(len(b.Rows)), New: int64(len(b.Rows))}, nil
}

// TestAnImportHoldsNoMoreHoweverLongItIs reads a file ten times as long as the part after
// which memory is looked at first. Nothing else of the package runs meanwhile.
func TestAnImportHoldsNoMoreHoweverLongItIs(t *testing.T) { //nolint:paralleltest // it looks at the memory of all
	const batch, early, rows = 2000, 8000, 80_000
	log := &forgetful{memory: newMemory(), alive: map[int]uint64{early: 0, rows: 0}}
	im := importer(log.memory)
	im.Store, im.BatchRows = log, batch
	results, err := im.Read(t.Context(), &endless{rows: rows}, "Master.csv")
	must(t, err)
	if len(results) != 1 || log.rows != rows {
		t.Fatalf("%d rows were read", log.rows)
	}
	at, end := log.alive[early], log.alive[rows]
	if at == 0 || end == 0 {
		t.Fatalf("nobody looked: %v", log.alive)
	}
	// A row that is held takes a kilobyte.
	const most = 4 << 20
	if end > at+most {
		t.Errorf("%d MB were alive after %d rows and %d MB after %d", at>>20, early, end>>20, rows)
	}
}
