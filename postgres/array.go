package postgres

import (
	"encoding/binary"
	"errors"
)

var errArray = errors.New("the database sent an array of texts that cannot be read")

// unpacked reads an array of texts as the database sends it in binary: dimensions,
// whether there are nulls, the type, length and lower bound of the only dimension,
// and the elements behind their sizes. All texts share one memory, which for very
// many short ones is several times as fast as one for each.
func unpacked(packed []byte) ([]string, error) {
	const head, bounds = 12, 8
	if len(packed) < head || binary.BigEndian.Uint32(packed) > 1 {
		return nil, errArray
	}
	if binary.BigEndian.Uint32(packed) == 0 {
		return nil, nil
	}
	if len(packed) < head+bounds {
		return nil, errArray
	}
	count := int(binary.BigEndian.Uint32(packed[head:]))
	packed = packed[head+bounds:]
	if count > len(packed)/4 {
		return nil, errArray
	}
	shared, all := string(packed), make([]string, count)
	for i, at := 0, 0; i < count; i++ {
		if len(packed)-at < 4 {
			return nil, errArray
		}
		size := int(int32(binary.BigEndian.Uint32(packed[at:]))) //nolint:gosec // A null has the size -1.
		at += 4
		if size < 0 || size > len(packed)-at {
			return nil, errArray
		}
		all[i] = shared[at : at+size]
		at += size
	}
	return all, nil
}
