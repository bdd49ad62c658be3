package postgres

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report"
)

// page is sums of keys that lie in one row. Few rows are read quickly, and a row of
// all keys would be written anew for each of them.
type page map[int32]*report.Figures

// pageOf is the page of a key.
func pageOf(key int32) int32 { return key >> 8 }

// at returns the sums of a key, to add to.
func (p page) at(key int32) *report.Figures {
	f := p[key]
	if f == nil {
		f = new(report.Figures)
		p[key] = f
	}
	return f
}

// pack writes the page down. That of a page from which all was taken away is empty,
// not nil.
func (p page) pack() []byte {
	to := []byte{}
	for _, key := range slices.Sorted(maps.Keys(p)) {
		if f := p[key]; *f != (report.Figures{}) {
			to = f.Pack(binary.BigEndian.AppendUint32(to, uint32(key))) //nolint:gosec // as it is read
		}
	}
	return to
}

func (p page) addPacked(from []byte) error {
	return eachKey(from, func(key int32, packed []byte) ([]byte, error) { return p.at(key).AddPacked(packed) })
}

// eachKey walks through a packed page. The function is given a key and its packed
// figures, and returns what follows them.
func eachKey(from []byte, do func(key int32, packed []byte) ([]byte, error)) error {
	const size = 4
	for len(from) > 0 {
		if len(from) < size {
			return fmt.Errorf("packed sums: cut off: %w", dualtone.ErrInvalid)
		}
		rest, err := do(int32(binary.BigEndian.Uint32(from)), from[size:]) //nolint:gosec // as it was written
		if err != nil {
			return err
		}
		from = rest
	}
	return nil
}
