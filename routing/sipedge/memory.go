package sipedge

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"time"
)

// memory holds the latest answers, so that a request that comes again gets the
// answer that it had before, even if the table has changed since: a call must not
// go to both sides because a datagram was lost. It is bounded: an answer is
// forgotten after as long as a request may be repeated (64*T1), or when newer
// ones need its room.
type memory struct {
	seed  maphash.Seed
	slots [memorySlots]slot
	ring  [memoryBytes]byte
	// at counts all bytes that were ever written to the ring.
	at int64
}

type slot struct {
	key       uint64
	until, at int64
	length    int
}

const (
	memorySlots = 1 << 14
	memoryBytes = 1 << 23
	remembered  = 32 * time.Second
)

func newMemory() *memory { return &memory{seed: maphash.MakeSeed()} }

// key is the same for copies of a datagram from the same place. A copy is the same
// byte by byte (RFC 3261 section 17.1.1.2).
func (m *memory) key(b []byte, from netip.AddrPort) uint64 {
	a := from.Addr().As16()
	return maphash.Bytes(m.seed, b) ^ binary.LittleEndian.Uint64(a[8:])*0x9E3779B97F4A7C15 ^ uint64(from.Port())<<48
}

// answer returns what a datagram was answered with before; nil if that is not
// known.
func (m *memory) answer(key uint64, now time.Time) []byte {
	s := &m.slots[key%memorySlots]
	if s.key != key || s.until < now.UnixNano() || m.at-s.at > memoryBytes {
		return nil
	}
	from := int(s.at % memoryBytes)
	return m.ring[from : from+s.length]
}

// keep remembers an answer in the room of the oldest ones.
func (m *memory) keep(key uint64, answer []byte, now time.Time) {
	from := int(m.at % memoryBytes)
	if from+len(answer) > memoryBytes {
		m.at += int64(memoryBytes - from)
		from = 0
	}
	copy(m.ring[from:], answer)
	m.slots[key%memorySlots] = slot{key: key, until: now.Add(remembered).UnixNano(), at: m.at, length: len(answer)}
	m.at += int64(len(answer))
}
