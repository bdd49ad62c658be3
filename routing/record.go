package routing

import (
	"encoding/hex"
	"strings"
)

// RecordID names a decision, whichever machine made it.
type RecordID [16]byte

// String is the ID as a UUID is written.
func (id RecordID) String() string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// MarshalText writes the ID as String does.
func (id RecordID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *RecordID) UnmarshalText(text []byte) error {
	_, err := hex.Decode(id[:], []byte(strings.ReplaceAll(string(text[:min(len(text), 36)]), "-", "")))
	return err
}

// Record is one decision with everything of the call that survives a hop, for the
// call log: by it, legs on two systems are one call.
type Record struct {
	ID       RecordID `json:"id"`
	Edge     string   `json:"edge"`
	Call     Call     `json:"call"`
	Decision Decision `json:"decision"`
	// Peer is the address of whoever asked.
	Peer string `json:"peer"`
	// SessionID, UserToUser, Diversion and History are as the wire had them.
	SessionID  string `json:"session_id,omitempty"`
	UserToUser string `json:"user_to_user,omitempty"`
	Diversion  string `json:"diversion,omitempty"`
	History    string `json:"history,omitempty"`
}

// Sides names the targets in the order in which they are tried; those that ring
// at once have a plus sign between them.
func (d Decision) Sides() string {
	between := ","
	if d.Order == Parallel {
		between = "+"
	}
	sides := make([]string, len(d.Targets))
	for i, t := range d.Targets {
		sides[i] = string(t.Side)
		if t.Trunk != "" {
			sides[i] += "/" + t.Trunk
		}
	}
	return strings.Join(sides, between)
}
