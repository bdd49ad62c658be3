package people

import (
	"fmt"
	"strings"
)

// place is a field of a row.
type place struct {
	row   *row
	field int
}

// findTwice reports what only one person can have and two have. Both rows are
// bad: which of them is right is not for a program to guess.
func (f *file) findTwice() {
	type key struct{ column, value string }
	first := map[key]place{}
	told := map[place]bool{}
	for _, r := range f.rows {
		if len(r.fields) != len(f.header.columns) {
			continue
		}
		for i, c := range f.header.columns {
			for _, value := range r.unique(c.name, i) {
				k, here := key{c.name, value}, place{r, i}
				was, ok := first[k]
				if !ok {
					first[k] = here
					continue
				}
				if was.row == r {
					continue // One person's number in two columns.
				}
				f.faultAt(r, i, fmt.Sprintf("%s is on line %d too", shown(value), was.row.line), "one person only can have it")
				if !told[was] {
					told[was] = true
					f.faultAt(was.row, was.field, fmt.Sprintf("%s is on line %d too", shown(value), r.line), "one person only can have it")
				}
			}
		}
	}
}

// unique lists the values of a field that no two people share, in the form in
// which they are compared.
func (r *row) unique(name string, i int) []string {
	value := r.fields[i]
	if value == "" || value == unreadableField {
		return nil
	}
	switch name {
	case colEmail, colFederation:
		return []string{strings.ToLower(value)}
	case colID, colExtension, colCRM, colOld, colNew:
		return []string{value}
	case colNumbers:
		return r.numbers[i]
	default:
		return nil
	}
}
