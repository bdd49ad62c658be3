package report

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/dualtone/dualtone"
)

// The packed form of figures is a bit for each measure that is not zero, and
// then their values, each as a varint: some forty bytes where the plain form has
// 400.

// Pack appends the packed form.
func (f *Figures) Pack(to []byte) []byte {
	var set uint64
	for i, v := range f {
		if v != 0 {
			set |= 1 << i
		}
	}
	to = binary.AppendUvarint(to, set)
	for _, v := range f {
		if v != 0 {
			to = binary.AppendVarint(to, v)
		}
	}
	return to
}

// AddPacked adds packed figures and returns what follows them. ErrInvalid when
// they are not whole.
func (f *Figures) AddPacked(from []byte) ([]byte, error) {
	set, n := binary.Uvarint(from)
	if n <= 0 || set>>measures != 0 {
		return nil, fmt.Errorf("packed figures: not readable: %w", dualtone.ErrInvalid)
	}
	from = from[n:]
	for ; set != 0; set &= set - 1 {
		i := bits.TrailingZeros64(set)
		if len(from) > 0 && from[0] < 0x80 { // most are a few calls or seconds
			f[i] += int64(from[0]>>1) ^ -int64(from[0]&1)
			from = from[1:]
			continue
		}
		v, n := binary.Varint(from)
		if n <= 0 {
			return nil, fmt.Errorf("packed figures: cut off: %w", dualtone.ErrInvalid)
		}
		f[i] += v
		from = from[n:]
	}
	return from, nil
}

// SkipPacked returns what follows packed figures.
func SkipPacked(from []byte) ([]byte, error) {
	set, n := binary.Uvarint(from)
	if n <= 0 {
		return nil, fmt.Errorf("packed figures: not readable: %w", dualtone.ErrInvalid)
	}
	from = from[n:]
	for range bits.OnesCount64(set) {
		_, n := binary.Varint(from)
		if n <= 0 {
			return nil, fmt.Errorf("packed figures: cut off: %w", dualtone.ErrInvalid)
		}
		from = from[n:]
	}
	return from, nil
}

// Quarters is a day in UTC by the quarter hour; nil where nothing was.
type Quarters [PerDay]*Figures

// PerDay is how many quarter hours a day has.
const PerDay = 24 * 4

// At returns the figures of a quarter hour, to add to.
func (q *Quarters) At(i int) *Figures {
	if q[i] == nil {
		q[i] = new(Figures)
	}
	return q[i]
}

// Pack returns the packed form: each quarter hour that is there, and its
// figures. That of a day from which all was taken away is empty, not nil.
func (q *Quarters) Pack() []byte {
	to := []byte{}
	for i, f := range q {
		if f != nil && *f != (Figures{}) {
			to = f.Pack(append(to, byte(i)))
		}
	}
	return to
}

// AddPacked adds a packed day. ErrInvalid when it is not whole.
func (q *Quarters) AddPacked(from []byte) error {
	return EachQuarter(from, func(i int, packed []byte) ([]byte, error) { return q.At(i).AddPacked(packed) })
}

// EachQuarter walks through a packed day. The function is given a quarter hour
// and its packed figures, and returns what follows them.
func EachQuarter(from []byte, do func(i int, packed []byte) ([]byte, error)) error {
	for len(from) > 0 {
		i := int(from[0])
		if i >= PerDay {
			return fmt.Errorf("packed day: quarter hour %d: %w", i, dualtone.ErrInvalid)
		}
		rest, err := do(i, from[1:])
		if err != nil {
			return err
		}
		from = rest
	}
	return nil
}
