package salesforcesim

import "strings"

const (
	checksumAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	base62Alphabet   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	shortID          = 15
	longID           = 18
	prefixLength     = 3
)

// newID builds the id of the nth record with a key prefix, in its long form.
// The steps between ids make their letters vary in case, since 15-character
// ids differ by case alone.
func newID(prefix string, n int) string {
	n = n*37 + 100_000
	tail := make([]byte, shortID-prefixLength)
	copy(tail, "Ka0")
	for i := len(tail) - 1; i >= 3; i-- {
		tail[i] = base62Alphabet[n%len(base62Alphabet)]
		n /= len(base62Alphabet)
	}
	short := prefix + string(tail)
	return short + checksum(short)
}

// checksum is the suffix that makes an id safe where case is lost: one letter
// for each five characters, telling which of them are capitals.
func checksum(short string) string {
	var suffix strings.Builder
	for group := 0; group < shortID; group += 5 {
		bits := 0
		for i := range 5 {
			if c := short[group+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		suffix.WriteByte(checksumAlphabet[bits])
	}
	return suffix.String()
}

// longForm returns the 18-character form of an id given with 15 or 18. The
// suffix of an 18-character id restores capitals that were lost on the way.
func longForm(id string) (string, bool) {
	if len(id) != shortID && len(id) != longID {
		return "", false
	}
	for i := range len(id) {
		if !strings.ContainsRune(base62Alphabet, rune(id[i])) {
			return "", false
		}
	}
	if len(id) == shortID {
		return id + checksum(id), true
	}
	short, suffix := []byte(id[:shortID]), strings.ToUpper(id[shortID:])
	for i, c := range short {
		bits := strings.IndexByte(checksumAlphabet, suffix[i/5])
		if bits < 0 {
			return "", false
		}
		isLetter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		capital := bits&(1<<(i%5)) != 0
		switch {
		case capital && !isLetter:
			return "", false
		case capital:
			short[i] = c &^ 0x20
		case isLetter:
			short[i] = c | 0x20
		}
	}
	return string(short) + suffix, true
}
