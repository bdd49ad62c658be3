package report

// Definition says what a column of a report means.
type Definition struct {
	Name    string `json:"name"`
	Column  string `json:"column"` // of the CSV, and of JSON within a side
	Meaning string `json:"meaning"`

	of func(*Line) any
}

// Definitions are the columns of a report in their order. Each side counts its own
// legs; both together count a call that crossed them once, see func Once.
func Definitions() []Definition {
	return []Definition{
		{"offered", "offered", "legs that came in or came through a queue and stayed on the system; each is answered, abandoned, unanswered or in voicemail; under both a call that crossed the systems counts once, as its customer experienced it", func(l *Line) any { return l.Offered }},
		{"answered", "answered", "offered legs that a person took, transferred later or not", func(l *Line) any { return l.Answered }},
		{"abandoned", "abandoned", "offered legs whose caller gave up in the queue or while it rang, short ones left out", func(l *Line) any { return l.Abandoned }},
		{"short", "short_abandoned", "abandoned within the short wait, or called short by their system", func(l *Line) any { return l.Short }},
		{"unanswered", "unanswered", "offered legs that ended with no answer, busy, rejected or failed", func(l *Line) any { return l.Unanswered }},
		{"voicemail", "voicemail", "offered legs that left their caller in a mailbox", func(l *Line) any { return l.Voicemail }},
		{"deflected", "deflected", "legs that were forwarded or overflowed elsewhere; not offered", func(l *Line) any { return l.Deflected }},
		{"service", "service_level", "answered within the service wait, of those offered and not short; waiting is queue and ringing", func(l *Line) any { return l.Service }},
		{"ASA", "asa", "average speed of answer: waiting of answered legs, seconds", func(l *Line) any { return l.ASA }},
		{"AHT", "aht", "average handle time: talk, hold and wrap-up of answered legs, seconds", func(l *Line) any { return l.AHT }},
		{"talk", "talk", "talk of answered legs without hold, on average, seconds", func(l *Line) any { return l.Talk }},
		{"hold", "hold", "hold of answered legs, on average, seconds", func(l *Line) any { return l.Hold }},
		{"wrap-up", "wrap_up", "after-call work of answered legs, on average, seconds", func(l *Line) any { return l.WrapUp }},
		{"transfers", "transfers", "transfers away, of all legs", func(l *Line) any { return l.Transfers }},
		{"outbound", "outbound", "legs to the outside that no queue began", func(l *Line) any { return l.Outbound }},
		{"connected", "connected", "outbound legs that were answered", func(l *Line) any { return l.Connected }},
		{"pops", "pop_rate", "screen pops that showed the right record, of all that were tried", func(l *Line) any { return l.Pop }},
		{"logged", "logged_rate", "legs that the CRM holds, of those that an agent talked on", func(l *Line) any { return l.Logged }},
		{"MOS", "mos", "mean opinion score, on average over the legs that have one", func(l *Line) any { return l.MOS }},
		{"jitter", "jitter_ms", "on average, milliseconds", func(l *Line) any { return l.Jitter }},
		{"loss", "loss_rate", "media packets lost, of all", func(l *Line) any { return l.Loss }},
		{"legs", "legs", "all legs", func(l *Line) any { return l.Legs }},
	}
}
