package rollout

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
)

// Reading is what a gate measured once: a figure of the new side, how many
// samples it rests on, and what it is compared with. Shares are parts of one,
// times are in seconds.
type Reading struct {
	Plan  string `json:"plan"`
	Stage string `json:"stage"`
	Gate  string `json:"gate"`
	// From and To bound what was measured, At is when.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	At   time.Time `json:"at"`

	Value   float64 `json:"value"`
	Samples int     `json:"samples"`
	// Baseline is the value to compare with; nil where there is none.
	Baseline *float64 `json:"baseline,omitempty"`
	// Source is where the figure comes from.
	Source string `json:"source,omitempty"`
	// Missing says why there is no figure.
	Missing string `json:"missing,omitempty"`

	// Differences are what a comparison of both systems found, one by one.
	Differences []Difference `json:"differences,omitempty"`

	Ruling Ruling `json:"ruling"`
	Why    string `json:"why"`
}

// Difference is one thing of which the two systems, or the plan and the systems,
// do not say the same. One without an explanation is open.
type Difference struct {
	Key         string `json:"key"` // of the person, or of the record of a call
	Old         string `json:"old,omitempty"`
	New         string `json:"new,omitempty"`
	Explanation string `json:"explanation,omitempty"`
}

// Ruling is what a gate says of one reading, or of a row of them.
type Ruling string

// The rulings.
const (
	GatePasses Ruling = "pass"
	GateFails  Ruling = "fail"
	// NoData: fewer samples than the gate asks for. It never passes.
	NoData Ruling = "no_data"
	// Warns: it failed, not yet often enough.
	Warns Ruling = "warn"
	// Observes: it failed and only observes.
	Observes Ruling = "observe"
)

// Rule rules a single reading by a gate.
func Rule(g plan.HealthGate, r Reading) Reading {
	r.Ruling, r.Why = ruling(g, r)
	return r
}

func ruling(g plan.HealthGate, r Reading) (Ruling, string) {
	unit := metric(g).Unit()
	switch {
	case r.Missing != "":
		return NoData, r.Missing
	case r.Samples < max(g.MinSamples, 1):
		return NoData, fmt.Sprintf("%d samples, needs %d", r.Samples, max(g.MinSamples, 1))
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		return NoData, "the figure is no number"
	case g.Compare != nil && r.Baseline == nil:
		return NoData, fmt.Sprintf("nothing to compare with on %s", g.Compare.To)
	}
	if g.Threshold != nil {
		if why := beyond(*g.Threshold, r.Value, unit); why != "" {
			return GateFails, why
		}
	}
	if g.Compare != nil {
		if why := apart(*g.Compare, r.Value, *r.Baseline, unit); why != "" {
			return GateFails, why
		}
	}
	if g.Threshold == nil && g.Compare == nil {
		return NoData, "it has nothing to keep to"
	}
	return GatePasses, "is " + figure(r.Value, unit)
}

// metric is what a gate measures.
func metric(g plan.HealthGate) plan.Metric {
	if g.Metric != "" {
		return g.Metric
	}
	return plan.Metric(g.Name)
}

// Told is a reading as people read it: the figure and the baseline in their unit,
// empty where there is none, and what the gate keeps them to.
func Told(g plan.HealthGate, r Reading) (value, baseline, bound string) {
	unit := metric(g).Unit()
	if r.Missing == "" {
		value = figure(r.Value, unit)
	}
	if r.Baseline != nil {
		baseline = figure(*r.Baseline, unit)
	}
	return value, baseline, strings.Join(bounds(g), ", ")
}

func bounds(g plan.HealthGate) []string {
	var all []string
	if t := g.Threshold; t != nil && t.Min != nil {
		all = append(all, "at least "+t.Min.String())
	}
	if t := g.Threshold; t != nil && t.Max != nil {
		all = append(all, "at most "+t.Max.String())
	}
	change := func(c *plan.Change, where string) {
		if c != nil {
			text, _ := c.MarshalText()
			all = append(all, fmt.Sprintf("at most %s %s %s", text, where, g.Compare.To))
		}
	}
	if g.Compare != nil {
		change(g.Compare.MaxDrop, "below")
		change(g.Compare.MaxRise, "above")
	}
	return all
}

const micro = 1e6

// tolerance keeps a figure that is exactly at its limit from failing because it
// was computed.
const tolerance = 1e-9

func beyond(t plan.Threshold, value float64, unit plan.Unit) string {
	switch {
	case t.Min != nil && value < float64(t.Min.Micro)/micro-tolerance:
		return fmt.Sprintf("is %s, at least %s is wanted", figure(value, unit), t.Min)
	case t.Max != nil && value > float64(t.Max.Micro)/micro+tolerance:
		return fmt.Sprintf("is %s, at most %s is allowed", figure(value, unit), t.Max)
	default:
		return ""
	}
}

func apart(c plan.Compare, value, base float64, unit plan.Unit) string {
	told := func(word string, allowed plan.Change) string {
		text, _ := allowed.MarshalText()
		return fmt.Sprintf("is %s, %s from %s by more than %s", figure(value, unit), word, figure(base, unit), text)
	}
	switch {
	case c.MaxDrop != nil && base-value > allowance(*c.MaxDrop, base)+tolerance:
		return told("down", *c.MaxDrop)
	case c.MaxRise != nil && value-base > allowance(*c.MaxRise, base)+tolerance:
		return told("up", *c.MaxRise)
	default:
		return ""
	}
}

// allowance is how far a figure may be from the baseline: a part of it, or
// percentage points.
func allowance(c plan.Change, base float64) float64 {
	share := float64(c.Amount) / micro
	if c.Points {
		return share
	}
	return share * math.Abs(base)
}

// figure writes a value in its unit.
func figure(v float64, unit plan.Unit) string {
	switch unit {
	case plan.InPercent:
		return fmt.Sprintf("%.4g%%", v*100)
	case plan.InTime:
		return time.Duration(v * float64(time.Second)).Round(100 * time.Millisecond).String()
	default:
		return fmt.Sprintf("%.6g", v)
	}
}

// Decide rules a gate by its readings, oldest first. Only readings of what came
// after since count: a step is judged on evidence newer than itself. A gate
// fails once as many in a row failed as it asks for.
func Decide(g plan.HealthGate, readings []Reading, since time.Time) (Ruling, string) {
	var newer []Reading
	for _, r := range readings {
		if r.Gate == g.Name && r.At.After(since) && r.To.After(since) {
			newer = append(newer, Rule(g, r))
		}
	}
	if len(newer) == 0 {
		return observed(g, NoData, "it was not measured since "+moment(since))
	}
	last := newer[len(newer)-1]
	failed := 0
	for i := len(newer) - 1; i >= 0 && newer[i].Ruling == GateFails; i-- {
		failed++
	}
	need := max(g.FailAfter, 1)
	switch {
	case last.Ruling == GateFails && failed < need:
		return observed(g, Warns, fmt.Sprintf("%s; %d of %d measurements in a row", last.Why, failed, need))
	default:
		return observed(g, last.Ruling, last.Why)
	}
}

// observed is the ruling of a gate that may only observe, or for which no data
// is a failure.
func observed(g plan.HealthGate, r Ruling, why string) (Ruling, string) {
	switch {
	case g.ObserveOnly && r != GatePasses:
		return Observes, why
	case r == NoData && g.OnNoData == plan.FailOnNoData:
		return GateFails, why
	default:
		return r, why
	}
}

// Finding is what one gate says of a stage.
type Finding struct {
	Gate   string        `json:"gate"`
	Ruling Ruling        `json:"ruling"`
	Why    string        `json:"why"`
	OnFail plan.GateFail `json:"on_fail"`
	At     time.Time     `json:"at,omitzero"`
}

// Consequence is what the findings of all gates of a stage lead to.
type Consequence string

// The consequences, each graver than the one before.
const (
	GoOn       Consequence = "go_on"
	WaitMore   Consequence = "wait"      // a gate has failed, not often enough yet
	HoldIt     Consequence = "hold"      // there is no data: somebody must look
	FailIt     Consequence = "fail"      // a gate failed, and a person decides
	BlockIt    Consequence = "block"     // a gate failed that nobody can take upon themselves
	TakeItBack Consequence = "roll_back" // a gate failed, and the stage goes back by itself
)

// Conclude says what findings lead to, and why. The gravest counts.
func Conclude(all []Finding, automatic bool) (Consequence, string) {
	grave, why := GoOn, ""
	for _, f := range all {
		if c := f.leads(automatic); rank(c) > rank(grave) {
			grave, why = c, f.text()
		}
	}
	return grave, why
}

func (f Finding) text() string {
	if f.Ruling == NoData {
		return fmt.Sprintf("gate %s has no data: %s", f.Gate, f.Why)
	}
	return fmt.Sprintf("gate %s %s", f.Gate, f.Why)
}

func (f Finding) leads(automatic bool) Consequence {
	switch f.Ruling {
	case GatePasses, Observes:
		return GoOn
	case Warns:
		return WaitMore
	case NoData:
		return HoldIt
	case GateFails:
	}
	switch {
	case f.OnFail == plan.RollBackStage && automatic:
		return TakeItBack
	case f.OnFail == plan.Block:
		return BlockIt
	default:
		return FailIt
	}
}

// rank is how grave a consequence is.
func rank(c Consequence) int {
	return slices.Index([]Consequence{GoOn, WaitMore, HoldIt, FailIt, BlockIt, TakeItBack}, c)
}
