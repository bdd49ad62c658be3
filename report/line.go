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

func (q *Query) line(f *Figures, r *rates) Line {
	if f == nil || *f == (Figures{}) {
		return Line{}
	}
	ratio := r.ratio
	var short int64
	if q.Short > 0 {
		short = f.AbandonedWithin(q.Short)
	}
	talk := f[Talk] + f[Hold] + f[WrapUp]
	return Line{
		Offered: f[Offered], Answered: f[Answered], Abandoned: f[Abandoned] - short, Short: short,
		Unanswered: f[NoAnswer] + f[Busy] + f[Rejected] + f[Failed], Voicemail: f[Voicemail], Deflected: f[Deflected],
		Service: ratio(f.AnsweredWithin(q.Service), f[Offered]-short, 1),
		ASA:     ratio(f[AnswerWait], f[Answered], second),
		AHT:     ratio(talk, f[Answered], second),
		Talk:    ratio(f[Talk], f[Answered], second), Hold: ratio(f[Hold], f[Answered], second), WrapUp: ratio(f[WrapUp], f[Answered], second),
		Transfers: f[Transfers], Outbound: f[Outbound], Connected: f[Connected],
		Pop:    ratio(f[Popped], f[Popped]+f[PopMissed]+f[PopFailed], 1),
		Logged: ratio(f[Logged], f[Loggable], 1),
		MOS:    ratio(f[MOSSum], f[MOSLegs], 100), Jitter: ratio(f[JitterSum], f[JitterLegs], 1000), Loss: ratio(f[Lost], f[Packets], 1),
		Legs: f[Legs],
	}
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
