package connectsim

import (
	"slices"
	"strings"
)

// searchable are the fields of a thing that a condition may name.
type searchable[T any] map[string]func(T) []string

func userFields() searchable[*user] {
	return searchable[*user]{
		"username":          func(u *user) []string { return []string{u.username} },
		"firstname":         func(u *user) []string { return []string{u.first} },
		"lastname":          func(u *user) []string { return []string{u.last} },
		"routingprofileid":  func(u *user) []string { return []string{u.profile} },
		"securityprofileid": func(u *user) []string { return u.security },
		"resourceid":        func(u *user) []string { return []string{u.id} },
	}
}

func queueFields() searchable[*queue] {
	return searchable[*queue]{
		"name":       func(q *queue) []string { return []string{q.name} },
		"resourceid": func(q *queue) []string { return []string{q.id} },
	}
}

func profileFields() searchable[*profile] {
	return searchable[*profile]{
		"name":        func(p *profile) []string { return []string{p.name} },
		"description": func(p *profile) []string { return []string{p.description} },
		"resourceid":  func(p *profile) []string { return []string{p.id} },
	}
}

// criteria reads SearchCriteria: a condition on a text, or such conditions
// joined by and or by or.
func criteria[T any](message object, fields searchable[T]) (func(T) bool, error) {
	c, ok := message["SearchCriteria"].(map[string]any)
	if !ok {
		return all[T], nil
	}
	return condition(c, fields)
}

func condition[T any](c map[string]any, fields searchable[T]) (func(T) bool, error) {
	var tests []func(T) bool
	if text, ok := c["StringCondition"].(map[string]any); ok {
		test, err := textCondition(text, fields)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	for _, join := range []string{"AndConditions", "OrConditions"} {
		list, ok := c[join].([]any)
		if !ok || len(list) == 0 {
			continue
		}
		inner := make([]func(T) bool, 0, len(list))
		for _, v := range list {
			one, ok := v.(map[string]any)
			if !ok {
				return nil, invalidParameter("%s must hold conditions", join)
			}
			test, err := condition(one, fields)
			if err != nil {
				return nil, err
			}
			inner = append(inner, test)
		}
		tests = append(tests, joined(join, inner))
	}
	return joined("AndConditions", tests), nil
}

func joined[T any](join string, tests []func(T) bool) func(T) bool {
	return func(v T) bool {
		holds := func(test func(T) bool) bool { return test(v) }
		if join == "OrConditions" {
			return slices.ContainsFunc(tests, holds)
		}
		return !slices.ContainsFunc(tests, func(test func(T) bool) bool { return !test(v) })
	}
}

func textCondition[T any](c map[string]any, fields searchable[T]) (func(T) bool, error) {
	field, _ := c["FieldName"].(string)
	value, _ := c["Value"].(string)
	comparison, _ := c["ComparisonType"].(string)
	values, ok := fields[strings.ToLower(field)]
	if !ok {
		return nil, invalidParameter("FieldName %q cannot be searched", field)
	}
	value = strings.ToLower(value)
	return func(v T) bool {
		return slices.ContainsFunc(values(v), func(text string) bool {
			text = strings.ToLower(text)
			switch comparison {
			case "STARTS_WITH":
				return strings.HasPrefix(text, value)
			case "CONTAINS":
				return strings.Contains(text, value)
			default:
				return text == value
			}
		})
	}, nil
}
