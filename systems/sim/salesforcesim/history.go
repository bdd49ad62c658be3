package salesforcesim

import (
	"slices"
	"time"
)

// Op is what was done to a record.
type Op string

// What can be done to a record.
const (
	Created Op = "created"
	Changed Op = "changed"
	Deleted Op = "deleted"
)

// Change is one field of one record taking another value, or a record coming
// or going, in which case Field is empty.
type Change struct {
	Seq    int       `json:"seq"`
	At     time.Time `json:"at"`
	Op     Op        `json:"op"`
	Object string    `json:"object"`
	ID     string    `json:"id"`
	Field  string    `json:"field,omitempty"`
	Old    any       `json:"old"`
	New    any       `json:"new"`
	// By is the user who did it; Via is how: rest, bulk, metadata, setup.
	By  string `json:"by"`
	Via string `json:"via"`
}

// Filter picks changes; an empty field of it picks all.
type Filter struct {
	ID     string
	Object string
	Field  string
	// After leaves out changes up to and including that number.
	After int
}

// History returns what happened to one record, oldest first.
func (o *Org) History(id string) []Change {
	long, ok := longForm(id)
	if !ok {
		return nil
	}
	return o.Changes(Filter{ID: long})
}

// Changes returns every write that the filter picks, oldest first. It is the
// truth of the org: writes that were rolled back are not in it.
func (o *Org) Changes(f Filter) []Change {
	o.mu.Lock()
	defer o.mu.Unlock()
	from, _ := slices.BinarySearchFunc(o.history, f.After+1, func(c Change, n int) int { return c.Seq - n })
	picked := []Change{}
	for _, c := range o.history[from:] {
		if (f.ID == "" || f.ID == c.ID) && (f.Object == "" || f.Object == c.Object) && (f.Field == "" || f.Field == c.Field) {
			picked = append(picked, c)
		}
	}
	return picked
}
