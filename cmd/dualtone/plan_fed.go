package main

import (
	"fmt"

	callformat "github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover/plan"
)

// unfed says of a plan's gates which of them nothing that the settings connect can
// feed. Without settings, or of a system that they do not name, it says nothing: a
// plan is checked on machines that know neither.
func (a *app) unfed() func(plan.Metric, string) (why, want string) {
	cfg, err := a.settings()
	if err != nil {
		return nil
	}
	return func(m plan.Metric, system string) (why, want string) {
		if m != plan.ScreenPopMatch && m != plan.MOSP10 {
			return "", ""
		}
		f, mapping, known := recordsOf(cfg, system)
		if !known {
			return "", ""
		}
		pop, sound := f.Tells(mapping)
		switch {
		case m == plan.ScreenPopMatch && !pop:
			return fmt.Sprintf("the records of %s, which are %s, tell of no screen pops", system, f.Name), unfedWant("pop", system)
		case m == plan.MOSP10 && !sound:
			return fmt.Sprintf("the records of %s, which are %s, tell no scores of voice quality", system, f.Name), unfedWant("mos", system)
		default:
			return "", ""
		}
	}
}

func unfedWant(column, system string) string {
	return fmt.Sprintf("take the gate out, or map a column to %s in calls.systems.%s.mapping of the settings", column, system)
}

// recordsOf is how the records of a system are read; false where only their content
// tells, and of a system that the settings do not name.
func recordsOf(cfg *config.Config, name string) (callformat.Format, *callformat.Mapping, bool) {
	o, f, err := cfg.Calls.Options(name)
	if err == nil && f != nil {
		return *f, o.Mapping, true
	}
	system, named := cfg.Systems[name]
	if err != nil || !named {
		return callformat.Format{}, nil, false
	}
	found, ok := callformat.OfSystem(system.Kind)
	return found, nil, ok
}
