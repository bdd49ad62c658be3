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
			return json.Unmarshal([]byte(v), &s) != nil || !slices.ContainsFunc(slices.Concat(s.Inclusions, s.Exclusions), func(r scopeRule) bool {
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

// scope is the object that says to what a commitment applies.
type scope struct {
	IsGlobalScope, IsComplexScope        bool
	Applicability                        *fractions
	InclusionOperator, ExclusionOperator *string
	Inclusions, Exclusions               []scopeRule
}

type fractions struct{ Cost, Usage *json.Number }

type scopeRule struct {
	Dimension, Operator string
	Values              []string
	Applicability       *fractions
}

func applies(v string) bool {
	var s scope
	d := json.NewDecoder(strings.NewReader(v))
	d.DisallowUnknownFields()
	if d.Decode(&s) != nil || s.IsGlobalScope && s.IsComplexScope || !s.Applicability.hold() {
		return false
	}
	wide := s.IsGlobalScope || s.IsComplexScope
	if wide != (len(s.Inclusions) == 0) || wide != (s.InclusionOperator == nil) || !joined(s.InclusionOperator) || !joined(s.ExclusionOperator) {
		return false
	}
	return !slices.ContainsFunc(slices.Concat(s.Inclusions, s.Exclusions), func(r scopeRule) bool { return !r.hold() })
}

func joined(operator *string) bool { return operator == nil || *operator == "And" || *operator == "Or" }

func (f *fractions) hold() bool {
	return f == nil || (f.Cost == nil || ratio(f.Cost.String())) && (f.Usage == nil || ratio(f.Usage.String()))
}

// hold checks a rule of the object; a star stands alone.
func (r *scopeRule) hold() bool {
	operators := []string{"In", "NotIn", "StartsWith", "NotStartsWith", "Contains", "NotContains", "EndsWith", "Exists", "DoesNotExist"}
	star := slices.Contains(r.Values, "*")
	exists := r.Operator == "Exists" || r.Operator == "DoesNotExist"
	return r.Dimension != "" && slices.Contains(operators, r.Operator) && len(r.Values) > 0 &&
		(!star || len(r.Values) == 1 && (exists || r.Operator == "In" || r.Operator == "Contains")) && (!exists || star) && r.Applicability.hold()
}
