package dualtone

import "fmt"

// Side is one of the two phone systems of a migration. A migration may as well
// run from cloud to cloud, so a side says nothing about the kind of system.
type Side string

// The two sides of a migration.
const (
	Old Side = "old"
	New Side = "new"
)

// ParseSide reads "old" or "new"; anything else is ErrInvalid.
func ParseSide(s string) (Side, error) {
	switch side := Side(s); side {
	case Old, New:
		return side, nil
	default:
		return "", fmt.Errorf("side %q: want old or new: %w", s, ErrInvalid)
	}
}

// Other returns the opposite side.
func (s Side) Other() Side {
	if s == Old {
		return New
	}
	return Old
}
