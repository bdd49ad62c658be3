package dualtone

import "time"

// Cursor marks a place in a system's call records. The zero value is the
// beginning; other values mean something to their own system only.
type Cursor string

// Record is one call detail record as its system gave it, beside the few fields
// that every system has.
type Record struct {
	// ID is unique within the system; a record that is sent again keeps it.
	ID string `json:"id"`
	// Call ties the records of one call together on that system.
	Call        string        `json:"call,omitempty"`
	From        string        `json:"from,omitempty"`
	To          string        `json:"to,omitempty"`
	User        UserID        `json:"user,omitempty"`
	Queue       QueueID       `json:"queue,omitempty"`
	Start       time.Time     `json:"start,omitzero"`
	Answer      time.Time     `json:"answer,omitzero"`
	End         time.Time     `json:"end,omitzero"`
	Talk        time.Duration `json:"talk,omitempty"`
	Disposition string        `json:"disposition,omitempty"`
	// Raw is the record as received.
	Raw []byte `json:"raw,omitempty"`
	// Next is the cursor that resumes after this record.
	Next Cursor `json:"next"`
}
