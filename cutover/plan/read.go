package plan

import (
	"reflect"
	"strings"
	"time"
)

// Source is a plan file and what it is read with.
type Source struct {
	// Name is the file's, for faults.
	Name string
	Text []byte
	// Open returns the text of a file that the plan names, by its name beside the
	// plan. The error of one that is not there is shown as it is.
	Open func(name string) ([]byte, error)
	// Now is the present time.
	Now time.Time
}

// Reading is a plan file as it was read: the plan, all that is wrong with it,
// and where each of its keys stands.
type Reading struct {
	Document Document
	Faults   Faults

	source Source
	// places are the spots of the keys by their paths.
	places map[string]spot
	// broken are the paths of values that could not be read. What follows from
	// them is not told.
	broken []string
	// calendars are the iCal files that could be read.
	calendars map[string]events
	// lists are the CSV files that could be read.
	lists map[string][]listed
}

// Read reads a plan file and checks all of it that can be checked without the
// user list. The document is good when Faults has no error.
func Read(s Source) *Reading {
	r := &Reading{source: s, places: map[string]spot{}, calendars: map[string]events{}, lists: map[string][]listed{}}
	defer r.settle()
	root := r.grow(s.Text)
	if root == nil {
		return r
	}
	d := decoder{reading: r}
	d.value("", root, reflect.ValueOf(&r.Document.Plan).Elem())
	if root.shape != mapping {
		return r
	}
	r.fill()
	r.openFiles()
	r.lint()
	return r
}

// mostFaults bounds what is told at once.
const mostFaults = 200

func (r *Reading) fault(s Severity, at spot, path, problem, want string) {
	if len(r.Faults) < mostFaults {
		r.Faults = append(r.Faults, Fault{
			Severity: s, File: r.source.Name, Line: at.line, Column: at.column, Path: path, Problem: problem, Want: want,
		})
	}
}

// settle puts the faults in order and shows their lines.
func (r *Reading) settle() {
	r.Faults.sort()
	for i := range r.Faults {
		f := &r.Faults[i]
		switch f.File {
		case r.source.Name:
			f.Excerpt = excerpt(string(r.source.Text), f.Line, f.Column)
		default:
			f.Excerpt = excerpt(r.Document.Files[f.File], f.Line, f.Column)
		}
	}
}

// place is where a path stands, or the nearest one above it.
func (r *Reading) place(path string) spot {
	for path != "" {
		if at, ok := r.places[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return spot{1, 1}
}

// written reports whether the file has the key.
func (r *Reading) written(path string) bool {
	_, ok := r.places[path]
	return ok
}

// unreadable reports whether the path, something above it or something below it
// could not be read, so that what is there is not what was written.
func (r *Reading) unreadable(path string) bool {
	for _, b := range r.broken {
		if b == path || within(b, path) || within(path, b) {
			return true
		}
	}
	return false
}

func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (outer == "" || rest != "" && (rest[0] == '.' || rest[0] == '['))
}

// Text is the file as it was written.
func (r *Reading) Text() string { return string(r.source.Text) }
