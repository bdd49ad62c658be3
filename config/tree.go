package config

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

type shape int

const (
	empty shape = iota
	scalar
	mapping
	list
)

func (s shape) String() string {
	return [...]string{"nothing", "a single value", "a mapping", "a list"}[s]
}

// place is where a value comes from.
type place struct {
	source       string
	line, column int
}

func (p place) problem(key, text, hint string) Problem {
	return Problem{Key: key, Source: p.source, Line: p.line, Column: p.column, Text: text, Hint: hint}
}

// node is a value of the file with its place.
type node struct {
	shape   shape
	text    string
	entries []entry
	items   []*node
	at      place
}

type entry struct {
	key   string
	at    place
	value *node
}

// get returns the value of a mapping's key, nil if it is not there.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// without returns the mapping less one key.
func (n *node) without(key string) *node {
	rest := *n
	rest.entries = nil
	for _, e := range n.entries {
		if e.key != key {
			rest.entries = append(rest.entries, e)
		}
	}
	return &rest
}

// parse reads a YAML file into nodes.
func parse(name string, text []byte) (*node, problems) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, problems{syntaxProblem(name, err)}
	}
	g := grower{name: name, anchors: map[string]*node{}}
	root := &node{shape: mapping, at: place{source: name, line: 1, column: 1}}
	for i, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		grown := g.grow(doc.Body)
		switch {
		case i > 0:
			g.problems = append(g.problems, grown.at.problem("", "a second document", "keep all settings in one"))
		case grown.shape == mapping:
			root = grown
		case grown.shape != empty:
			g.problems = append(g.problems, grown.at.problem("", fmt.Sprintf("want a mapping of settings, got %s", grown.shape), ""))
		}
	}
	return root, g.problems
}

func syntaxProblem(name string, err error) Problem {
	p := Problem{Source: name, Text: err.Error()}
	if y, ok := errors.AsType[yaml.Error](err); ok {
		p.Text = "not YAML: " + y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

type grower struct {
	name     string
	anchors  map[string]*node
	problems problems
}

func (g *grower) place(t *token.Token) place {
	p := place{source: g.name}
	if t != nil && t.Position != nil {
		p.line, p.column = t.Position.Line, t.Position.Column
	}
	return p
}

func (g *grower) grow(n ast.Node) *node {
	at := g.place(n.GetToken())
	switch n := n.(type) {
	case *ast.MappingNode:
		return g.mapping(n.Values, at)
	case *ast.MappingValueNode:
		return g.mapping([]*ast.MappingValueNode{n}, at)
	case *ast.SequenceNode:
		all := &node{shape: list, at: at}
		for _, v := range n.Values {
			all.items = append(all.items, g.grow(v))
		}
		return all
	case *ast.AnchorNode:
		grown := g.grow(n.Value)
		g.anchors[n.Name.GetToken().Value] = grown
		return grown
	case *ast.AliasNode:
		if known := g.anchors[n.Value.GetToken().Value]; known != nil {
			return known
		}
		g.problems = append(g.problems, at.problem("", "alias of an anchor that is not there", ""))
		return &node{at: at}
	case *ast.TagNode:
		return g.grow(n.Value)
	case *ast.NullNode:
		return &node{at: at}
	case *ast.LiteralNode:
		return &node{shape: scalar, text: n.Value.Value, at: at}
	case *ast.StringNode:
		return &node{shape: scalar, text: n.Value, at: at}
	default:
		return &node{shape: scalar, text: n.GetToken().Value, at: at}
	}
}

func (g *grower) mapping(values []*ast.MappingValueNode, at place) *node {
	all := &node{shape: mapping, at: at}
	for _, v := range values {
		t := v.Key.GetToken()
		keyAt := g.place(t)
		if len(all.entries) == 0 {
			all.at = keyAt
		}
		if v.Key.IsMergeKey() {
			g.problems = append(g.problems, keyAt.problem("<<", "merged mappings are not read", "write the settings out"))
			continue
		}
		key := t.Value
		if s, ok := v.Key.(*ast.StringNode); ok {
			key = s.Value
		}
		all.entries = append(all.entries, entry{key: key, at: keyAt, value: g.grow(v.Value)})
	}
	return all
}
