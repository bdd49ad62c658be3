package placed

import (
	"reflect"
	"slices"
	"strings"
)

// Sheet is a file on its way in: where each of its keys stands, and all that is
// wrong with it.
type Sheet struct {
	Name   string
	Text   []byte
	Faults Faults

	// places are the spots of the keys by their paths.
	places map[string]Spot
	// broken are the paths of values that could not be read. What follows from
	// them is not told.
	broken []string
}

// NewSheet takes a file that was not looked at yet.
func NewSheet(name string, text []byte) *Sheet {
	return &Sheet{Name: name, Text: text, places: map[string]Spot{}}
}

// Decode reads the file into a struct and reports whether it is a mapping, so
// that its parts can be checked. Empty is what to write into a file that holds
// nothing.
func (s *Sheet) Decode(into any, asked Asked, empty string) bool {
	root := Parse(s.Text, asked, func(at Spot, problem, want string) { s.Fault(Wrong, at, "", problem, want) })
	if root == nil {
		if len(s.Faults) == 0 {
			s.Fault(Wrong, Spot{1, 1}, "", "the file is empty", empty)
		}
		return false
	}
	s.Fill("", root, reflect.ValueOf(into).Elem())
	return root.Shape == Mapping
}

// Fill reads a value from nodes that stand at a path, wherever they come from.
func (s *Sheet) Fill(path string, n *Node, into reflect.Value) {
	d := Decoder{sheet: s}
	d.Value(path, n, into)
}

// mostFaults bounds what is told at once.
const mostFaults = 200

// Fault tells of something at a spot.
func (s *Sheet) Fault(severity Severity, at Spot, path, problem, want string) {
	if len(s.Faults) < mostFaults {
		s.Faults = append(s.Faults, Fault{
			Severity: severity, File: s.Name, Line: at.Line, Column: at.Column, Path: path, Problem: problem, Want: want,
		})
	}
}

// FaultIn tells of something at a spot of another file, which the value at a path
// names.
func (s *Sheet) FaultIn(file, path string, at Spot, problem, want string) {
	s.Break(path)
	if len(s.Faults) < mostFaults {
		s.Faults = append(s.Faults, Fault{Severity: Wrong, File: file, Line: at.Line, Column: at.Column, Problem: problem, Want: want})
	}
}

// Wrong tells of a fault at a path, unless what is there could not be read
// anyway.
func (s *Sheet) Wrong(path, problem, want string) {
	if !s.Unreadable(path) {
		s.Fault(Wrong, s.Place(path), path, problem, want)
	}
}

// Doubt tells of something that is allowed and hardly meant.
func (s *Sheet) Doubt(path, problem, want string) {
	if !s.Unreadable(path) {
		s.Fault(Doubted, s.Place(path), path, problem, want)
	}
}

// Settle puts the faults in order and shows their lines, those of other files
// from their texts.
func (s *Sheet) Settle(others map[string]string) {
	s.Faults.sort()
	for i := range s.Faults {
		f := &s.Faults[i]
		text := string(s.Text)
		if f.File != s.Name {
			text = others[f.File]
		}
		f.Excerpt = Excerpt(text, f.Line, f.Column)
	}
}

// Break notes that the value at a path could not be read.
func (s *Sheet) Break(path string) { s.broken = append(s.broken, path) }

// Place is where a path stands, or the nearest one above it.
func (s *Sheet) Place(path string) Spot {
	for path != "" {
		if at, ok := s.places[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return Spot{1, 1}
}

// Written reports whether the file has the key.
func (s *Sheet) Written(path string) bool {
	_, ok := s.places[path]
	return ok
}

// Unreadable reports whether the path, something above it or something below it
// could not be read, so that what is there is not what was written.
func (s *Sheet) Unreadable(path string) bool {
	for _, b := range s.broken {
		if b == path || within(b, path) || within(path, b) {
			return true
		}
	}
	return false
}

// FaultsAt reports whether a fault was told at a path or below it.
func (s *Sheet) FaultsAt(path string) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool {
		return f.Severity == Wrong && (f.Path == path || within(f.Path, path))
	})
}

func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (outer == "" || rest != "" && (rest[0] == '.' || rest[0] == '['))
}
