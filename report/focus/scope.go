package focus

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// scopeRules are those about the object that says to what a commitment applies.
func scopeRules() []rowRule {
	const id = "ContractCommitmentApplicability"
	of := func(holds func(v string) bool) func(r row) bool {
		return func(r row) bool { return !isObject(r.get(id)) || holds(r.get(id)) }
	}
	return []rowRule{
		must(id+"/schema", "the object is one of the specification's: what is included, and how the rules are joined", id, of(applies)),
		must(id+"/arrays", "what is in an array is of one type, there once, and never null", id, of(func(v string) bool {
			var tree any
			return json.Unmarshal([]byte(v), &tree) != nil || wellListed(tree)
		})),
		should(id+"/depth", "objects are nested three deep at most", id, of(func(v string) bool {
			var tree any
			return json.Unmarshal([]byte(v), &tree) != nil || depth(tree) <= 3
		})),
		should(id+"/dimension", "a dimension is a column of Cost and Usage", id, of(func(v string) bool {
			var s scope
			return json.Unmarshal([]byte(v), &s) != nil || !slices.ContainsFunc(slices.Concat(s.Inclusions, s.Exclusions), func(r struct{ Dimension string }) bool {
				return !strings.HasPrefix(r.Dimension, "x_") && !slices.Contains(dimensions(), r.Dimension)
			})
		})),
	}
}

// dimensions are the columns of Cost and Usage of version 1.2, and those that came
// until the version of the commitments.
func dimensions() []string {
	all := []string{
		"AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId", "AllocatedResourceName", "AllocatedTags",
		"CommitmentProgramEligibilityDetails", "ContractApplied", "HostProviderName", "InvoiceDetailId", "ServiceProviderName",
	}
	for _, f := range costFields() {
		all = append(all, f.id)
	}
	return all
}

// wellListed holds when what is in each array is alike, different, and something.
func wellListed(tree any) bool {
	switch v := tree.(type) {
	case map[string]any:
		for _, below := range v {
			if !wellListed(below) {
				return false
			}
		}
	case []any:
		for i, one := range v {
			if one == nil || reflect.TypeOf(one) != reflect.TypeOf(v[0]) || !wellListed(one) {
				return false
			}
			if slices.ContainsFunc(v[:i], func(o any) bool { return reflect.DeepEqual(o, one) }) {
				return false
			}
		}
	}
	return true
}

// depth is how many objects are in each other.
func depth(tree any) int {
	deepest := 0
	switch v := tree.(type) {
	case map[string]any:
		for _, below := range v {
			deepest = max(deepest, depth(below))
		}
		return deepest + 1
	case []any:
		for _, below := range v {
			deepest = max(deepest, depth(below))
		}
	}
	return deepest
}

// scope is what is read of the object that says to what a commitment applies.
type scope struct{ Inclusions, Exclusions []struct{ Dimension string } }

// shape is what an object of JSON may have by its keys.
type shape map[string]func(v any) bool

// holds reports whether v is an object that has the keys that are wanted and no others.
func (s shape) holds(v any, wanted ...string) bool {
	o, ok := v.(map[string]any)
	for key, value := range o {
		if is := s[key]; is == nil || !is(value) {
			return false
		}
	}
	return ok && !slices.ContainsFunc(wanted, func(key string) bool { _, there := o[key]; return !there })
}

func applies(v string) bool {
	var o map[string]any
	if json.Unmarshal([]byte(v), &o) != nil {
		return false
	}
	whole := shape{
		"IsGlobalScope": isTruth, "IsComplexScope": isTruth, "Applicability": isApplicability,
		"InclusionOperator": isJoin, "Inclusions": listOf(isScopeRule), "ExclusionOperator": isJoin, "Exclusions": listOf(isScopeRule),
	}
	for key := range o {
		if pascal(key) { // What a provider adds is its own matter.
			whole[key] = func(any) bool { return true }
		}
	}
	global, complicated := o["IsGlobalScope"] == true, o["IsComplexScope"] == true
	included, _ := o["Inclusions"].([]any)
	excluded, excludes := o["Exclusions"].([]any)
	wide := global || complicated
	return whole.holds(o) && (!global || !complicated) && wide == (len(included) == 0) && wide == (o["InclusionOperator"] == nil) &&
		implies(excludes, len(excluded) > 0 && o["ExclusionOperator"] != nil)
}

func isJoin(v any) bool { return v == "And" || v == "Or" }

func isShare(v any) bool {
	n, ok := v.(float64)
	return ok && n >= 0 && n <= 1
}

func isApplicability(v any) bool { return shape{"Cost": isShare, "Usage": isShare}.holds(v) }

func listOf(is func(v any) bool) func(v any) bool {
	return func(v any) bool {
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(list, func(one any) bool { return !is(one) })
	}
}

// isScopeRule holds for a rule of the object; a star stands alone.
func isScopeRule(v any) bool {
	operators := []any{"In", "NotIn", "StartsWith", "NotStartsWith", "Contains", "NotContains", "EndsWith", "Exists", "DoesNotExist"}
	whole := shape{
		"Dimension": isText, "Operator": func(v any) bool { return slices.Contains(operators, v) },
		"Values": listOf(func(one any) bool { _, ok := one.(string); return ok }), "Applicability": isApplicability,
	}
	if !whole.holds(v, "Dimension", "Operator", "Values") {
		return false
	}
	o, _ := v.(map[string]any)
	values, _ := o["Values"].([]any)
	star := slices.Contains(values, any("*"))
	exists := o["Operator"] == "Exists" || o["Operator"] == "DoesNotExist"
	return len(values) > 0 && implies(exists, star) &&
		implies(star, len(values) == 1 && (exists || o["Operator"] == "In" || o["Operator"] == "Contains"))
}
