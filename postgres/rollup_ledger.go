package postgres

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report"
)

// ledgerKey is what sums are kept by.
type ledgerKey struct {
	facet   report.Facet
	system  int32
	key     int32
	quarter int32 // quarter hours since 1970
}

// ledger is what a write adds to the rollups, or takes away. Its sums lie in
// pieces that stay where they are: they are large, and there are many.
type ledger struct {
	index map[ledgerKey]*report.Figures
	piece []report.Figures
}

// newLedger returns one for about so many legs: a call's has a few, a batch's
// thousands.
func newLedger(legs int) *ledger {
	return &ledger{index: make(map[ledgerKey]*report.Figures, 2*legs), piece: make([]report.Figures, min(facets*legs, pieceLength))}
}

const (
	facets      = 3
	pieceLength = 256
)

func quarterOf(t time.Time) int32 { return int32(t.Unix() / 900) } //nolint:gosec // until year 63,000

// at returns the sums under a key, to add to.
func (l *ledger) at(k ledgerKey) *report.Figures {
	f := l.index[k]
	if f == nil {
		if len(l.piece) == 0 {
			l.piece = make([]report.Figures, pieceLength)
		}
		f, l.piece = &l.piece[0], l.piece[1:]
		l.index[k] = f
	}
	return f
}

// legKeys are where a leg is counted.
type legKeys struct {
	system, queue, site, agent int32
	started                    time.Time
}

func (l *ledger) each(k legKeys, do func(*report.Figures)) {
	quarter := quarterOf(k.started)
	do(l.at(ledgerKey{report.ByQueue, k.system, k.queue, quarter}))
	do(l.at(ledgerKey{report.BySite, k.system, k.site, quarter}))
	do(l.at(ledgerKey{report.ByAgent, k.system, k.agent, quarter}))
}

func (l *ledger) add(k legKeys, f *report.Figures) {
	l.each(k, func(sum *report.Figures) { sum.Add(f) })
}

func (l *ledger) sub(k legKeys, f *report.Figures) {
	l.each(k, func(sum *report.Figures) { sum.Sub(f) })
}

// pack writes the ledger down.
func (l *ledger) pack() []byte {
	var to []byte
	for k, sum := range l.index {
		if *sum == (report.Figures{}) {
			continue
		}
		to = append(to, byte(k.facet)) //nolint:gosec // three facets
		for _, v := range []int32{k.system, k.key, k.quarter} {
			to = binary.AppendVarint(to, int64(v))
		}
		to = sum.Pack(to)
	}
	return to
}

// readLedger reads a packed ledger entry by entry.
func readLedger(from []byte, do func(k ledgerKey, packed []byte) (rest []byte, err error)) error {
	for len(from) > 0 {
		k := ledgerKey{facet: report.Facet(from[0])}
		from = from[1:]
		for _, to := range []*int32{&k.system, &k.key, &k.quarter} {
			v, n := binary.Varint(from)
			if n <= 0 {
				return fmt.Errorf("ledger of a write: cut off: %w", dualtone.ErrInvalid)
			}
			*to, from = int32(v), from[n:] //nolint:gosec // as it was written
		}
		var err error
		if from, err = do(k, from); err != nil {
			return err
		}
	}
	return nil
}
