package stitch

import "slices"

// sets is a partition of legs; each set is known by the least of its members.
type sets []int32

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

func (s sets) find(i int32) int32 {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

// union makes one set of two and reports whether they were two.
func (s sets) union(a, b int32) bool {
	a, b = s.find(a), s.find(b)
	if a == b {
		return false
	}
	s[max(a, b)] = min(a, b)
	return true
}

// buckets are things put together by the number of what they have in common, in the
// order in which they came, all in one piece.
type buckets struct{ from, things []int32 }

// sortInto puts the things 0, 1, 2 and so on into n buckets.
func sortInto(bucket []int32, n int) buckets {
	b := buckets{from: make([]int32, n+1), things: make([]int32, len(bucket))}
	for _, in := range bucket {
		b.from[in+1]++
	}
	for i := range n {
		b.from[i+1] += b.from[i]
	}
	next := slices.Clone(b.from)
	for thing, in := range bucket {
		b.things[next[in]] = int32(thing)
		next[in]++
	}
	return b
}

// of are the things in a bucket.
func (b *buckets) of(n int32) []int32 { return b.things[b.from[n]:b.from[n+1]:b.from[n+1]] }
