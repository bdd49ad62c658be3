package plan

// Shrink lowers how much of a group may be on the new side while people have
// failed: by a part for so many of them, again and again, down to the least. Once
// they are tried again, or left out, it is as approved.
type Shrink struct {
	// By is the part by which it shrinks, of what it is by then.
	By Percent `json:"by"`
	// Failures is how many failed users shrink it once; 1 where it is left out.
	Failures int `json:"failures,omitempty"`
	// Least is what it never shrinks below.
	Least Percent `json:"least,omitzero"`
}

// After is how much of a group may be on the new side while so many users have
// failed.
func (b BlastRadius) After(failed int) Percent {
	if b.Shrink == nil {
		return b.MaxOnNew
	}
	left, least := b.MaxOnNew, min(b.Shrink.Least, b.MaxOnNew)
	for range failed / max(b.Shrink.Failures, 1) {
		left = max(left-Percent(int64(left)*int64(b.Shrink.By)/micro), least)
	}
	return left
}
