package salesforcesim

import (
	"strings"
	"time"
)

// test says whether a record is meant.
type test func(*row) bool

// reader takes a value out of a record, or out of one of its parents.
type reader struct {
	field *field
	names []string // as the answer must nest them
	steps []*field // reference fields to follow
}

// resolve finds what a path such as Profile.Name means on an object.
func (o *Org) resolve(q *query, object *object, it item) (reader, *Error) {
	parts := strings.Split(it.path, ".")
	if len(parts) > 1 && strings.EqualFold(parts[0], object.name) && object.parent(parts[0]) == nil {
		parts = parts[1:]
	}
	var r reader
	for _, part := range parts[:len(parts)-1] {
		by := object.parent(part)
		if by == nil {
			return r, queryError("INVALID_FIELD", q.text, it.at,
				"Didn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", part)
		}
		r.steps = append(r.steps, by)
		r.names = append(r.names, by.relationship)
		object = o.schema.object(by.refersTo)
	}
	last := parts[len(parts)-1]
	if r.field = object.field(last); r.field == nil {
		return r, queryError("INVALID_FIELD", q.text, it.at,
			"No such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", last, object.name)
	}
	r.names = append(r.names, r.field.name)
	return r, nil
}

// owner follows the parents to the record that holds the value.
func (o *Org) owner(from *row, r reader) *row {
	for _, step := range r.steps {
		if from = o.row(shown(from.values[step.name])); from == nil {
			return nil
		}
	}
	return from
}

func (o *Org) read(from *row, r reader) any {
	from = o.owner(from, r)
	switch {
	case from == nil:
		return nil
	case r.field.name == "Id":
		return from.id
	default:
		return from.values[r.field.name]
	}
}

// plan turns a condition into a test.
func (o *Org) plan(q *query, object *object, c *condition) (test, *Error) {
	if c == nil {
		return func(*row) bool { return true }, nil
	}
	if len(c.parts) == 0 {
		return o.planComparison(q, object, c)
	}
	tests := make([]test, len(c.parts))
	for i, part := range c.parts {
		var err *Error
		if tests[i], err = o.plan(q, object, part); err != nil {
			return nil, err
		}
	}
	switch c.op {
	case "not":
		return func(r *row) bool { return !tests[0](r) }, nil
	case "or":
		return func(r *row) bool {
			for _, holds := range tests {
				if holds(r) {
					return true
				}
			}
			return false
		}, nil
	}
	return func(r *row) bool {
		for _, holds := range tests {
			if !holds(r) {
				return false
			}
		}
		return true
	}, nil
}

func (o *Org) planComparison(q *query, object *object, c *condition) (test, *Error) {
	r, err := o.resolve(q, object, c.item)
	if err != nil {
		return nil, err
	}
	if r.field.kind == "textarea" {
		return nil, queryError("INVALID_FIELD", q.text, c.item.at, "field '%s' can not be filtered in a query call", r.field.name)
	}
	if c.op == "in" || c.op == "not in" {
		return o.planIn(q, r, c)
	}
	given := c.values[0]
	if c.op == "like" {
		if given.kind != quoted || r.field.kind == "boolean" || r.field.kind == "int" || r.field.kind == "double" ||
			r.field.kind == "datetime" || r.field.kind == "date" || r.field.kind == "id" || r.field.kind == "reference" {
			return nil, queryError("INVALID_QUERY_FILTER_OPERATOR", q.text, c.item.at, "invalid operator on %s field", r.field.kind)
		}
		pattern := strings.ToLower(given.text)
		return func(at *row) bool {
			text, ok := o.read(at, r).(string)
			return ok && like(strings.ToLower(text), pattern)
		}, nil
	}
	if from, to, ok := dateRange(o.Now(), given); ok && (r.field.kind == "datetime" || r.field.kind == "date") {
		return func(at *row) bool { return inRange(c.op, o.read(at, r), from, to) }, nil
	}
	want, err := r.field.comparand(q, given)
	if err != nil {
		return nil, err
	}
	if ordered := c.op != "=" && c.op != "!="; ordered && (r.field.kind == "boolean" || r.field.kind == "id" || r.field.kind == "reference") {
		return nil, queryError("INVALID_QUERY_FILTER_OPERATOR", q.text, c.item.at, "invalid operator on %s field", r.field.kind)
	}
	return func(at *row) bool { return compares(c.op, o.read(at, r), want) }, nil
}

func (o *Org) planIn(q *query, r reader, c *condition) (test, *Error) {
	wanted := map[string]bool{}
	if c.sub != nil {
		found, err := o.find(c.sub)
		if err != nil {
			return nil, err
		}
		if len(c.sub.items) != 1 || c.sub.items[0].fn != "" {
			return nil, queryError("MALFORMED_QUERY", q.text, c.item.at, "The inner select must select exactly one field")
		}
		for _, at := range found.rows {
			if value := o.read(at, found.readers[0]); value != nil {
				wanted[fold(value)] = true
			}
		}
	}
	for _, given := range c.values {
		want, err := r.field.comparand(q, given)
		if err != nil {
			return nil, err
		}
		wanted[fold(want)] = true
	}
	in := c.op == "in"
	return func(at *row) bool { return wanted[fold(o.read(at, r))] == in }, nil
}

// comparand turns a literal into a value that can be held against the field.
func (f *field) comparand(q *query, given literal) (any, *Error) {
	if given.kind == word && strings.EqualFold(given.text, "null") {
		return nil, nil //nolint:nilnil // null is a value of its own
	}
	mismatch := func(needs string) *Error {
		return queryError("INVALID_FIELD", q.text, given.at,
			"value of filter criterion for field '%s' must be of type %s", f.name, needs)
	}
	switch f.kind {
	case "boolean":
		if given.kind != word || !contains([]string{"true", "false"}, given.text) {
			return nil, mismatch("boolean and should not be enclosed in quotes")
		}
		return strings.EqualFold(given.text, "true"), nil
	case "int", "double":
		if given.kind != number {
			return nil, mismatch(f.kind + " and should not be enclosed in quotes")
		}
		value, err := f.acceptNumber(given.text)
		if err != nil {
			return nil, mismatch(f.kind)
		}
		return value, nil
	case "datetime":
		at, ok := parseTime(given.text)
		if given.kind != moment || !ok {
			return nil, mismatch("dateTime and should not be enclosed in quotes")
		}
		return at, nil
	case "date":
		if _, err := time.Parse(wireDate, given.text); given.kind != moment || err != nil {
			return nil, mismatch("date and should not be enclosed in quotes")
		}
		return given.text, nil
	}
	if given.kind != quoted {
		return nil, mismatch("string and should be enclosed in quotes")
	}
	if f.kind == "id" || f.kind == "reference" {
		return idComparand(q, given)
	}
	return strings.NewReplacer(`\%`, "%", `\_`, "_").Replace(given.text), nil
}

func idComparand(q *query, given literal) (any, *Error) {
	if given.text == "" {
		return nil, nil //nolint:nilnil // an empty id means none
	}
	id, ok := longForm(given.text)
	if !ok {
		return nil, queryError("INVALID_QUERY_FILTER_OPERATOR", q.text, given.at, "invalid ID field: %s", given.text)
	}
	return id, nil
}
