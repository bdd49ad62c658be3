package plan

import "github.com/dualtone/dualtone/internal/placed"

// ValueError tells of a value that cannot be read, and what to write instead.
type ValueError = placed.ValueError

// What is wrong with a plan is told as with every file that people write.
type (
	// Fault is one thing that is wrong with a plan, where it stands, and what to
	// write instead.
	Fault = placed.Fault
	// Faults are all that is wrong with a plan, in the order of the file.
	Faults = placed.Faults
	// Severity says whether a fault keeps a plan from being used.
	Severity = placed.Severity
)

// The severities.
const (
	Wrong   = placed.Wrong
	Doubted = placed.Doubted
)

func wrong[T ~string | ~[]byte](text T, what, want string) error {
	return &ValueError{Text: string(text), Wrong: what, Want: want}
}
