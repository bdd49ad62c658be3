package sipedge

import "bytes"

// same compares a name of the wire, in any case, with a lower-case one.
func same(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range len(lower) {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func before(b []byte, c byte) []byte {
	if before, _, ok := bytes.Cut(b, []byte{c}); ok {
		return before
	}
	return b
}

func cut(b []byte, c byte) (head, tail []byte) {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func trim(b []byte) []byte {
	return trimRight(b[skip(b, 0):])
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// skip is the first place from at that holds no space.
func skip(b []byte, at int) int {
	for at < len(b) && isSpace(b[at]) {
		at++
	}
	return at
}

// number reads digits up to a highest value.
func number(b []byte, highest int) (int, bool) {
	if len(b) == 0 {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int(c-'0'); n > highest {
			return 0, false
		}
	}
	return n, true
}

func isTokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	default:
		return bytes.IndexByte([]byte("-.!%*_+`'~"), c) >= 0
	}
}

func isToken(b []byte) bool {
	for _, c := range b {
		if !isTokenByte(c) {
			return false
		}
	}
	return len(b) > 0
}

// appendUnescaped appends a user part with its %XX written out.
func appendUnescaped(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			high, low := hex(b[i+1]), hex(b[i+2])
			if high >= 0 && low >= 0 {
				dst = append(dst, byte(high<<4|low)) //nolint:gosec // Two digits of a byte.
				i += 2
				continue
			}
		}
		dst = append(dst, b[i])
	}
	return dst
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
