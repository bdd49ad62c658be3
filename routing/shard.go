package routing

import (
	"iter"
	"math/bits"
	"slices"
	"strings"
)

// shardBits make 4096 shards: a flip copies one of them and the list of all.
const (
	shardBits  = 12
	shardCount = 1 << shardBits
)

// shard is an immutable open-addressed part of the table's exact numbers, a
// quarter of it free.
type shard struct {
	slots []slot
	names string
	used  int
}

// slot is free when its number is zero.
type slot struct {
	number digits
	rule   uint32
	name   uint32 // where the owner stands in names, and its length in the low byte
}

// entry is what a shard holds of one number.
type entry struct {
	number digits
	rule   uint32
	owner  string
}

// mix spreads numbers, whose last digits differ and whose first do not.
func (d digits) mix() uint64 {
	h := uint64(d)
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// shardOf takes the low bits, home the high ones.
func shardOf(h uint64) int { return int(h & (shardCount - 1)) }

func (s *shard) home(h uint64) int {
	at, _ := bits.Mul64(h, uint64(len(s.slots)))
	return int(at) //nolint:gosec // Below the length.
}

func (s *shard) len() int {
	if s == nil {
		return 0
	}
	return s.used
}

func (s *shard) find(d digits, h uint64) *slot {
	if s == nil {
		return nil
	}
	for i := s.home(h); ; {
		at := &s.slots[i]
		if at.number == d {
			return at
		}
		if at.number == 0 {
			return nil
		}
		if i++; i == len(s.slots) {
			i = 0
		}
	}
}

func (s *shard) owner(at *slot) string {
	from, size := at.name>>8, at.name&0xff
	return s.names[from : from+size]
}

// change is a new entry, or the removal of a number.
type change struct {
	entry
	gone removal
}

type removal bool

// byShard gives each shard's changes, in their order, and no shard without any.
func byShard(changes []change) iter.Seq2[int, []change] {
	return func(yield func(int, []change) bool) {
		// ends is first where each shard's changes begin, and then where they end.
		var ends [shardCount + 1]int
		for i := range changes {
			ends[shardOf(changes[i].number.mix())+1]++
		}
		for i := range shardCount {
			ends[i+1] += ends[i]
		}
		sorted := make([]change, len(changes))
		for i := range changes {
			shard := shardOf(changes[i].number.mix())
			sorted[ends[shard]] = changes[i]
			ends[shard]++
		}
		from := 0
		for shard, to := range ends[:shardCount] {
			if from < to && !yield(shard, sorted[from:to]) {
				return
			}
			from = to
		}
	}
}

// with returns the shard after changes; nil when nothing is left. The last
// change of a number counts.
func (s *shard) with(changes []change) *shard {
	if next := s.ruled(changes); next != nil {
		return next
	}
	entries := make([]entry, 0, len(changes)+8)
	if s != nil {
		entries = make([]entry, 0, s.used+len(changes))
		for i := range s.slots {
			if at := &s.slots[i]; at.number != 0 {
				entries = append(entries, entry{at.number, at.rule, s.owner(at)})
			}
		}
	}
	size := len(entries)
	for _, c := range changes {
		if s.find(c.number, c.number.mix()) == nil {
			size++
		}
	}
	next := &shard{slots: make([]slot, size+size/3+1)}
	var names strings.Builder
	gone := 0
	for _, e := range entries {
		next.put(e, &names)
	}
	for _, c := range changes {
		if c.gone {
			gone++
		} else {
			next.put(c.entry, &names)
		}
	}
	next.names = names.String()
	if gone > 0 {
		return next.without(changes)
	}
	if next.used == 0 {
		return nil
	}
	return next
}

// ruled returns the shard after changes that give known numbers another rule and
// nothing else, as a flip does; nil when they do more.
func (s *shard) ruled(changes []change) *shard {
	if s == nil {
		return nil
	}
	next := &shard{slots: slices.Clone(s.slots), names: s.names, used: s.used}
	for _, c := range changes {
		at := next.find(c.number, c.number.mix())
		if at == nil || bool(c.gone) || next.owner(at) != c.owner {
			return nil
		}
		at.rule = c.rule
	}
	return next
}

// without rebuilds the shard without the removed numbers.
func (s *shard) without(changes []change) *shard {
	gone := make(map[digits]removal, len(changes))
	for _, c := range changes {
		gone[c.number] = c.gone
	}
	var left []change
	for i := range s.slots {
		if at := &s.slots[i]; at.number != 0 && !gone[at.number] {
			left = append(left, change{entry: entry{at.number, at.rule, s.owner(at)}})
		}
	}
	if len(left) == 0 {
		return nil
	}
	return (*shard)(nil).with(left)
}

func (s *shard) put(e entry, names *strings.Builder) {
	i := s.home(e.number.mix())
	for s.slots[i].number != 0 && s.slots[i].number != e.number {
		if i++; i == len(s.slots) {
			i = 0
		}
	}
	if s.slots[i].number == 0 {
		s.used++
	}
	name := uint32(0)
	if e.owner != "" {
		owner := e.owner[:min(len(e.owner), 0xff)]
		name = uint32(names.Len())<<8 | uint32(len(owner)) //nolint:gosec // A shard is small.
		names.WriteString(owner)
	}
	s.slots[i] = slot{e.number, e.rule, name}
}
