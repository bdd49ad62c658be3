package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/placed"
)

// attributeNames are all that a cohort can be selected by, but those of the
// company's own.
func attributeNames() []string {
	return append([]string{"id", "name", "email", "extension", "site", "team", "side"}, dualtone.AttributeNames()...)
}

func (l *linter) cohorts() {
	for i, s := range l.spec.Stages {
		if s.Cohort == nil {
			continue
		}
		path := fmt.Sprintf("spec.stages[%d].cohort", i)
		l.cohort(path, s)
		l.sameCohort(path, i, s)
	}
	l.listedTwice()
}

func (l *linter) cohort(path string, s Stage) {
	c := s.Cohort
	if len(c.Match) == 0 && c.Where == "" && c.CSV == "" && !c.Remainder {
		l.wrong(path, "selects nobody", "write match, where, csv or remainder: true")
	}
	l.attributes(path+".match", c.Match)
	l.attributes(path+".exclude", c.Exclude)
	for _, name := range slices.Sorted(maps.Keys(c.Match)) {
		if gone := c.Exclude[name]; len(gone) > 0 && !slices.ContainsFunc(c.Match[name], func(v string) bool { return !slices.Contains(gone, v) }) {
			l.wrong(placed.Join(path+".exclude", name), "leaves out everybody whom match takes by "+name, "exclude less, or match more")
		}
	}
	if c.Where != "" {
		if _, fault := compileWhere(c.Where); fault != nil {
			l.wrong(path+".where", fault.Error(), "write it as in "+whereExample)
		}
	}
	if c.Order == AsListed && c.CSV == "" {
		l.wrong(path+".order", "as_listed without a csv file", "write csv as well, or another order")
	}
	twice(l, path+".keep_together", c.KeepTogether)
}

func (l *linter) attributes(path string, values map[string]Values) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := placed.Join(path, name)
		if !slices.Contains(attributeNames(), name) && !dualtone.FreeAttribute(name) {
			l.wrong(at, fmt.Sprintf("people have no attribute %q", placed.Printable(name)), placed.Meant(name, attributeNames())+" (a column of your own begins with x_)")
			continue
		}
		if len(values[name]) == 0 {
			l.wrong(at, "no values, so that it is nobody", "write them in brackets, as in [a, b]")
		}
		twice(l, at, values[name])
	}
}

// sameCohort tells of two stages that take the same people by the same words.
func (l *linter) sameCohort(path string, i int, s Stage) {
	if s.Cohort.Remainder {
		return
	}
	for j, o := range l.spec.Stages[:i] {
		if o.Cohort == nil {
			continue
		}
		a, b := *s.Cohort, *o.Cohort
		if a.CSV == "" && reflect.DeepEqual(a.Match, b.Match) && a.Where == b.Where && b.CSV == "" && (len(a.Match) > 0 || a.Where != "") {
			l.wrong(path, fmt.Sprintf("selects the same people as %s, on line %d", o.ID, l.sheet.Place(fmt.Sprintf("spec.stages[%d].cohort", j)).Line),
				"write remainder: true to take those whom no earlier stage takes")
			return
		}
	}
}

// listedTwice tells of people whom the files of two stages name.
func (l *linter) listedTwice() {
	first := map[dualtone.PersonID]StageID{}
	for i, s := range l.spec.Stages {
		if s.Cohort == nil || s.Cohort.CSV == "" {
			continue
		}
		var both []string
		with := StageID("")
		for _, p := range l.lists[s.Cohort.CSV] {
			if other, ok := first[p.id]; ok {
				both, with = append(both, string(p.id)), other
			} else {
				first[p.id] = s.ID
			}
		}
		if both != nil && !s.Cohort.Remainder {
			l.wrong(fmt.Sprintf("spec.stages[%d].cohort.csv", i), fmt.Sprintf("names %s, who are in %s already", few(both), with),
				"take them out of one file, or write remainder: true")
		}
	}
}

// few names so many as fit beside an excerpt of the file.
func few[T ~string](all []T) string { return Some(all, 5) }
