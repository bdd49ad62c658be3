package rollout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
)

// Baseline is what the old side's figures were in the time with which a plan
// compares, by the weekday and the half hour on the clock of the plan's zone. It
// is frozen: what becomes known of that time later does not change it.
type Baseline struct {
	PlanHash string `json:"plan_hash"`
	// From and To bound the time.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Zone string    `json:"zone"`
	// KnownAt is when the call log knew what the baseline says.
	KnownAt time.Time `json:"known_at"`
	Source  string    `json:"source"`
	// Cells are those in which there were calls.
	Cells []Cell `json:"cells"`
}

// Cell is one half hour of the week, over all weeks of the baseline.
type Cell struct {
	Weekday time.Weekday `json:"weekday"`
	Half    int          `json:"half"` // of the day, from 0
	// Days is how often the half hour came.
	Days   int                   `json:"days"`
	Shares map[plan.Metric]Share `json:"shares"`
}

// Share is a sum and over how many calls.
type Share struct {
	Sum float64 `json:"sum"`
	Of  int64   `json:"of"`
}

// Baselines keeps frozen baselines.
type Baselines interface {
	// Freeze keeps a baseline; the first of a version of a plan stays.
	Freeze(ctx context.Context, b Baseline) error
	// Baseline returns ErrNotFound for a version that has none.
	Baseline(ctx context.Context, planHash string) (Baseline, error)
}

// Calls counts the calls on which the baseline rests.
func (b *Baseline) Calls() int64 {
	var n int64
	for _, c := range b.Cells {
		n += c.Shares[plan.CallVolume].Of
	}
	return n
}

// Hash is that of everything that the baseline says.
func (b *Baseline) Hash() string {
	text, err := json.Marshal(b)
	if err != nil {
		return "" // every part of it can be written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// HalfHour is the part of a day by which a baseline is kept.
const HalfHour = 30 * time.Minute

// HalfOf is the half hour of the day that a clock shows.
func HalfOf(local time.Time) int { return local.Hour()*2 + local.Minute()/30 }

// Over is what a metric was over the same weekdays and half hours as those of a
// time, or over the whole baseline; nil where there is nothing to compare with. A
// half hour counts for as much of it as lies in the time. A volume is that of a
// usual day.
func (b *Baseline) Over(m plan.Metric, from, to time.Time, align plan.Align) *float64 {
	zone, err := time.LoadLocation(b.Zone)
	if err != nil || !from.Before(to) {
		return nil
	}
	type hour struct {
		day  time.Weekday
		half int
	}
	weight := map[hour]float64{}
	for t := from; t.Before(to); {
		local := t.In(zone)
		end := t.Add(HalfHour - t.Sub(halfStart(local)))
		if end.After(to) {
			end = to
		}
		weight[hour{local.Weekday(), HalfOf(local)}] += end.Sub(t).Seconds() / HalfHour.Seconds()
		t = end
	}
	var sum, of, volume float64
	for _, c := range b.Cells {
		w := weight[hour{c.Weekday, c.Half}]
		if align == plan.WholeBaseline {
			w = 1
		}
		s := c.Shares[m]
		sum, of = sum+w*s.Sum, of+w*float64(s.Of)
		volume += w * s.Sum / float64(max(c.Days, 1))
	}
	if of == 0 {
		return nil
	}
	value := sum / of
	switch {
	case m == plan.CallVolume && align == plan.WholeBaseline:
		value = sum * to.Sub(from).Seconds() / b.To.Sub(b.From).Seconds()
	case m == plan.CallVolume:
		value = volume
	}
	return &value
}

// halfStart is when the half hour began that a clock shows.
func halfStart(local time.Time) time.Time {
	return local.Add(-time.Duration(local.Minute()%30)*time.Minute - time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond()))
}
