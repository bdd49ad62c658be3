package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/report"
)

// sameQueue makes one row of what both sides call a queue, under its old name, and lets
// it be asked for by either name. A queue that takes the place of several is no one of
// them: it keeps a row of its own, and the notes say so.
func sameQueue(q *report.Query, m *config.Migration) (notes []string) {
	old := map[string]string{} // by the new name
	before := replacedQueues(m)
	for _, next := range slices.Sorted(maps.Keys(before)) {
		if all := before[next]; len(all) == 1 {
			old[next] = all[0]
		} else if q.Only == "" {
			notes = append(notes, fmt.Sprintf("queue %s of the new system takes the place of %s: it is a row of its own", next, strings.Join(all, ", ")))
		}
	}
	if _, isOld := m.Queues[q.Only]; !isOld {
		q.Only = cmp.Or(old[q.Only], q.Only)
	}
	if next := m.Queues[q.Only]; next != "" && old[next] == q.Only {
		q.Also = []string{next}
	}
	q.Rename = func(system, key string) string {
		if q.Sides[system] != dualtone.New {
			return key
		}
		return cmp.Or(old[key], key)
	}
	return notes
}

// replacedQueues are, for each queue of the new side, those of the old whose place it
// takes.
func replacedQueues(m *config.Migration) map[string][]string {
	all := map[string][]string{}
	for _, was := range slices.Sorted(maps.Keys(m.Queues)) {
		if next := m.Queues[was]; next != "" {
			all[next] = append(all[next], was)
		}
	}
	return all
}
