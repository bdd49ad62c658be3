package routing

import (
	"sync/atomic"
	"time"
)

// The loop guard's measure: the same caller and called number more than three
// times in ten seconds.
const (
	guardWindow = 10 * time.Second
	guardLimit  = 3
	guardSlots  = 1 << 16
)

// Guard counts calls of one caller to one number, so that a loop which hides
// from every other rule (a B2BUA that makes a new call each time and keeps no
// header) still ends. Its memory is fixed and it is safe for concurrent use. It
// counts first INVITEs; a retransmission must not reach it.
type Guard struct {
	// A slot is the pair's hash (32 bits), when its window began in tenths of a
	// second (24) and the count (8).
	slots [guardSlots]atomic.Uint64
}

// NewGuard returns a guard that has seen nothing.
func NewGuard() *Guard { return &Guard{} }

// Seen counts a call and reports whether it came too often. Callers who
// withhold their number are many and are not counted.
func (g *Guard) Seen(caller, called string, at time.Time) Repeated {
	if caller == "" {
		return false
	}
	h := pairHash(caller, called)
	tenths := uint64(at.UnixMilli()/100) & (1<<24 - 1)
	slot := &g.slots[h%guardSlots]
	tag := h >> 32
	for {
		was := slot.Load()
		age := (tenths - was>>8) & (1<<24 - 1)
		next := tag<<32 | tenths<<8 | 1
		if was>>32 == tag && age <= uint64(guardWindow/(100*time.Millisecond)) {
			next = was
			if was&0xff < 0xff {
				next = was + 1
			}
		}
		if slot.CompareAndSwap(was, next) {
			return next&0xff > guardLimit
		}
	}
}

func pairHash(a, b string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, part := range []string{a, b} {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * prime
		}
		h = (h ^ 0xff) * prime
	}
	return digits(h).mix()
}
