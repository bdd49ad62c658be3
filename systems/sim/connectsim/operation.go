package connectsim

import (
	_ "embed" // the table of operations
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

//go:embed operations.txt
var operationsText string

// operation is one operation of the service and the shape of its messages.
type operation struct {
	name, method, path     string
	query, request, answer *shape
}

// shape is what the service's model says of one member.
type shape struct {
	kind     string
	required bool
	low      int
	high     int // negative for no limit
	enum     []string
	members  map[string]*shape
	order    []string
	item     *shape
}

func newShape() *shape { return &shape{kind: "object", high: -1, members: map[string]*shape{}} }

// readOperations reads the table of operations.
func readOperations(text string) (map[string]*operation, error) {
	ops := map[string]*operation{}
	var op *operation
	for number, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if words[0] == "op" && len(words) == 4 {
			op = &operation{
				name: words[1], method: words[2], path: words[3],
				query: newShape(), request: newShape(), answer: newShape(),
			}
			ops[op.name] = op
			continue
		}
		if op == nil || len(words) < 3 {
			return nil, fmt.Errorf("connectsim: line %d of the operations: %q", number+1, line)
		}
		into := map[string]*shape{"?": op.query, ">": op.request, "<": op.answer}[words[0]]
		if into == nil {
			return nil, fmt.Errorf("connectsim: line %d of the operations: %q", number+1, line)
		}
		if err := into.add(words[1], words[2], words[3:]); err != nil {
			return nil, fmt.Errorf("connectsim: line %d of the operations: %w", number+1, err)
		}
	}
	return ops, nil
}

// add places the member that a path such as A.B[].C names.
func (s *shape) add(path, kind string, rest []string) error {
	at := s
	for name := range strings.SplitSeq(strings.TrimSuffix(path, "*"), ".") {
		bare, isItem := strings.CutSuffix(name, "[]")
		next := at.members[bare]
		if next == nil {
			next = newShape()
			at.members[bare] = next
			at.order = append(at.order, bare)
		}
		if isItem {
			if next.item == nil {
				next.item = newShape()
			}
			next = next.item
		}
		at = next
	}
	at.kind, at.required = kind, strings.HasSuffix(path, "*")
	if len(rest) == 0 {
		return nil
	}
	if kind == "enum" {
		at.enum = strings.Split(rest[0], "|")
		return nil
	}
	low, high, ok := strings.Cut(rest[0], "..")
	if !ok {
		return fmt.Errorf("%s: want LOW..HIGH, got %q", path, rest[0])
	}
	at.low, _ = strconv.Atoi(low) // empty is zero
	if high != "" {
		at.high, _ = strconv.Atoi(high)
	}
	return nil
}

// check returns why the service refuses a value, or nil.
func (s *shape) check(path string, value any) *apiError {
	switch s.kind {
	case "object":
		return s.checkObject(path, value)
	case "list":
		return s.checkList(path, value)
	case "map":
		_, ok := value.(map[string]any)
		return wrongUnless(ok, path, s.kind)
	case "bool":
		_, ok := value.(bool)
		return wrongUnless(ok, path, s.kind)
	case "time", "number":
		_, ok := value.(float64)
		return wrongUnless(ok, path, s.kind)
	case "int":
		n, ok := value.(float64)
		if !ok || n != float64(int64(n)) {
			return wrongUnless(false, path, s.kind)
		}
		return s.checkSize(path, int(n))
	default:
		return s.checkText(path, value)
	}
}

func (s *shape) checkObject(path string, value any) *apiError {
	object, ok := value.(map[string]any)
	if !ok {
		return wrongUnless(false, path, s.kind)
	}
	for _, name := range s.order {
		member := s.members[name]
		inner := strings.TrimPrefix(path+"."+name, ".")
		v, there := object[name]
		if !there || v == nil {
			if member.required {
				return invalidRequest("%s is missing", inner)
			}
			continue
		}
		if err := member.check(inner, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) checkList(path string, value any) *apiError {
	list, ok := value.([]any)
	if !ok {
		return wrongUnless(false, path, s.kind)
	}
	if err := s.checkSize(path, len(list)); err != nil || s.item == nil {
		return err
	}
	for i, v := range list {
		if err := s.item.check(fmt.Sprintf("%s[%d]", path, i), v); err != nil {
			return err
		}
	}
	return nil
}

var e164 = regexp.MustCompile(`^\+[1-9]\d{1,14}$`)

func (s *shape) checkText(path string, value any) *apiError {
	text, ok := value.(string)
	switch {
	case !ok:
		return wrongUnless(false, path, s.kind)
	case s.kind == "enum" && !slices.Contains(s.enum, text):
		return invalidParameter("%s must be one of %s", path, strings.Join(s.enum, ", "))
	case s.kind == "e164" && !e164.MatchString(text):
		return invalidParameter("%s must be a number in E.164", path)
	default:
		return s.checkSize(path, utf8.RuneCountInString(text))
	}
}

func (s *shape) checkSize(path string, n int) *apiError {
	if n < s.low || s.high >= 0 && n > s.high {
		return invalidParameter("%s is out of its bounds: %d", path, n)
	}
	return nil
}

func wrongUnless(ok bool, path, kind string) *apiError {
	if ok {
		return nil
	}
	return &apiError{status: 400, kind: "SerializationException", message: path + " must be of type " + kind}
}
