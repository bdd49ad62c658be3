package pages

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone/console/chart"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const (
	// leastAhead and mostAhead are how far the time line looks past now: as far as
	// it looks back, within these.
	leastAhead = 10 * time.Minute
	mostAhead  = 7 * 24 * time.Hour
	// mostSpans bounds the windows of a stage that are drawn.
	mostSpans = 60
)

// timeline draws what the stages did and the hours in which they may work.
func timeline(v control.PlanView, d *plan.Document, log []rollout.Transition) chart.Timeline {
	t := chart.Timeline{
		ID: "stages", Title: "Stages of " + v.Plan.Name + " over time",
		Text: "What each stage did until now, on the windows in which it may switch users and the blackouts in which it may not.",
		Now:  v.AsOf, From: v.Plan.Kept,
	}
	if len(log) > 0 && log[0].At.Before(t.From) {
		t.From = log[0].At
	}
	t.To = v.AsOf.Add(min(max(v.AsOf.Sub(t.From), leastAhead), mostAhead))
	if next := opens(d, v); next.After(t.To) {
		t.To = next
	}
	if !running(v.Plan.State) {
		t.To = v.Plan.Since.Add(leastAhead)
	}
	// Some room before the beginning, so that the now-line of a new plan stands within.
	t.From = t.From.Add(-max(t.To.Sub(t.From)/50, time.Minute))
	for _, s := range v.Stages {
		t.Rows = append(t.Rows, chart.Row{Name: s.ID, Spans: done(s, v, log), Ground: hours(d, plan.StageID(s.ID), t.From, t.To)})
	}
	return t
}

// opens is the end of the next window that any stage waits for; the zero time while
// one is at work.
func opens(d *plan.Document, v control.PlanView) (first time.Time) {
	zone := zoneOf(d)
	for _, s := range v.Stages {
		c, err := d.Calendar(plan.StageID(s.ID))
		switch {
		case s.State == rollout.Switching || s.State == rollout.RollingBack:
			return time.Time{}
		case err != nil || rollout.Next(s.State) == rollout.Over || c.Open(v.AsOf, zone).Open:
			continue
		}
		next, ok := c.NextOpen(v.AsOf, zone)
		if !ok || next.Sub(v.AsOf) > mostAhead {
			continue
		}
		if end := next.Add(c.Left(next, zone)); first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return first
}

// zoneOf is the zone in which a plan's windows are.
func zoneOf(d *plan.Document) *time.Location {
	zone, err := time.LoadLocation(string(d.Plan.Spec.Timezone))
	if err != nil {
		return time.UTC
	}
	return zone
}

// done are the states that a stage was in, one after the other.
func done(s rollout.Stage, v control.PlanView, log []rollout.Transition) []chart.Span {
	var all []chart.Span
	var in rollout.State
	var since time.Time
	until := func(at time.Time) {
		if in != "" && in != rollout.Pending && in != rollout.Passed && in != rollout.Skipped {
			all = append(all, chart.Span{From: since, To: at, Kind: "f-" + string(standTone(in)), Text: words(string(in))})
		}
	}
	for _, t := range log {
		if t.Stage != s.ID || t.To == in {
			continue
		}
		until(t.At)
		in, since = t.To, t.At
	}
	end := v.AsOf
	if !running(v.Plan.State) {
		end = since.Add(time.Minute)
	}
	until(end)
	if in == rollout.Passed {
		all = append(all, chart.Span{From: since, To: since.Add(time.Minute), Kind: "f-good", Text: "passed"})
	}
	return all
}

// worked is how long each stage was switching people until a time.
func worked(log []rollout.Transition, now time.Time) map[string]time.Duration {
	all, since := map[string]time.Duration{}, map[string]time.Time{}
	for _, t := range log {
		if from, on := since[t.Stage]; on && t.To != rollout.Switching {
			all[t.Stage] += t.At.Sub(from)
			delete(since, t.Stage)
		}
		if _, on := since[t.Stage]; !on && t.To == rollout.Switching {
			since[t.Stage] = t.At
		}
	}
	for stage, from := range since {
		all[stage] += now.Sub(from)
	}
	return all
}

// takesBack says how long the way back takes at the pace of the way there; empty
// where nobody knows.
func (s sight) takesBack(stage string) string {
	var whole time.Duration
	for _, st := range s.view.Stages {
		n, went := s.view.Among(st.ID, rollout.ToTakeBack()...), st.Users[cutover.OnNew]
		if (stage == "" || st.ID == stage) && n > 0 && went > 0 {
			whole += time.Duration(float64(s.worked[st.ID]) * float64(n) / float64(went))
		}
	}
	switch {
	case whole == 0:
		return ""
	case whole < time.Minute:
		return " At the pace of the way there it takes less than a minute; whoever is on a call is waited for."
	case whole < 2*time.Hour:
		return fmt.Sprintf(" At the pace of the way there it takes about %.0f minutes; whoever is on a call is waited for.", whole.Minutes())
	default:
		return fmt.Sprintf(" At the pace of the way there it takes about %.0f hours; whoever is on a call is waited for.", whole.Hours())
	}
}

func running(s rollout.State) bool {
	switch s {
	case rollout.Finalised, rollout.RolledBack, rollout.RolledBackPartial, rollout.Aborted:
		return false
	default:
		return true
	}
}

// hours are the windows and blackouts of a stage between two times. A blackout is
// drawn over the windows that it closes, and where there is none as well.
func hours(d *plan.Document, stage plan.StageID, from, to time.Time) []chart.Span {
	c, err := d.Calendar(stage)
	if err != nil {
		return nil // a stage that switches nobody has none
	}
	zone := zoneOf(d)
	var all []chart.Span
	for at := from; at.Before(to) && len(all) < mostSpans; {
		next, ok := c.NextOpen(at, zone)
		if !ok || !next.Before(to) {
			break
		}
		window, left := c.Open(next, zone).Window, c.Left(next, zone)
		if left <= 0 {
			break
		}
		at = next.Add(left)
		if window != "always" {
			all = append(all, chart.Span{From: next, To: at, Kind: "window", Text: "window " + window})
		}
	}
	for _, b := range c.Closures(from, to, zone) {
		all = append(all, chart.Span{From: b.From, To: b.To, Kind: "blackout", Text: "blackout " + b.Blackout + ": " + b.Reason})
	}
	return all
}
