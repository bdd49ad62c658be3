package amazonconnect

import (
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// place is where a contact stands in the order of the search.
type place struct {
	time time.Time
	id   string
}

const cursorTime = "2006-01-02T15:04:05.000Z"

// past returns the later of two places: a contact that was found late does not
// take the cursor back.
func (p place) past(q place) place {
	if q.time.After(p.time) || q.time.Equal(p.time) && q.id > p.id {
		return q
	}
	return p
}

func (p place) cursor() dualtone.Cursor {
	return dualtone.Cursor(p.time.UTC().Format(cursorTime) + " " + p.id)
}

// parseCursor reads a cursor that was given out; the zero value is the beginning.
func parseCursor(c dualtone.Cursor) (place, error) {
	if c == "" {
		return place{}, nil
	}
	text, id, ok := strings.Cut(string(c), " ")
	at, err := time.Parse(cursorTime, text)
	if !ok || err != nil || id == "" {
		return place{}, fmt.Errorf("cursor %q is not one of this system's: %w", c, dualtone.ErrInvalid)
	}
	return place{at, id}, nil
}
