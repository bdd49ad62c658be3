package report

import (
	"math"
	"time"
)

// Line is the figures of one side as people read them; Definitions says what
// each means. Rates are from 0 to 1, times in seconds, and either is missing
// where there is nothing to divide by.
type Line struct {
	Offered    int64    `json:"offered"`
	Answered   int64    `json:"answered"`
	Abandoned  int64    `json:"abandoned"` // without short ones
	Short      int64    `json:"short_abandoned"`
	Unanswered int64    `json:"unanswered"` // no answer, busy, rejected, failed
	Voicemail  int64    `json:"voicemail"`
	Deflected  int64    `json:"deflected"`
	Service    *float64 `json:"service_level"`
	ASA        *float64 `json:"asa"`
	AHT        *float64 `json:"aht"`
	Talk       *float64 `json:"talk"`
	Hold       *float64 `json:"hold"`
	WrapUp     *float64 `json:"wrap_up"`
	Transfers  int64    `json:"transfers"`
	Outbound   int64    `json:"outbound"`
	Connected  int64    `json:"connected"`
	Pop        *float64 `json:"pop_rate"`
	Logged     *float64 `json:"logged_rate"`
	MOS        *float64 `json:"mos"`
	Jitter     *float64 `json:"jitter_ms"`
	Loss       *float64 `json:"loss_rate"`
	Legs       int64    `json:"legs"`
}

// line fills an empty line.
func (q *Query) line(l *Line, f *Figures, r *rates) {
	if f == nil || *f == (Figures{}) {
		return
	}
	if q.Short > 0 {
		l.Short = f.AbandonedWithin(q.Short)
	}
	l.Offered, l.Answered, l.Abandoned = f[Offered], f[Answered], f[Abandoned]-l.Short
	l.Unanswered, l.Voicemail, l.Deflected = f[NoAnswer]+f[Busy]+f[Rejected]+f[Failed], f[Voicemail], f[Deflected]
	l.Service = r.ratio(f.AnsweredWithin(q.Service), f[Offered]-l.Short, 1)
	l.ASA = r.ratio(f[AnswerWait], f[Answered], second)
	l.AHT = r.ratio(f[Talk]+f[Hold]+f[WrapUp], f[Answered], second)
	l.Talk, l.Hold = r.ratio(f[Talk], f[Answered], second), r.ratio(f[Hold], f[Answered], second)
	l.WrapUp = r.ratio(f[WrapUp], f[Answered], second)
	l.Transfers, l.Outbound, l.Connected = f[Transfers], f[Outbound], f[Connected]
	l.Pop = r.ratio(f[Popped], f[Popped]+f[PopMissed]+f[PopFailed], 1)
	l.Logged = r.ratio(f[Logged], f[Loggable], 1)
	l.MOS, l.Jitter, l.Loss = r.ratio(f[MOSSum], f[MOSLegs], 100), r.ratio(f[JitterSum], f[JitterLegs], 1000), r.ratio(f[Lost], f[Packets], 1)
	l.Legs = f[Legs]
}

const second = int64(time.Second / time.Millisecond)

// rates are the places of lines' rates, many in one piece: a report has tens of
// thousands.
type rates struct{ free []float64 }

// ratio is to four places, which is more than anybody reads and the same on
// every machine; nil where there is nothing to divide by.
func (r *rates) ratio(sum, count, unit int64) *float64 {
	if count == 0 {
		return nil
	}
	if len(r.free) == 0 {
		r.free = make([]float64, 1024)
	}
	v := &r.free[0]
	r.free = r.free[1:]
	*v = math.Round(float64(sum)/float64(count)/float64(unit)*1e4) / 1e4
	return v
}
