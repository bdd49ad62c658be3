package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/internal/placed"
)

// Edit is one thing that two versions of a plan say differently.
type Edit struct {
	// Path leads to it; stages, gates and blackouts are named and not counted.
	Path string `json:"path"`
	// Before and After are JSON; empty where there is nothing.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Edits lists what a later version says differently, files included, and
// nothing of comments or the order of keys.
func Edits(before, after *Document) []Edit {
	var c comparison
	c.compare("", tree(before.Plan), tree(after.Plan))
	for _, name := range slices.Sorted(maps.Keys(united(before.Files, after.Files))) {
		was, is := before.Files[name], after.Files[name]
		if was != is {
			c = append(c, Edit{"file " + name, fileSum(was), fileSum(is)})
		}
	}
	return c
}

// Void is an approval that an edit makes void.
type Void struct {
	// Stage is empty for the approval of the plan as a whole, and "finalise" for
	// that of the point of no return.
	Stage   string   `json:"stage,omitempty"`
	Need    int      `json:"need"`
	Roles   []Role   `json:"roles"`
	Because []string `json:"because"`
}

// FinaliseApproval is the name of the approval at the point of no return.
const FinaliseApproval = "finalise"

// Voids lists the approvals of a version that another plan hash or another
// cohort hash makes void. Approvals bind the plan as a whole, so any edit voids
// those that bind it.
func Voids(p *Plan, planChanged, cohortChanged bool) []Void {
	var all []Void
	add := func(name string, a Approval) {
		var because []string
		if planChanged && slices.Contains(a.Binds, BindPlan) {
			because = append(because, "binds plan_hash, and the plan has changed")
		}
		if cohortChanged && slices.Contains(a.Binds, BindCohort) {
			because = append(because, "binds cohort_hash, and the people have changed")
		}
		if because != nil {
			all = append(all, Void{name, a.Need, a.Roles, because})
		}
	}
	add("", p.Spec.Approvals.Plan)
	for _, s := range p.Spec.Stages {
		add(string(s.ID), p.Approval(s))
	}
	if f := p.Spec.Finalise; f != nil {
		add(FinaliseApproval, f.Approve)
	}
	return all
}

func fileSum(text string) string {
	if text == "" {
		return ""
	}
	return "sha256 " + hashOf([]byte(text)).Short()
}

// tree is a plan as JSON has it.
func tree(p Plan) any {
	text, err := json.Marshal(p)
	if err != nil {
		panic("plan: " + err.Error()) // Every type in a plan can be written.
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		panic("plan: " + err.Error())
	}
	return v
}

type comparison []Edit

func (c *comparison) compare(path string, before, after any) {
	was, wasMap := before.(map[string]any)
	is, isMap := after.(map[string]any)
	if wasMap && isMap {
		for _, key := range slices.Sorted(maps.Keys(united(was, is))) {
			c.compare(placed.Join(path, key), was[key], is[key])
		}
		return
	}
	if a, ok := named(before); ok {
		if b, ok := named(after); ok {
			c.compareNamed(path, a, b)
			return
		}
	}
	a, b := asText(before), asText(after)
	if a != b {
		*c = append(*c, Edit{path, a, b})
	}
}

// compareNamed compares lists whose items have names. Their order counts as well.
func (c *comparison) compareNamed(path string, before, after []namedItem) {
	var order [2][]string
	values := [2]map[string]any{{}, {}}
	for i, list := range [][]namedItem{before, after} {
		for _, item := range list {
			order[i], values[i][item.name] = append(order[i], item.name), item.value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(united(values[0], values[1]))) {
		c.compare(fmt.Sprintf("%s[%s]", path, name), values[0][name], values[1][name])
	}
	left := func(names []string, there map[string]any) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { _, ok := there[n]; return !ok })
	}
	a, b := left(order[0], values[1]), left(order[1], values[0])
	if !slices.Equal(a, b) {
		*c = append(*c, Edit{path + " (order)", strings.Join(a, ", "), strings.Join(b, ", ")})
	}
}

type namedItem struct {
	name  string
	value any
}

// named is a list of mappings that each have an id, a name, a check or a diff of
// their own.
func named(v any) ([]namedItem, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	items := []namedItem{}
	seen := map[string]bool{}
	for _, item := range list {
		m, _ := item.(map[string]any)
		name := ""
		for _, key := range []string{"id", "name", "check", "diff"} {
			if text, ok := m[key].(string); ok {
				name = text
				break
			}
		}
		if name == "" || seen[name] {
			return nil, false
		}
		seen[name] = true
		items = append(items, namedItem{name, item})
	}
	return items, true
}

func asText(v any) string {
	if v == nil {
		return ""
	}
	if text, ok := v.(string); ok {
		return text
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic("plan: " + err.Error())
	}
	return string(text)
}

func united[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return all
}
