package dualtone

import "time"

// LoggedCall is a call as the CRM itself has it, beside what the phone systems
// recorded.
type LoggedCall struct {
	// ID is the CRM's record, Kind what sort of record it is.
	ID   string     `json:"id"`
	Kind LoggedKind `json:"kind"`
	// Key is the phone system's own id of the call, where the softphone put one.
	Key  string `json:"key,omitempty"`
	User UserID `json:"user,omitempty"` // the CRM's
	// Way is inbound, outbound, internal, or another word of the CRM's.
	Way string `json:"way,omitempty"`
	// Started is when the call began: as recorded, or for a record that is
	// written at the end by when it was written, less the duration.
	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration,omitempty"`
	From     string        `json:"from,omitempty"`
	To       string        `json:"to,omitempty"`
	// Result is what the agent or the system wrote of how it ended.
	Result string `json:"result,omitempty"`
	// Written is when the CRM got the record.
	Written time.Time `json:"written,omitzero"`
}

// LoggedKind is what sort of record a CRM keeps of a call.
type LoggedKind string

// The records of calls.
const (
	TaskCall  LoggedKind = "task"       // an activity, written when the call is over
	VoiceCall LoggedKind = "voice_call" // the telephony integration's own
)
