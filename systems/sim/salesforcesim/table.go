package salesforcesim

import (
	"slices"
	"strings"
	"time"
)

// Values are the fields of a record by their names.
type Values map[string]any

// row is one record. Its values are replaced, never edited, so a reader that
// holds them is not surprised.
type row struct {
	id     string
	seq    int
	gone   bool
	values Values
}

// table holds the records of one object in the order of their creation.
type table struct {
	object *object
	rows   map[string]*row
	order  []*row
	index  map[string]map[string]map[string]*row // field, folded value, id
	issued int
	buried map[string]bool
}

func newTable(o *object) *table {
	t := &table{
		object: o, rows: map[string]*row{}, buried: map[string]bool{},
		index: map[string]map[string]map[string]*row{},
	}
	for _, f := range o.fields {
		if f.indexed || f.unique {
			t.index[f.name] = map[string]map[string]*row{}
		}
	}
	return t
}

// issue hands out the next id. Ids are never given twice, even after a rollback.
func (t *table) issue() string {
	t.issued++
	return newID(t.object.prefix, t.issued)
}

func (t *table) add(id string, values Values) {
	r := &row{id: id, seq: len(t.order), values: values}
	t.rows[id] = r
	t.order = append(t.order, r)
	t.enter(r)
}

func (t *table) replace(id string, values Values) {
	r := t.rows[id]
	t.leave(r)
	r.values = values
	t.enter(r)
}

func (t *table) remove(id string) {
	r := t.rows[id]
	t.leave(r)
	r.gone = true
	delete(t.rows, id)
	t.buried[id] = true
}

// restore takes back a removal.
func (t *table) restore(r *row) {
	r.gone = false
	t.rows[r.id] = r
	delete(t.buried, r.id)
	t.enter(r)
}

func (t *table) enter(r *row) {
	for name, byValue := range t.index {
		key := fold(r.values[name])
		if byValue[key] == nil {
			byValue[key] = map[string]*row{}
		}
		byValue[key][r.id] = r
	}
}

func (t *table) leave(r *row) {
	for name, byValue := range t.index {
		key := fold(r.values[name])
		delete(byValue[key], r.id)
		if len(byValue[key]) == 0 {
			delete(byValue, key)
		}
	}
}

// find returns the rows whose indexed field has the value, oldest first.
func (t *table) find(name string, value any) []*row {
	matches := t.index[name][fold(value)]
	found := make([]*row, 0, len(matches))
	for _, r := range matches {
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b *row) int { return a.seq - b.seq })
	return found
}

// all returns every row, oldest first.
func (t *table) all() []*row {
	found := make([]*row, 0, len(t.rows))
	for _, r := range t.order {
		if !r.gone {
			found = append(found, r)
		}
	}
	return found
}

// fold makes texts comparable as Salesforce compares them: without case. Ids
// keep theirs, which their suffix makes unique anyway.
func fold(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return strings.ToLower(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	default:
		return strings.ToLower(shown(v))
	}
}
