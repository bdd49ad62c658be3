package dualtone_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/dualtone/dualtone"
)

func TestSaidLeavesTheKindOut(t *testing.T) {
	for want, err := range map[string]error{
		"it is paused already":          fmt.Errorf("it is paused already: %w", dualtone.ErrConflict),
		"plan spring: the name is gone": fmt.Errorf("plan spring: %s: %w", "the name is gone: conflict", dualtone.ErrConflict), // as workflows hand it on
		"days \"x\": want a number":     fmt.Errorf("days %q: want a number: %w", "x", dualtone.ErrInvalid),
		"ada cannot confirm it":         fmt.Errorf("ada cannot confirm it: %w", dualtone.ErrDenied),
		"user E1: not found":            fmt.Errorf("user E1: %w", dualtone.ErrNotFound),
		"conflict":                      dualtone.ErrConflict,
		"a conflict of interest":        errors.New("a conflict of interest"),
	} {
		if got := dualtone.Said(err); got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}
