package config

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/internal/placed"
)

// place is where a value comes from: a spot of a file, or a variable or a flag.
type place struct {
	source string
	placed.Spot
}

func (p place) problem(key, text, hint string) Problem {
	return Problem{Key: key, Source: p.source, Line: p.Line, Column: p.Column, Text: text, Hint: hint}
}

// parse reads a YAML file into nodes.
func parse(name string, text []byte) (*placed.Node, problems) {
	var found problems
	root := placed.Parse(text, placed.Asked{Single: "keep all settings in one"}, func(at placed.Spot, problem, want string) {
		found = append(found, place{name, at}.problem("", problem, want))
	})
	switch {
	case root == nil:
		return &placed.Node{Shape: placed.Mapping, At: placed.Spot{Line: 1, Column: 1}}, found
	case root.Shape != placed.Mapping:
		at := place{name, root.At}
		return nil, append(found, at.problem("", fmt.Sprintf("want a mapping of settings, got %s", root.Shape), ""))
	default:
		return root, found
	}
}

// get returns the value of a mapping's key, nil if it is not there.
func get(n *placed.Node, key string) *placed.Node {
	for _, e := range n.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// without returns the mapping less one key.
func without(n *placed.Node, key string) *placed.Node {
	rest := *n
	rest.Entries = slices.DeleteFunc(slices.Clone(n.Entries), func(e placed.Entry) bool { return e.Key == key })
	return &rest
}
