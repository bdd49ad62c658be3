package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/internal/placed"
)

func (l *linter) stageIDs() []string {
	ids := make([]string, len(l.spec.Stages))
	for i, s := range l.spec.Stages {
		ids[i] = string(s.ID)
	}
	return ids
}

func (l *linter) stages() {
	all := l.spec.Stages
	switch {
	case len(all) == 0:
		l.wrong("spec.stages", "a plan without stages", "write at least one stage")
	case len(all) > MostStages:
		l.wrong("spec.stages", fmt.Sprintf("%d stages are over the hard cap", len(all)), fmt.Sprintf("write at most %d", MostStages))
		return
	}
	for i, s := range all {
		path := fmt.Sprintf("spec.stages[%d]", i)
		switch first := slices.IndexFunc(all, func(o Stage) bool { return o.ID == s.ID }); {
		case !names.MatchString(string(s.ID)):
			l.wrong(path+".id", fmt.Sprintf("%q is no name of a stage", s.ID), wantName)
		case first < i:
			l.wrong(path+".id", fmt.Sprintf("there are two stages %s, the first on line %d", s.ID, l.sheet.Place(fmt.Sprintf("spec.stages[%d].id", first)).Line), "name each differently")
		}
		l.after(path, s)
		l.reversal(path, s)
		l.foreignKeys(path, s)
		l.approve(path, s)
		switch s.Kind {
		case Pilot, Wave:
			l.switching(path, s)
		case Rehearsal:
			l.rehearsal(path, s)
		case Port:
			l.port(path, s)
		case Manual:
			if len(s.Tasks) == 0 {
				l.wrong(path, fmt.Sprintf("%s is done by people and says not what", s.ID), "write tasks, each with owner, due, instruction and evidence")
			}
		}
		l.tasks(path, s)
	}
	l.cycles()
	l.cohorts()
}

func (l *linter) after(path string, s Stage) {
	twice(l, path+".after", s.After)
	for i, id := range s.After {
		at := fmt.Sprintf("%s.after[%d]", path, i)
		if id == s.ID {
			l.wrong(at, fmt.Sprintf("%s comes after itself", s.ID), "name the stage before it")
			continue
		}
		l.known(at, "stage", string(id), l.stageIDs())
	}
}

// cycles tells of stages that wait for each other, once a circle.
func (l *linter) cycles() {
	told := map[StageID]bool{}
	for i, s := range l.spec.Stages {
		if told[s.ID] || slices.Contains(s.After, s.ID) {
			continue
		}
		circle := l.circle(s.ID)
		if circle == nil {
			continue
		}
		for _, id := range circle {
			told[id] = true
		}
		l.wrong(fmt.Sprintf("spec.stages[%d].after", i), "stages wait for each other: "+strings.Join(texts(circle...), " after "), "take one of them out of an after")
	}
}

// circle is the shortest way from a stage over those it comes after back to
// itself; nil when there is none.
func (l *linter) circle(start StageID) []StageID {
	from := map[StageID]StageID{}
	for todo := []StageID{start}; len(todo) > 0; todo = todo[1:] {
		s, _ := l.plan.Stage(todo[0])
		for _, next := range s.After {
			if _, seen := from[next]; seen {
				continue
			}
			from[next] = s.ID
			if next != start {
				todo = append(todo, next)
				continue
			}
			way := []StageID{start}
			for id := s.ID; id != start; id = from[id] {
				way = append(way, id)
			}
			way = append(way, start)
			slices.Reverse(way)
			return way
		}
	}
	return nil
}

func (l *linter) reversal(path string, s Stage) {
	at := path + ".reversal"
	switch {
	case s.Reversal == "":
		l.wrong(path, fmt.Sprintf("%s does not say how it is taken back", s.ID), "write reversal: "+joined([]Reversal{ReversalMinutes, ReversalDays, Irreversible}))
	case s.Kind == Port && s.Reversal != Irreversible:
		l.wrong(at, fmt.Sprintf("a port is not taken back in %s: the losing carrier need not take the number again", s.Reversal), "write irreversible")
	case s.Kind.Switches() && s.Reversal == Irreversible:
		l.wrong(at, "a stage that switches users can always be taken back until finalise", "write minutes or days")
	case s.Kind.Switches() && s.Reversal == ReversalNone:
		l.wrong(at, "a stage that switches users has something to take back", "write minutes or days")
	case s.Kind == Rehearsal && s.Reversal != ReversalNone:
		l.wrong(at, "a rehearsal writes nothing", "write none, or leave it out")
	}
}

// foreignKeys tells of keys that mean nothing in a stage of its kind.
func (l *linter) foreignKeys(path string, s Stage) {
	for _, k := range []struct {
		key   string
		kinds []StageKind
	}{
		{"cohort", []StageKind{Pilot, Wave}},
		{"windows", []StageKind{Pilot, Wave, Port, Manual}},
		{"soak", []StageKind{Pilot, Wave, Port, Manual}},
		{"gates", []StageKind{Pilot, Wave, Port, Manual}},
		{"traffic", []StageKind{Rehearsal}},
		{"require", []StageKind{Rehearsal}},
		{"approve", []StageKind{Pilot, Wave, Port, Manual}},
		{"numbers", []StageKind{Port}},
		{"forward_until_done", []StageKind{Port}},
		{"tasks", []StageKind{Manual, Port}},
	} {
		if l.sheet.Written(placed.Join(path, k.key)) && !slices.Contains(k.kinds, s.Kind) {
			l.wrong(placed.Join(path, k.key), fmt.Sprintf("means nothing in a %s", s.Kind), "it belongs to a stage of kind "+joined(k.kinds))
		}
	}
}

func (l *linter) approve(path string, s Stage) {
	at := path + ".approve"
	if s.Approve != nil {
		l.approval(at, *s.Approve, BindPlan)
	}
	if a := l.plan.Approval(s); s.Reversal == Irreversible && a.Need < 2 {
		if s.Approve == nil {
			at = path
		}
		l.wrong(at, fmt.Sprintf("%s cannot be taken back and needs two approvals", s.ID), "write approve: {need: 2, roles: [cutover-approver, telecom-owner]}")
	}
}

// switching checks a stage that switches users.
func (l *linter) switching(path string, s Stage) {
	if s.Cohort == nil {
		l.wrong(path, fmt.Sprintf("%s switches nobody", s.ID), "write cohort: {match: {team: [sales]}}")
	}
	if len(s.Windows) == 0 {
		l.wrong(path, fmt.Sprintf("%s has no window, and no window is never open", s.ID), "write windows: [night] and the window under spec.calendars.windows")
	}
	twice(l, path+".windows", s.Windows)
	for i, w := range s.Windows {
		var there []string
		for name := range l.spec.Calendars.Windows {
			there = append(there, name)
		}
		l.known(fmt.Sprintf("%s.windows[%d]", path, i), "window", w, there)
	}
	if s.Soak == 0 {
		l.wrong(path, fmt.Sprintf("%s passes the moment the last user is switched", s.ID), "write soak: 5d")
	}
	twice(l, path+".gates", s.Gates)
	l.gates(path, s)
}

func (l *linter) gates(path string, s Stage) {
	g := l.spec.Gates
	for i, group := range s.Gates {
		empty := map[GateGroup]bool{PrecheckGates: len(g.Precheck) == 0, HealthGates: len(g.Health) == 0, ReconcileGates: len(g.Reconcile) == 0}
		if empty[group] {
			l.wrong(fmt.Sprintf("%s.gates[%d]", path, i), fmt.Sprintf("the plan has no %s gates", group), "write some under spec.gates."+string(group))
		}
	}
	if !s.Has(PrecheckGates) {
		l.wrong(path, fmt.Sprintf("%s writes without having looked first", s.ID), "write gates: [precheck, health, reconcile]")
	} else {
		for _, must := range []Check{BeforeImageComplete, RestoreRehearsed} {
			if len(g.Precheck) > 0 && !slices.ContainsFunc(g.Precheck, func(p Precheck) bool { return p.Check == must }) {
				l.once("spec.gates.precheck", fmt.Sprintf("lacks %s", must), map[Check]string{
					BeforeImageComplete: "add {check: before_image_complete, on_fail: skip_user}: what is not known before cannot be put back",
					RestoreRehearsed:    "add {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}: no way forward without a proved way back",
				}[must])
			}
		}
	}
	if !s.Has(HealthGates) && !s.Has(ReconcileGates) {
		l.doubt(path, fmt.Sprintf("%s passes whatever its calls are like", s.ID), "add health and reconcile to its gates")
	}
}

// once tells of a fault at a path only the first time.
func (l *linter) once(path, problem, want string) {
	if !slices.ContainsFunc(l.sheet.Faults, func(f Fault) bool { return f.Path == path && f.Problem == problem }) {
		l.wrong(path, problem, want)
	}
}

func (l *linter) rehearsal(path string, s Stage) {
	if s.Traffic == nil {
		l.wrong(path, fmt.Sprintf("%s does not say what it runs on", s.ID), "write traffic: {recording: rec-2027-02-02, speed: 20}")
	} else if s.Traffic.Speed == 0 || s.Traffic.Speed > 1000 {
		l.wrong(path+".traffic.speed", fmt.Sprintf("%d is no speed", s.Traffic.Speed), "write 1 to 1000")
	}
	if s.Require == nil || *s.Require == (Rehearsed{}) {
		l.wrong(path, fmt.Sprintf("%s passes whatever it shows", s.ID), "write require: {p90_duration: 3h, predicted_unaccounted_calls: 0, max_age: 7d}")
	}
}

func (l *linter) port(path string, s Stage) {
	if s.Numbers == nil {
		l.wrong(path, fmt.Sprintf("%s ports no numbers", s.ID), `write numbers: {range: "+44 20 7946 0000-0299", order: ...}`)
		return
	}
	for i, o := range l.spec.Stages {
		if o.ID == s.ID && path == fmt.Sprintf("spec.stages[%d]", i) {
			return
		}
		if o.Numbers == nil {
			continue
		}
		from, to := s.Numbers.Range.ends()
		a, b := o.Numbers.Range.ends()
		if from <= b && a <= to && to >= from && b >= a {
			l.wrong(path+".numbers.range", fmt.Sprintf("%s ports some of these numbers too", o.ID), "port each number once")
		}
	}
}

func (l *linter) tasks(path string, s Stage) {
	for i, t := range s.Tasks {
		at := fmt.Sprintf("%s.tasks[%d]", path, i)
		if first := slices.IndexFunc(s.Tasks, func(o Task) bool { return o.Name == t.Name }); first < i {
			l.wrong(at+".name", fmt.Sprintf("there are two tasks %q", t.Name), "name each differently")
		}
		if t.Due == 0 {
			l.wrong(at+".due", "due at once", "write how long after the beginning of the stage, as in 2d")
		}
	}
}
