package placed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Printable is a text as it may stand in a message: tabs are shown, and what
// cannot be printed is replaced.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return '→'
		case unicode.IsControl(r) && r != '\r':
			return unicode.ReplacementChar
		default:
			return r
		}
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

// Meant names the known word closest to a wrong one, or lists all when none is
// close: a word of which no letter would stay is not.
func Meant(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	folded := strings.ToLower(word)
	best := slices.MinFunc(known, func(a, b string) int {
		return cmp.Compare(distance(folded, a), distance(folded, b))
	})
	away := distance(folded, best)
	if len(word) < 80 && away <= max(2, len(word)/3) && away < max(len(word), len(best)) {
		return fmt.Sprintf("did you mean %s?", best)
	}
	sorted := slices.Sorted(slices.Values(known))
	return "known are " + strings.Join(sorted, ", ")
}

// distance counts the edits between two words, a swap of neighbors as one.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 80 {
		return len(x)
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := last[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}
