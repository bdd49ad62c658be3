package routing

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Edge is a process that tells SBCs where calls go, as it has announced itself.
type Edge struct {
	// Name is the edge's, and Instance tells its processes apart: two of them
	// serve while one takes over from the other.
	Name     string `json:"name"`
	Instance string `json:"instance"`
	Version  string `json:"version,omitempty"`
	// Listens names its listeners.
	Listens string `json:"listens,omitempty"`
	// Revision is the one that it serves, since Since.
	Revision Revision  `json:"revision"`
	Since    time.Time `json:"since"`
	Started  time.Time `json:"started"`
	Heard    time.Time `json:"heard"`
	// Silent is how long ago it was heard of, by one clock.
	Silent time.Duration `json:"silent"`
}

// Heartbeat is how often an edge is heard of at least, and Lost after how long a
// silence it is not expected to answer any more.
const (
	Heartbeat = 5 * time.Second
	Lost      = 3 * Heartbeat
)

// Live reports whether the edge answers calls, as far as known.
func (e Edge) Live() bool { return e.Silent < Lost }

// Confirmation says which of the live edges serve a revision.
type Confirmation struct {
	Revision  Revision
	Confirmed int
	Lagging   []Edge
	Took      time.Duration
}

// ConfirmationOf looks for a revision among edges. Those that are lost do not
// count.
func ConfirmationOf(r Revision, edges []Edge) Confirmation {
	c := Confirmation{Revision: r}
	for _, e := range edges {
		switch {
		case !e.Live():
		case e.Revision >= r:
			c.Confirmed++
		default:
			c.Lagging = append(c.Lagging, e)
		}
	}
	return c
}

// String is the confirmation in one sentence; empty where there are no edges.
func (c Confirmation) String() string {
	var parts []string
	if c.Confirmed > 0 {
		parts = append(parts, fmt.Sprintf("revision %d confirmed by %s in %d ms", c.Revision, edges(c.Confirmed), c.Took.Milliseconds()))
	}
	for _, e := range slices.SortedFunc(slices.Values(c.Lagging), func(a, b Edge) int { return strings.Compare(a.Name, b.Name) }) {
		parts = append(parts, fmt.Sprintf("edge %s lags at revision %d since %s, heard %.1f s ago",
			e.Name, e.Revision, e.Since.UTC().Format(time.RFC3339), e.Silent.Seconds()))
	}
	return strings.Join(parts, "; ")
}

func edges(n int) string {
	if n == 1 {
		return "1 edge"
	}
	return fmt.Sprintf("%d edges", n)
}
