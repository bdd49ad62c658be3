package rehearsal

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
)

// Report is what a rehearsal found.
type Report struct {
	Plan     string    `json:"plan"`
	PlanHash plan.Hash `json:"plan_hash"`
	Start    time.Time `json:"start"`
	Plays    int       `json:"plays"`
	Seed     uint64    `json:"seed"`
	Grounds  []string  `json:"grounds"`
	Stages   []Stage   `json:"stages"`
	Ends     Moments   `json:"ends"`
	Budgets  []Budget  `json:"budgets"`
	Unmet    []string  `json:"unmet"` // what the plan asks of a rehearsal and this one did not show
	Fits     bool      `json:"fits"`  // every user finds a window in nine of ten plays
	// AtRisk are calls that come while CRM and route disagree, Unaccounted those of
	// them that ring nowhere.
	AtRisk      Counts `json:"calls_at_risk"`
	Unaccounted Counts `json:"unaccounted_calls"`
}

// Stage is what a rehearsal found of one stage.
type Stage struct {
	Stage  plan.StageID `json:"stage"`
	People int          `json:"people"`
	Begins Moments      `json:"begins"`
	Ends   Moments      `json:"ends"` // with its soak
	// Working is the time in which users are switched, closed hours left out.
	Working  Lengths `json:"working"`
	Windows  Counts  `json:"windows"`
	Deferred Counts  `json:"deferred"`
	Failed   Counts  `json:"failed"`
	AtRisk   Counts  `json:"calls_at_risk"`
	// Left are users for whom no window opens any more.
	Left Counts `json:"left"`
	// Stops is the share of plays in which the plan stops itself.
	Stops float64 `json:"stops"`
}

// Counts are the values that one half and nine of ten plays do not exceed.
type Counts struct {
	P10 int `json:"p10"`
	P50 int `json:"p50"`
	P90 int `json:"p90"`
}

// Moments are the same of moments.
type Moments struct {
	P10 time.Time `json:"p10"`
	P50 time.Time `json:"p50"`
	P90 time.Time `json:"p90"`
}

// Lengths are the same of durations.
type Lengths struct {
	P10 plan.Duration `json:"p10"`
	P50 plan.Duration `json:"p50"`
	P90 plan.Duration `json:"p90"`
}

// Budget is what the plan asks of a system on its busiest day.
type Budget struct {
	System string  `json:"system"`
	Peak   Counts  `json:"peak"`
	Allows float64 `json:"allows"` // the plan's part of a day
}

// part is the value that a share of the plays does not exceed.
func part[T any](sorted []T, share float64) T { return sorted[int(share*float64(len(sorted)-1)+0.5)] }

func counts(of []int) Counts {
	slices.Sort(of)
	return Counts{part(of, 0.1), part(of, 0.5), part(of, 0.9)}
}

func moments(of []time.Time) Moments {
	slices.SortFunc(of, time.Time.Compare)
	return Moments{part(of, 0.1), part(of, 0.5), part(of, 0.9)}
}

func lengths(of []time.Duration) Lengths {
	slices.Sort(of)
	round := func(d time.Duration) plan.Duration { return plan.Duration(d.Round(time.Second)) }
	return Lengths{round(part(of, 0.1)), round(part(of, 0.5)), round(part(of, 0.9))}
}

// each collects one value of every course.
func each[T any](courses []course, of func(course) T) []T {
	all := make([]T, len(courses))
	for i, c := range courses {
		all[i] = of(c)
	}
	return all
}

func (s *rehearsal) report(r Request, courses []course) *Report {
	report := &Report{
		Plan: r.Document.Plan.Metadata.Name, PlanHash: r.Document.Hash(), Start: r.Start,
		Plays: r.Plays, Seed: r.Seed, Grounds: r.Model.Grounds, Fits: true, Unmet: []string{}, Budgets: []Budget{},
		Ends: moments(each(courses, func(c course) time.Time {
			var last time.Time
			for _, s := range c.stages {
				last = latest(last, s.ends)
			}
			return last
		})),
		AtRisk:      counts(each(courses, func(c course) int { return c.sum(func(p played) int { return p.atRisk }) })),
		Unaccounted: counts(each(courses, func(c course) int { return c.sum(func(p played) int { return p.lost }) })),
	}
	for i := range s.cast {
		found := s.stageReport(i, courses)
		report.Fits = report.Fits && found.Left.P90 == 0
		report.Stages = append(report.Stages, found)
	}
	for _, name := range slices.Sorted(maps.Keys(s.model.Vendors)) {
		report.Budgets = append(report.Budgets, s.budget(name, courses))
	}
	report.unmet(r.Document.Plan.Spec.Stages)
	return report
}

// sum adds up one number of every stage.
func (c course) sum(of func(played) int) int {
	sum := 0
	for _, s := range c.stages {
		sum += of(s)
	}
	return sum
}

func (s *rehearsal) stageReport(i int, courses []course) Stage {
	number := func(of func(played) int) Counts {
		return counts(each(courses, func(c course) int { return of(c.stages[i]) }))
	}
	stops := 0
	for _, c := range courses {
		if c.stages[i].stops {
			stops++
		}
	}
	return Stage{
		Stage: s.cast[i].stage.ID, People: s.cast[i].people,
		Begins:   moments(each(courses, func(c course) time.Time { return c.stages[i].begins })),
		Ends:     moments(each(courses, func(c course) time.Time { return c.stages[i].ends })),
		Working:  lengths(each(courses, func(c course) time.Duration { return c.stages[i].working })),
		Windows:  number(func(p played) int { return p.windows }),
		Deferred: number(func(p played) int { return p.deferred }),
		Failed:   number(func(p played) int { return p.failed }),
		AtRisk:   number(func(p played) int { return p.atRisk }),
		Left:     number(func(p played) int { return p.left }),
		Stops:    float64(stops) / float64(len(courses)),
	}
}

func (s *rehearsal) budget(system string, courses []course) Budget {
	v := s.model.Vendors[system]
	return Budget{
		System: system, Allows: v.allows(),
		Peak: counts(each(courses, func(c course) int {
			var peak float64
			for _, asked := range c.asked[system] {
				peak = max(peak, asked)
			}
			return int(peak)
		})),
	}
}

// unmet lists what the plan wants a rehearsal to show and this one does not.
func (r *Report) unmet(stages []plan.Stage) {
	for _, s := range stages {
		if s.Require != nil {
			r.hold(*s.Require)
		}
	}
	for _, s := range r.Stages {
		if s.Left.P90 > 0 {
			r.find("stage %s: no window opens any more for %d users", s.Stage, s.Left.P90)
		}
	}
	for _, b := range r.Budgets {
		if b.Allows > 0 && float64(b.Peak.P90) > b.Allows {
			r.find("%s is asked %d times on the busiest day, the plan may ask %.0f times", b.System, b.Peak.P90, b.Allows)
		}
	}
}

func (r *Report) find(text string, args ...any) {
	r.Unmet = append(r.Unmet, fmt.Sprintf(text, args...))
}

// hold compares the report with what a stage of rehearsal requires.
func (r *Report) hold(require plan.Rehearsed) {
	for _, s := range r.Stages {
		if most := require.P90Duration; most > 0 && s.Working.P90 > most {
			r.find("stage %s takes %s of work in nine of ten plays, at most %s is allowed", s.Stage, s.Working.P90, most)
		}
	}
	if most := require.PredictedUnaccountedCalls; most != nil && r.Unaccounted.P90 > *most {
		r.find("%d calls ring nowhere, at most %d are allowed", r.Unaccounted.P90, *most)
	}
}
