package placed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Severity says whether a fault keeps a file from being used.
type Severity string

// The severities.
const (
	Wrong   Severity = "error"
	Doubted Severity = "warning"
)

// Fault is one thing that is wrong with a file, where it stands, and what to
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

// Faults are all that is wrong with a file, in the order of the file.
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

// Excerpt shows a line of a file with a caret under a column.
func Excerpt(text string, line, column int) string {
	const most = 160
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	shown := []rune(strings.TrimRight(Printable(lines[line-1]), " \r"))
	column = min(max(column, 1), len(shown)+1)
	if from := column - most/2; from > 0 && len(shown) > most {
		shown, column = shown[from:], column-from
	}
	shown = shown[:min(len(shown), most)]
	margin := fmt.Sprintf("%4d | ", line)
	blank := strings.Repeat(" ", len(margin)-2) + "| "
	return margin + string(shown) + "\n" + blank + strings.Repeat(" ", column-1) + "^"
}
