//go:build !linux

package realtime

import "errors"

// Enter returns errors.ErrUnsupported here.
func Enter() error { return errors.ErrUnsupported }
