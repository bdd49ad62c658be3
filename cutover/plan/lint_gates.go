package plan

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/internal/placed"
)

func (l *linter) prechecks() {
	gates := l.spec.Gates.Precheck
	for i, p := range gates {
		path := fmt.Sprintf("spec.gates.precheck[%d]", i)
		if first := slices.IndexFunc(gates, func(o Precheck) bool { return o.Check == p.Check }); first < i {
			l.wrong(path+".check", fmt.Sprintf("%s is checked twice", p.Check), "take one away")
		}
		switch {
		case p.Check == RestoreRehearsed && p.MaxAge == 0:
			l.wrong(path, "restore_rehearsed without max_age takes a proof of any age", "write max_age: 14d")
		case p.Check == RestoreRehearsed && p.OnFail != BlockStage:
			l.wrong(path+".on_fail", "a way back that is not proved is not one user's affair", "write on_fail: block_stage")
		case p.Check == BeforeImageComplete && p.OnFail == DeferUser:
			l.wrong(path+".on_fail", "a before-image does not become complete by waiting", "write on_fail: skip_user or block_stage")
		case p.Check == NotOnCallAndWrapped && p.Wait == 0:
			l.wrong(path, "does not say how long to wait for the end of a call", "write wait: 20m")
		case p.OnTimeout != "" && p.Wait == 0:
			l.wrong(path+".on_timeout", "on_timeout without a time to wait", "write wait: 20m as well")
		case p.OnTimeout != "" && p.OnTimeout != DeferUser:
			l.wrong(path+".on_timeout", "whoever is on a call is free in the next window", "write on_timeout: defer_user, or leave it out")
		case p.Wait > Day:
			l.wrong(path+".wait", fmt.Sprintf("%s is more than a day", p.Wait), "defer the user to the next window instead")
		}
	}
}

func (l *linter) healthGates() {
	gates := l.spec.Gates.Health
	for i, g := range gates {
		path := fmt.Sprintf("spec.gates.health[%d]", i)
		if !names.MatchString(g.Name) {
			l.wrong(path+".name", fmt.Sprintf("%q is no name of a gate", g.Name), wantName)
		}
		if first := slices.IndexFunc(gates, func(o HealthGate) bool { return o.Name == g.Name }); first < i {
			l.wrong(path+".name", "there are two gates "+g.Name, "name each differently and say the metric with metric")
		}
		if !slices.Contains(g.Metric.Words(), string(g.Metric)) {
			at := path + ".metric"
			if !l.sheet.Written(at) {
				at = path + ".name"
			}
			l.wrong(at, fmt.Sprintf("there is no metric %q", placed.Printable(string(g.Metric))), placed.Meant(string(g.Metric), g.Metric.Words()))
			continue
		}
		l.fed(path, g)
		l.judgement(path, g)
		if g.MinSamples == 0 {
			l.wrong(path+".min_samples", "a gate that needs no samples passes without any", "write at least 1")
		}
		if !g.Window.Stage && g.Window.For == 0 {
			l.wrong(path+".window", "measures over no time", "write a duration such as 60m, or stage")
		}
		if l.sheet.Written(path+".fail_after") && g.FailAfter < 1 || g.FailAfter > 100 {
			l.wrong(path+".fail_after", fmt.Sprintf("%d is not a number of measurements", g.FailAfter), "write 1 to 100")
		}
	}
}

// fed asks whether anything that is connected can tell the gate's metric. A gate
// that nothing feeds has no data, and holds the plan for ever.
func (l *linter) fed(path string, g HealthGate) {
	if l.source.Unfed == nil {
		return
	}
	read := []string{l.spec.Systems.New}
	if g.Compare != nil && g.Compare.To == ToOldSide {
		read = append(read, l.spec.Systems.Old)
	}
	at := path + ".metric"
	if !l.sheet.Written(at) {
		at = path + ".name"
	}
	for _, system := range read {
		switch why, want := l.source.Unfed(g.Metric, system); {
		case why == "":
		case g.ObserveOnly:
			l.doubt(at, fmt.Sprintf("%s has no source, there is nothing to observe: %s", g.Metric, why), want)
		default:
			l.wrong(at, fmt.Sprintf("%s has no source and would hold for ever: %s", g.Metric, why), want)
		}
	}
}

// judgement checks what a gate's metric is held against.
func (l *linter) judgement(path string, g HealthGate) {
	switch {
	case g.Compare == nil && g.Threshold == nil:
		l.wrong(path, "is held against nothing", "write compare: {to: baseline, max_drop: 3%} or threshold: {min: 99%}")
	case g.Compare != nil && g.Threshold != nil:
		l.wrong(path, "has both compare and threshold", "write two gates with the same metric")
	case g.Compare != nil:
		l.compare(path+".compare", g)
	default:
		l.threshold(path+".threshold", g)
	}
}

func (l *linter) compare(path string, g HealthGate) {
	c := g.Compare
	switch {
	case c.To == ToBaseline && !g.Metric.Summed():
		l.wrong(path+".to", fmt.Sprintf("the baseline does not tell %s, so that the gate would hold for ever", g.Metric), "write a threshold, as in threshold: {max: 0}")
		return
	case c.To == ToOldSide && !g.Metric.OfSide():
		l.wrong(path+".to", fmt.Sprintf("%s are of both sides together, so that the gate would hold for ever", g.Metric), "write a threshold, as in threshold: {max: 0}")
		return
	}
	if c.MaxDrop == nil && c.MaxRise == nil {
		l.wrong(path, "says neither how far it may drop nor how far it may rise", "write max_drop: 3% or max_rise: 2pp")
	}
	for key, change := range map[string]*Change{"max_drop": c.MaxDrop, "max_rise": c.MaxRise} {
		if change != nil && change.Points && g.Metric.Unit() != InPercent {
			l.wrong(path+"."+key, fmt.Sprintf("%s is not a percentage, so that it has no percentage points", g.Metric), "write a part of its value, as in 15%")
		}
	}
	if c.MaxDrop != nil && !c.MaxDrop.Points && c.MaxDrop.Amount >= 100*OnePercent {
		l.wrong(path+".max_drop", "a drop by all of it is no limit", "write less than 100%")
	}
}

func (l *linter) threshold(path string, g HealthGate) {
	t := g.Threshold
	if t.Min == nil && t.Max == nil {
		l.wrong(path, "has neither min nor max", "write min: 99% or max: 0")
	}
	unit := g.Metric.Unit()
	example := map[Unit]string{InPercent: "99%", InTime: "6m", InNumbers: "3.6"}[unit]
	for key, level := range map[string]*Level{"min": t.Min, "max": t.Max} {
		// Zero is zero in any unit.
		if level != nil && level.Unit != unit && level.Micro != 0 {
			l.wrong(path+"."+key, fmt.Sprintf("%s is measured as a %s, not as %s", g.Metric, unit, level), "write it as in "+example)
		}
	}
	if t.Min != nil && t.Max != nil && t.Min.Micro > t.Max.Micro {
		l.wrong(path+".min", fmt.Sprintf("%s is more than max, which is %s", t.Min, t.Max), "no measurement could pass")
	}
}

func (l *linter) reconciles() {
	gates := l.spec.Gates.Reconcile
	for i, g := range gates {
		path := fmt.Sprintf("spec.gates.reconcile[%d]", i)
		if first := slices.IndexFunc(gates, func(o Reconcile) bool { return o.Diff == g.Diff }); first < i {
			l.wrong(path+".diff", fmt.Sprintf("%s is compared twice", g.Diff), "take one away")
		}
		l.tolerance(path, g)
		twice(l, path+".explain", g.Explain)
		if g.MaxAge == 0 {
			l.wrong(path+".max_age", "no comparison is that young", "write how old it may be, as in 24h")
		}
	}
}

// tolerance checks how much a comparison may leave open.
func (l *linter) tolerance(path string, g Reconcile) {
	switch g.Diff {
	case UserState:
		if g.MaxUnexplained == nil {
			l.wrong(path, "does not say how many differences may be left", "write max_unexplained: 0")
		}
		if g.MaxUnmatched != nil || g.MatchWindow != 0 {
			l.wrong(path, "max_unmatched and match_window are of calls", "write them at diff: call_log")
		}
	case CallLog:
		if g.MaxUnmatched == nil {
			l.wrong(path, "does not say how many calls may be left unmatched", "write max_unmatched: 0.1%")
		}
		if g.MatchWindow == 0 {
			l.wrong(path, "does not say how far the times of one call may lie apart", "write match_window: 90s")
		}
		if g.MaxUnexplained != nil {
			l.wrong(path+".max_unexplained", "is of users", "write max_unmatched for calls")
		}
	}
}
