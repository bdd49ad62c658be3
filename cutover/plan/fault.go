package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/dualtone/dualtone"
)

// Severity says whether a fault keeps a plan from being used.
type Severity string

// The severities.
const (
	Wrong   Severity = "error"
	Doubted Severity = "warning"
)

// Fault is one thing that is wrong with a plan, where it stands, and what to
// write instead.
type Fault struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	// Line and Column count from 1; Column counts characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path leads to the key, as in spec.stages[2].soak.
	Path    string `json:"path,omitempty"`
	Problem string `json:"problem"`
	// Want is what to write instead.
	Want string `json:"want,omitempty"`
	// Excerpt is the line of the file, and a caret under the place.
	Excerpt string `json:"excerpt,omitempty"`
}

// String tells the fault in one line, without the excerpt.
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	if f.Severity == Doubted {
		b.WriteString("warning: ")
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Problem)
	if f.Want != "" {
		b.WriteString("; " + f.Want)
	}
	return b.String()
}

// Faults are all that is wrong with a plan, in the order of the file.
type Faults []Fault

// Err is an ErrInvalid that tells of all faults but warnings; nil without one.
func (fs Faults) Err() error {
	var lines []string
	for _, f := range fs {
		if f.Severity == Wrong {
			lines = append(lines, f.String())
		}
	}
	if lines == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", strings.Join(lines, "\n"), dualtone.ErrInvalid)
}

// Errors counts the faults that are not only warnings.
func (fs Faults) Errors() int {
	n := 0
	for _, f := range fs {
		if f.Severity == Wrong {
			n++
		}
	}
	return n
}

func (fs Faults) sort() {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Problem, b.Problem))
	})
}

// excerpt shows a line of a file with a caret under a column.
func excerpt(text string, line, column int) string {
	const most = 160
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	shown := []rune(strings.TrimRight(printable(lines[line-1]), " \r"))
	column = min(max(column, 1), len(shown)+1)
	if from := column - most/2; from > 0 && len(shown) > most {
		shown, column = shown[from:], column-from
	}
	shown = shown[:min(len(shown), most)]
	margin := fmt.Sprintf("%4d | ", line)
	blank := strings.Repeat(" ", len(margin)-2) + "| "
	return margin + string(shown) + "\n" + blank + strings.Repeat(" ", column-1) + "^"
}

func printable(s string) string {
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

// meant names the known word closest to a wrong one, or lists all when none is
// close.
func meant(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	folded := strings.ToLower(word)
	best := slices.MinFunc(known, func(a, b string) int {
		return cmp.Compare(distance(folded, a), distance(folded, b))
	})
	if len(word) < 80 && distance(folded, best) <= max(2, len(word)/3) {
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
