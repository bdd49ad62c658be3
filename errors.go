package dualtone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The errors that every part of the program understands. A seam that knows a
// vendor wraps one of them once.
var (
	// ErrUnsupported: the system has no such thing, whatever is asked of it.
	ErrUnsupported = errors.New("unsupported")
	// ErrInvalid: the request or the data is wrong and will stay wrong.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound: there is no such user, queue, number or record.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the value is no longer what the writer believed it to be.
	ErrConflict = errors.New("conflict")
	// ErrDenied: the credentials are wrong or do not allow it.
	ErrDenied = errors.New("denied")
	// ErrUnavailable: the system did not answer, or answered that it cannot now.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnknown: the answer to a write was lost; only reading back tells
	// whether it was done.
	ErrUnknown = errors.New("outcome unknown")
)

// ThrottledError says that a system asked to be left alone for a while. It is
// an ErrUnavailable.
type ThrottledError struct {
	System string
	After  time.Duration
}

// Error says who throttled and for how long.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("%s: throttled, try again in %s", e.System, e.After)
}

// Unwrap makes a throttled system an unavailable one.
func (*ThrottledError) Unwrap() error { return ErrUnavailable }

type kind struct {
	err  error
	name string
}

// kinds is in the order of Kind's preference.
func kinds() []kind {
	return []kind{
		{ErrUnsupported, "unsupported"},
		{ErrInvalid, "invalid"},
		{ErrNotFound, "not_found"},
		{ErrConflict, "conflict"},
		{ErrDenied, "denied"},
		{ErrUnknown, "unknown"},
		{ErrUnavailable, "unavailable"},
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "unavailable"},
	}
}

// Kind names an error for logs, exit codes and workflow histories: unsupported,
// invalid, not_found, conflict, denied, unknown, throttled, unavailable,
// canceled, or internal for all others; empty for nil.
func Kind(err error) string {
	if err == nil {
		return ""
	}
	if _, ok := errors.AsType[*ThrottledError](err); ok {
		return "throttled"
	}
	for _, k := range kinds() {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	return "internal"
}

// Said is an error in words for people: without the conflict, invalid or denied that it
// ends in, which says nothing more after a whole sentence. Kind still names it.
func Said(err error) string {
	text := err.Error()
	for _, kind := range []error{ErrConflict, ErrInvalid, ErrDenied} {
		for end := ": " + kind.Error(); strings.HasSuffix(text, end); {
			text = strings.TrimSuffix(text, end)
		}
	}
	return text
}

// Next is what an error itself says is to be done about it; empty where it does not.
func Next(err error) string {
	if e, ok := errors.AsType[interface {
		error
		Next() string
	}](err); ok {
		return e.Next()
	}
	return ""
}

// Lasting reports whether trying the same again would fail the same way.
func Lasting(err error) bool {
	switch Kind(err) {
	case "unsupported", "invalid", "not_found", "conflict", "denied":
		return true
	default:
		return false
	}
}
