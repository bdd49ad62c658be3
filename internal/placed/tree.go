package placed

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may hold at most. A plan of a hundred stages stays far below.
const (
	mostBytes = 1 << 20
	mostDepth = 40
	mostNodes = 50_000 // with each alias counted as what it stands for
)

// Shape is what a value is.
type Shape int

// The shapes.
const (
	Empty Shape = iota
	Word
	Whole
	Fraction
	Truth
	Mapping
	List
)

// String names the shape as faults do.
func (s Shape) String() string {
	return [...]string{"nothing", "text", "a number", "a number with a point", "true or false", "a mapping", "a list"}[s]
}

// Scalar reports whether it is a single value.
func (s Shape) Scalar() bool { return s == Word || s == Whole || s == Fraction || s == Truth }

// Spot is a line and a column of a file, from 1.
type Spot struct{ Line, Column int }

// Node is a value of a file with its place.
type Node struct {
	Shape   Shape
	Text    string
	Entries []Entry
	Items   []*Node
	At      Spot
	// size counts the nodes in it, itself included.
	size int
}

// Entry is a key of a mapping and its value.
type Entry struct {
	Key   string
	At    Spot
	Value *Node
}

// Tell tells of something wrong at a place, and what to write instead.
type Tell func(at Spot, problem, want string)

// Asked is what to write instead where a file as a whole is wrong.
type Asked struct {
	Smaller string // of one over 1 MB
	Single  string // of one with a second document
}

// grower makes nodes of what the parser found and keeps them within bounds.
type grower struct {
	tell    Tell
	anchors map[string]*Node
	// size counts the nodes, each alias as what it stands for.
	size int
}

// Parse reads a YAML file; nil when there is nothing in it or nothing can be made
// of it, which was then told.
func Parse(text []byte, asked Asked, tell Tell) *Node {
	switch {
	case len(text) > mostBytes:
		tell(Spot{1, 1}, "the file is over 1 MB", asked.Smaller)
		return nil
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		tell(Spot{1, 1}, "the file is UTF-16", "save it as UTF-8")
		return nil
	case !utf8.Valid(text):
		tell(spotOf(text, invalidAt(text)), "the file is not UTF-8", "save it as UTF-8")
		return nil
	}
	if at := tooDeep(text); at >= 0 {
		tell(spotOf(text, at), fmt.Sprintf("nested more than %d deep", mostDepth), "")
		return nil
	}
	file, err := parseYAML(text)
	if err != nil {
		tell(syntaxFault(err))
		return nil
	}
	g := grower{anchors: map[string]*Node{}, tell: tell}
	var root *Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			tell(g.grow(doc.Body, 0).At, "a second document", asked.Single)
			break
		}
		root = g.grow(doc.Body, 0)
	}
	if root == nil || root.Shape == Empty || g.size > mostNodes {
		return nil
	}
	return root
}

// parseYAML never panics, whatever is in the file.
func parseYAML(text []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("not YAML")
		}
	}()
	return parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
}

func syntaxFault(err error) (at Spot, problem, want string) {
	at, problem = Spot{1, 1}, err.Error()
	if y, ok := errors.AsType[yaml.Error](err); ok {
		problem = y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			at = Spot{max(t.Position.Line, 1), max(t.Position.Column, 1)}
		}
	}
	for _, known := range [][3]string{
		{"found character '\t'", "a tab in the indentation", "indent with spaces"},
		{"found a tab character", "a tab in the indentation", "indent with spaces"},
		{"non-map value is specified", "a line that is neither a key nor below one", "write key: value, and indent it as its neighbors are"},
		{"unexpected key name", "a key without a value or with a wrong indentation", "write key: value, and indent it as its neighbors are"},
		{"value is not allowed in this context", "a value where none can stand", "indent it as its neighbors are, or put a text with a colon in quotes"},
		{"sequence end token ']' not found", "a list that is opened and not closed", "close it with ]"},
		{"could not find flow map content", "a mapping that is opened and not closed", "close it with }"},
		{"',' or '}' must be specified", "a mapping in braces that goes wrong here", "write a comma between its keys, and close its quotes and braces"},
		{"',' or ']' must be specified", "a list in brackets that goes wrong here", "write a comma between its items, and close its quotes and brackets"},
		{"could not find end character of double-quoted", `a text that is opened with " and not closed`, `close it with "`},
		{"could not find end character of single-quoted", "a text that is opened with ' and not closed", "close it with '"},
	} {
		if strings.Contains(problem, known[0]) {
			return at, known[1], known[2]
		}
	}
	return at, "not YAML: " + Printable(problem), ""
}

// tooDeep is where lists and mappings are opened on a line, or in braces, more
// often than a plan can need, before a parser recurses into them; -1 for nowhere.
func tooDeep(text []byte) int {
	depth, start := 0, 0
	for line := range bytes.Lines(text) {
		rest, dashes := bytes.TrimLeft(line, " "), 0
		for len(rest) > 1 && (rest[0] == '-' || rest[0] == '?') && rest[1] == ' ' {
			rest, dashes = bytes.TrimLeft(rest[1:], " "), dashes+1
		}
		if dashes > mostDepth {
			return start
		}
		for i, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			if depth > mostDepth {
				return start + i
			}
		}
		start += len(line)
	}
	return -1
}

func invalidAt(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

func spotOf(text []byte, offset int) Spot {
	before := text[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Spot{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1}
}

func (g *grower) spot(t *token.Token) Spot {
	if t == nil || t.Position == nil {
		return Spot{1, 1}
	}
	return Spot{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

func (g *grower) grow(n ast.Node, depth int) *Node {
	at := g.spot(n.GetToken())
	if depth > mostDepth {
		g.tell(at, fmt.Sprintf("nested more than %d deep", mostDepth), "")
		return g.leaf(Empty, "", at)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return g.mapping(n.Values, at, depth)
	case *ast.MappingValueNode:
		return g.mapping([]*ast.MappingValueNode{n}, at, depth)
	case *ast.SequenceNode:
		all := &Node{Shape: List, At: at, size: 1}
		for _, v := range n.Values {
			item := g.grow(v, depth+1)
			all.Items, all.size = append(all.Items, item), all.size+item.size
		}
		return all
	case *ast.AnchorNode:
		grown := g.grow(n.Value, depth)
		g.anchors[n.Name.GetToken().Value] = grown
		return grown
	case *ast.AliasNode:
		return g.alias(n, at)
	case *ast.TagNode:
		g.tell(at, fmt.Sprintf("the tag %s is not read", n.GetToken().Value), "take it away")
		return g.grow(n.Value, depth)
	case *ast.NullNode:
		return g.leaf(Empty, "", at)
	case *ast.LiteralNode:
		return g.leaf(Word, n.Value.Value, at)
	case *ast.StringNode:
		return g.leaf(Word, n.Value, at)
	case *ast.IntegerNode:
		return g.leaf(Whole, n.GetToken().Value, at)
	case *ast.FloatNode:
		return g.leaf(Fraction, n.GetToken().Value, at)
	case *ast.BoolNode:
		return g.leaf(Truth, n.GetToken().Value, at)
	default:
		return g.leaf(Word, n.GetToken().Value, at)
	}
}

// leaf is a value of its own; too many of them are an end to all.
func (g *grower) leaf(s Shape, text string, at Spot) *Node {
	g.size++
	return &Node{Shape: s, Text: text, At: at, size: 1}
}

// alias stands for its anchor as long as all aliases together stand for no more
// than a plan may hold.
func (g *grower) alias(n *ast.AliasNode, at Spot) *Node {
	if g.size > mostNodes {
		return g.leaf(Empty, "", at) // Told once.
	}
	name := n.Value.GetToken().Value
	known := g.anchors[name]
	if known == nil {
		g.tell(at, fmt.Sprintf("*%s stands for an anchor that is not there", Printable(name)), "write &"+Printable(name)+" before the value it stands for")
		return g.leaf(Empty, "", at)
	}
	g.size += known.size
	if g.size > mostNodes {
		g.tell(at, fmt.Sprintf("aliases stand for more than %d values", mostNodes), "write the values out")
		return g.leaf(Empty, "", at)
	}
	return known
}

func (g *grower) mapping(values []*ast.MappingValueNode, at Spot, depth int) *Node {
	all := &Node{Shape: Mapping, At: at, size: 1}
	first := map[string]Spot{}
	for _, v := range values {
		t := v.Key.GetToken()
		keyAt := g.spot(t)
		if len(all.Entries) == 0 {
			all.At = keyAt
		}
		if v.Key.IsMergeKey() {
			g.tell(keyAt, "merged mappings are not read", "write the keys out")
			continue
		}
		key := t.Value
		if s, ok := v.Key.(*ast.StringNode); ok {
			key = s.Value
		}
		if was, twice := first[key]; twice {
			g.tell(keyAt, fmt.Sprintf("the key %s is there twice, first on line %d", Printable(key), was.Line), "take one away")
			continue
		}
		first[key] = keyAt
		value := g.grow(v.Value, depth+1)
		if value.Shape == Empty {
			value.At = keyAt
		}
		all.Entries = append(all.Entries, Entry{Key: key, At: keyAt, Value: value})
		all.size += value.size
	}
	return all
}
