package salesforcesim

import (
	"slices"
	"strings"
)

// found is the answer to a query before it takes a wire's form.
type found struct {
	object  *object
	items   []item
	readers []reader
	rows    []*row
	groups  []group
}

// group is one line of an aggregate answer.
type group struct {
	names  []string
	values []any
}

// find answers a query. The org is locked.
func (o *Org) find(q *query) (*found, *Error) {
	object := o.schema.object(q.object)
	if object == nil || !object.query {
		return nil, queryError("INVALID_TYPE", q.text, q.at,
			"sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", q.object)
	}
	f := &found{object: object, items: q.items}
	if err := o.readItems(q, f); err != nil {
		return nil, err
	}
	holds, err := o.plan(q, object, q.where)
	if err != nil {
		return nil, err
	}
	for _, r := range o.candidates(object, q.where) {
		if holds(r) {
			f.rows = append(f.rows, r)
		}
	}
	if f.aggregates(q) {
		return f, o.aggregate(q, f)
	}
	if err := o.sort(q, f); err != nil {
		return nil, err
	}
	if !q.count {
		f.rows = window(f.rows, q)
	}
	return f, nil
}

func (o *Org) readItems(q *query, f *found) *Error {
	if len(q.items) == 1 && q.items[0].fn == "FIELDS" {
		if err := f.expand(q, q.items[0]); err != nil {
			return err
		}
	}
	for _, it := range f.items {
		if it.fn == "COUNT" && it.path == "" {
			f.readers = append(f.readers, reader{})
			continue
		}
		if it.fn == "FIELDS" {
			return malformed(q.text, it.at, "unexpected token: 'FIELDS'")
		}
		r, err := o.resolve(q, f.object, it)
		if err != nil {
			return err
		}
		f.readers = append(f.readers, r)
	}
	return nil
}

// expand puts the names of fields where the query says FIELDS(ALL) and the like.
func (f *found) expand(q *query, it item) *Error {
	which := strings.ToUpper(it.path)
	if which != "ALL" && which != "STANDARD" && which != "CUSTOM" {
		return malformed(q.text, it.at, "unexpected token: '%s'", it.path)
	}
	if which != "STANDARD" && (q.limit < 0 || q.limit > 200) {
		return malformed(q.text, it.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
	}
	f.items = nil
	for _, field := range f.object.fields {
		custom := strings.HasSuffix(field.name, "__c")
		if which == "ALL" || custom == (which == "CUSTOM") {
			f.items = append(f.items, item{path: field.name})
		}
	}
	return nil
}

// candidates narrows the records down by an index where the condition allows.
func (o *Org) candidates(object *object, c *condition) []*row {
	t := o.tables[object.name]
	parts := []*condition{c}
	if c != nil && c.op == "and" {
		parts = c.parts
	}
	for _, part := range parts {
		if part == nil || part.op != "=" && part.op != "in" || part.sub != nil {
			continue
		}
		f := object.field(part.item.path)
		if f == nil || f.name != "Id" && t.index[f.name] == nil {
			continue
		}
		return t.narrow(f, part.values)
	}
	return t.all()
}

func (t *table) narrow(f *field, wanted []literal) []*row {
	picked := map[string]*row{}
	for _, given := range wanted {
		value, err := f.comparand(&query{}, given)
		if err != nil {
			return nil
		}
		if f.name == "Id" {
			if r := t.rows[shown(value)]; r != nil {
				picked[r.id] = r
			}
			continue
		}
		for _, r := range t.find(f.name, value) {
			picked[r.id] = r
		}
	}
	rows := make([]*row, 0, len(picked))
	for _, r := range picked {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *row) int { return a.seq - b.seq })
	return rows
}

func (o *Org) sort(q *query, f *found) *Error {
	readers := make([]reader, len(q.order))
	for i, by := range q.order {
		if by.item.fn != "" {
			return malformed(q.text, by.item.at, "unexpected token: '%s'", by.item.fn)
		}
		var err *Error
		if readers[i], err = o.resolve(q, f.object, by.item); err != nil {
			return err
		}
	}
	slices.SortStableFunc(f.rows, func(a, b *row) int {
		for i, by := range q.order {
			if c := by.compare(o.read(a, readers[i]), o.read(b, readers[i])); c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

func (by ordering) compare(a, b any) int {
	if (a == nil) != (b == nil) {
		if (a == nil) == by.nullsLast {
			return 1
		}
		return -1
	}
	if by.down {
		return order(b, a)
	}
	return order(a, b)
}

func window[T any](all []T, q *query) []T {
	all = all[min(q.offset, len(all)):]
	if q.limit >= 0 {
		all = all[:min(q.limit, len(all))]
	}
	return all
}
