package rehearsal

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Outcome holds what a rehearsal predicted against what then came, for the plan
// and each of its stages.
type Outcome struct {
	Plan     string    `json:"plan"`
	PlanHash plan.Hash `json:"plan_hash"`
	// Rehearsed is when the rehearsal was made, AsOf when it was held against what
	// had come by then.
	Rehearsed time.Time     `json:"rehearsed"`
	AsOf      time.Time     `json:"as_of"`
	State     rollout.State `json:"state"`
	// Plays is how often it was played, Fits whether it fit its windows, and Ends
	// when the last stage passed.
	Plays int     `json:"plays"`
	Fits  bool    `json:"fits"`
	Ends  Moments `json:"ends"`
	// Lasts is from the start until the last stage passed.
	Lasts    Length         `json:"lasts"`
	Deferred Number         `json:"deferred"`
	Failed   Number         `json:"failed"`
	AtRisk   Number         `json:"calls_at_risk"`
	Stages   []StageOutcome `json:"stages"`
	Budgets  []Spent        `json:"budgets"`
	Grounds  []string       `json:"grounds"`
	// Beyond names what came worse than in nine of ten plays.
	Beyond []string `json:"beyond"`
}

// StageOutcome is the same of one stage.
type StageOutcome struct {
	Stage  plan.StageID  `json:"stage"`
	State  rollout.State `json:"state"`
	People int           `json:"people"`
	// Lasts is from the stage's beginning until it passed, with its soak. Working
	// is the time in which users are switched.
	Lasts    Length `json:"lasts"`
	Working  Length `json:"working"`
	Deferred Number `json:"deferred"`
	Failed   Number `json:"failed"`
	AtRisk   Number `json:"calls_at_risk"`
}

// Number is a count that half of the plays and nine of ten do not exceed, and what
// it came to; nil while that is not known.
type Number struct {
	P50    int  `json:"p50"`
	P90    int  `json:"p90"`
	Actual *int `json:"actual"`
}

// Length is the same of a duration.
type Length struct {
	P50    plan.Duration  `json:"p50"`
	P90    plan.Duration  `json:"p90"`
	Actual *plan.Duration `json:"actual"`
}

// Spent is what a plan asked of a system on its busiest day in UTC: every request
// that a worker made for it, to look, to switch, to take back and to compare.
type Spent struct {
	System string `json:"system"`
	Number
	// Allows is the plan's part of a day; 0 where no limit is known.
	Allows float64 `json:"allows"`
}

// Tried is one attempt to switch a user of a stage to the new side.
type Tried struct {
	Stage  plan.StageID
	Person dualtone.PersonID
	State  cutover.State
	Began  time.Time
	// CRM and Route are when the user's call center and route were written; zero
	// where they were not. Between the two, CRM and route disagreed.
	CRM, Route time.Time
}

// Course is everything that happened to a plan, as it is kept.
type Course struct {
	State rollout.State
	// Log are the transitions of the version that was rehearsed, oldest first.
	Log   []rollout.Transition
	Tried []Tried
	// AtRisk counts, for each stage, the calls that came while CRM and route of the
	// called disagreed; nil where no calls are recorded.
	AtRisk map[plan.StageID]int
	// Asked is what the plan asked of the systems.
	Asked []rollout.Usage
}

// Hold holds the rehearsal against the course of the plan.
func (k *Kept) Hold(c Course, now time.Time) *Outcome {
	r := &k.Report
	o := &Outcome{
		Plan: r.Plan, PlanHash: r.PlanHash, Rehearsed: k.Made, AsOf: now, State: c.State,
		Plays: r.Plays, Fits: r.Fits, Ends: r.Ends, Grounds: r.Grounds, Beyond: []string{},
		Stages: []StageOutcome{}, Budgets: []Spent{},
	}
	deferred, failed := c.counted()
	var of struct{ deferred, failed Counts }
	for i := range r.Stages {
		s := &r.Stages[i]
		of.deferred, of.failed = of.deferred.plus(s.Deferred), of.failed.plus(s.Failed)
		o.Stages = append(o.Stages, c.stage(s, deferred[s.Stage], failed[s.Stage]))
	}
	begun := len(c.Tried) > 0
	o.Deferred, o.Failed = number(of.deferred, sum(deferred), begun), number(of.failed, sum(failed), begun)
	o.AtRisk = number(r.AtRisk, sum(c.AtRisk), begun && c.AtRisk != nil)
	started, ended := c.span("", rollout.Active, rollout.Completed)
	o.Lasts = length(r.Ends.P50.Sub(r.Start), r.Ends.P90.Sub(r.Start), started, ended)
	o.Budgets = c.spent(r)
	o.compare()
	return o
}

func (c Counts) plus(o Counts) Counts { return Counts{c.P10 + o.P10, c.P50 + o.P50, c.P90 + o.P90} }

func sum(of map[plan.StageID]int) int {
	all := 0
	for _, n := range of {
		all += n
	}
	return all
}

func number(of Counts, actual int, known bool) Number {
	n := Number{P50: of.P50, P90: of.P90}
	if known {
		n.Actual = &actual
	}
	return n
}

func length(p50, p90 time.Duration, from, to time.Time) Length {
	p50 = p50.Round(time.Second)
	l := Length{P50: plan.Duration(p50), P90: plan.Duration(max(p50, p90.Round(time.Second)))}
	if !from.IsZero() && !to.IsZero() {
		took := plan.Duration(to.Sub(from).Round(time.Second))
		l.Actual = &took
	}
	return l
}

// counted counts the attempts that ended deferred, and those that failed.
func (c *Course) counted() (deferred, failed map[plan.StageID]int) {
	deferred, failed = map[plan.StageID]int{}, map[plan.StageID]int{}
	for _, t := range c.Tried {
		switch {
		case t.State == cutover.Deferred:
			deferred[t.Stage]++
		case slices.Contains(rollout.FailedUsers(), t.State):
			failed[t.Stage]++
		}
	}
	return deferred, failed
}

func (c *Course) stage(s *Stage, deferred, failed int) StageOutcome {
	o := StageOutcome{Stage: s.Stage, People: s.People, State: rollout.Pending}
	var working time.Duration
	var since time.Time
	for _, t := range c.Log {
		if t.Stage != string(s.Stage) {
			continue
		}
		o.State = t.To
		switch {
		case t.To == rollout.Switching && t.From != rollout.Switching:
			since = t.At
		case t.To != rollout.Switching && !since.IsZero():
			working += t.At.Sub(since)
			since = time.Time{}
		}
	}
	began, passed := c.span(string(s.Stage), rollout.Prechecking, rollout.Passed)
	o.Lasts = length(s.Ends.P50.Sub(s.Begins.P50), s.Ends.P90.Sub(s.Begins.P90), began, passed)
	o.Working = Length{P50: s.Working.P50, P90: s.Working.P90}
	tried := slices.ContainsFunc(c.Tried, func(t Tried) bool { return t.Stage == s.Stage })
	if tried && since.IsZero() {
		took := plan.Duration(working.Round(time.Second))
		o.Working.Actual = &took
	}
	o.Deferred, o.Failed = number(s.Deferred, deferred, tried), number(s.Failed, failed, tried)
	o.AtRisk = number(s.AtRisk, c.AtRisk[s.Stage], tried && c.AtRisk != nil)
	return o
}

// span is from when a stage, or the plan, first came into a state until it last
// came into another; zero where it did not.
func (c *Course) span(stage string, from, to rollout.State) (began, ended time.Time) {
	for _, t := range c.Log {
		switch {
		case t.Stage != stage || t.From == t.To:
		case t.To == from && began.IsZero():
			began = t.At
		case t.To == to:
			ended = t.At
		}
	}
	return began, ended
}

// spent counts the requests to each system on its busiest day, in UTC. Of a plan
// that was counted nowhere, nothing is known.
func (c *Course) spent(r *Report) []Spent {
	busiest := map[string]int{}
	days := map[string]map[time.Time]int{}
	for _, u := range c.Asked {
		if days[u.System] == nil {
			days[u.System] = map[time.Time]int{}
		}
		day := u.Hour.UTC().Truncate(oneDay)
		days[u.System][day] += u.Requests
		busiest[u.System] = max(busiest[u.System], days[u.System][day])
	}
	all := make([]Spent, len(r.Budgets))
	for i, b := range r.Budgets {
		all[i] = Spent{System: b.System, Number: number(b.Peak, busiest[b.System], len(c.Asked) > 0), Allows: b.Allows}
	}
	return all
}

// compare names what came worse than in nine of ten plays.
func (o *Outcome) compare() {
	numbers := func(of string, all map[string]Number) {
		for _, what := range slices.Sorted(maps.Keys(all)) {
			if n := all[what]; n.Actual != nil && *n.Actual > n.P90 {
				o.Beyond = append(o.Beyond, fmt.Sprintf("%s: %d %s, in nine of ten plays at most %d", of, *n.Actual, what, n.P90))
			}
		}
	}
	lengths := func(of, what string, l Length) {
		if l.Actual != nil && *l.Actual > l.P90 {
			o.Beyond = append(o.Beyond, fmt.Sprintf("%s: %s %s, in nine of ten plays at most %s", of, what, *l.Actual, l.P90))
		}
	}
	lengths("plan", "lasted", o.Lasts)
	numbers("plan", map[string]Number{"deferred": o.Deferred, "failed": o.Failed, "calls at risk": o.AtRisk})
	for i := range o.Stages {
		s := &o.Stages[i]
		of := "stage " + string(s.Stage)
		lengths(of, "lasted", s.Lasts)
		lengths(of, "took to switch its users", s.Working)
		numbers(of, map[string]Number{"deferred": s.Deferred, "failed": s.Failed, "calls at risk": s.AtRisk})
	}
	for _, b := range o.Budgets {
		numbers(b.System, map[string]Number{"requests on the busiest day": b.Number})
	}
}

// Of is what the outcome says of one stage; false for one that was not rehearsed.
func (o *Outcome) Of(stage plan.StageID) (StageOutcome, bool) {
	for _, s := range o.Stages {
		if s.Stage == stage {
			return s, true
		}
	}
	return StageOutcome{}, false
}
