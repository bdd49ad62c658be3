package calllog

// Disposition is how a leg ended, in one vocabulary for all systems. How each
// system's own words translate into it is a table of its format, which reports
// can show.
type Disposition string

// The dispositions.
const (
	Answered         Disposition = "answered"
	AbandonedQueue   Disposition = "abandoned_queue"
	AbandonedRinging Disposition = "abandoned_ringing"
	// ShortAbandon is a caller who was gone before anybody could have answered;
	// how short that is belongs to the report.
	ShortAbandon   Disposition = "short_abandon"
	Busy           Disposition = "busy"
	NoAnswer       Disposition = "no_answer"
	Rejected       Disposition = "rejected"
	Failed         Disposition = "failed"
	Voicemail      Disposition = "voicemail"
	Deflected      Disposition = "deflected" // forwarded or overflowed elsewhere
	TransferredOut Disposition = "transferred_out"
	// AnsweredElsewhere is the leg that lost a parallel ring.
	AnsweredElsewhere Disposition = "answered_elsewhere"
)

// UnknownEnd begins what is wrong with a row whose word for how a leg ended nobody
// has translated.
const UnknownEnd = "an unknown word for how a call ended"

// Dispositions lists them all.
func Dispositions() []Disposition {
	return []Disposition{
		Answered, AbandonedQueue, AbandonedRinging, ShortAbandon, Busy, NoAnswer, Rejected, Failed, Voicemail, Deflected,
		TransferredOut, AnsweredElsewhere,
	}
}
