package plan

import (
	"fmt"

	"github.com/dualtone/dualtone"
)

// ValueError tells of a value that cannot be read, and what to write instead.
type ValueError struct {
	// Text is what was written.
	Text string
	// Wrong says what is wrong with it, Want what to write instead.
	Wrong, Want string
}

// Error tells both in one line.
func (e *ValueError) Error() string { return fmt.Sprintf("%q %s; %s", e.Text, e.Wrong, e.Want) }

// Unwrap makes it invalid input.
func (*ValueError) Unwrap() error { return dualtone.ErrInvalid }

func wrong[T ~string | ~[]byte](text T, what, want string) error {
	return &ValueError{Text: string(text), Wrong: what, Want: want}
}
