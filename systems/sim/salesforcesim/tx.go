package salesforcesim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// tx is a run of writes that can be taken back. The org is locked while it runs.
type tx struct {
	org    *Org
	by     string
	via    string
	now    time.Time
	undo   []func()
	locked func(id string) bool
	// touched is the first setup and the first other object written, which
	// must not meet in one transaction.
	touched [2]string
	mixed   bool // the objects may meet, since each write stands alone
}

func (o *Org) begin(by, via string) *tx {
	return &tx{
		org: o, by: by, via: via, now: o.clock.Now().UTC(), mixed: true,
		locked: func(string) bool { return false },
	}
}

func (t *tx) mark() int { return len(t.undo) }

func (t *tx) rollback(mark int) {
	for i := len(t.undo) - 1; i >= mark; i-- {
		t.undo[i]()
	}
	t.undo = t.undo[:mark]
}

// put writes a record without asking the rules; it is for what the org itself
// writes.
func (t *tx) put(object string, values Values) string {
	table := t.org.tables[object]
	full := Values{}
	for _, f := range table.object.fields {
		if f.preset != nil {
			full[f.name] = f.preset
		}
	}
	maps.Copy(full, values)
	t.stamp(table.object, full)
	id := table.issue()
	table.add(id, full)
	t.undo = append(t.undo, func() {
		table.remove(id)
		delete(table.buried, id)
	})
	t.note(Change{Op: Created, Object: object, ID: id})
	return id
}

// set writes fields of a record without asking the rules.
func (t *tx) set(object, id string, values Values) {
	table := t.org.tables[object]
	before := table.rows[id].values
	after := maps.Clone(before)
	maps.Copy(after, values)
	second := t.now.Truncate(time.Second)
	for name, value := range map[string]any{
		"LastModifiedDate": second, "LastModifiedById": t.by, "SystemModstamp": second,
	} {
		if table.object.field(name) != nil {
			after[name] = value
		}
	}
	table.replace(id, after)
	t.undo = append(t.undo, func() { table.replace(id, before) })
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if before[name] != values[name] {
			t.note(Change{Op: Changed, Object: object, ID: id, Field: name, Old: before[name], New: values[name]})
		}
	}
}

func (t *tx) drop(object, id string) {
	table := t.org.tables[object]
	r := table.rows[id]
	table.remove(id)
	t.undo = append(t.undo, func() { table.restore(r) })
	t.note(Change{Op: Deleted, Object: object, ID: id})
}

func (t *tx) note(c Change) {
	history := t.org.history
	c.Seq, c.At, c.By, c.Via = 1, t.now, t.by, t.via
	if len(history) > 0 {
		c.Seq = history[len(history)-1].Seq + 1
	}
	t.org.history = append(history, c)
	t.undo = append(t.undo, func() { t.org.history = t.org.history[:len(t.org.history)-1] })
}

func (t *tx) stamp(o *object, values Values) {
	second := t.now.Truncate(time.Second)
	for name, value := range map[string]any{
		"CreatedDate": second, "CreatedById": t.by, "LastModifiedDate": second,
		"LastModifiedById": t.by, "SystemModstamp": second,
	} {
		if _, given := values[name]; !given && o.field(name) != nil {
			values[name] = value
		}
	}
}

// create adds a record by the rules.
func (t *tx) create(object string, given Values) (string, *Error) {
	o := t.org.schema.object(object)
	switch {
	case o == nil:
		return "", invalidType(object)
	case !o.create:
		return "", unsupported(o, "create")
	}
	if err := t.allow(o); err != nil {
		return "", err
	}
	values, err := t.accepted(o, given, func(f *field) bool { return f.createable })
	if err != nil {
		return "", err
	}
	var missing []string
	for _, f := range o.fields {
		if f.required && values[f.name] == nil {
			missing = append(missing, f.name)
		}
	}
	if len(missing) > 0 {
		return "", badRequest("REQUIRED_FIELD_MISSING", "Required fields are missing: [%s]", strings.Join(missing, ", ")).on(missing...)
	}
	if err := t.check(o, "", nil, values); err != nil {
		return "", err
	}
	t.complete(o, values)
	t.before(o, values)
	id := t.put(o.name, values)
	t.after(o, id, nil, values)
	return id, nil
}

// change edits a record by the rules.
func (t *tx) change(object, id string, given Values) *Error {
	o, r, err := t.target(object, id)
	switch {
	case err != nil:
		return err
	case !o.update:
		return unsupported(o, "update")
	}
	if err := t.allow(o); err != nil {
		return err
	}
	values, err := t.accepted(o, given, func(f *field) bool { return f.updateable })
	if err != nil {
		return err
	}
	for name, value := range values {
		if value == nil && !o.field(name).nillable {
			return badRequest("REQUIRED_FIELD_MISSING", "Required fields are missing: [%s]", name).on(name)
		}
	}
	if err := t.check(o, r.id, r.values, values); err != nil {
		return err
	}
	if t.locked(r.id) {
		return badRequest("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: %s", r.id)
	}
	before := r.values
	t.before(o, values)
	t.set(o.name, r.id, values)
	t.after(o, r.id, before, values)
	return nil
}

// delete removes a record by the rules.
func (t *tx) delete(object, id string) *Error {
	o, r, err := t.target(object, id)
	switch {
	case err != nil:
		return err
	case !o.delete:
		return unsupported(o, "delete")
	}
	if err := t.allow(o); err != nil {
		return err
	}
	if err := t.checkDelete(o, r); err != nil {
		return err
	}
	if t.locked(r.id) {
		return badRequest("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: %s", r.id)
	}
	before := r.values
	t.drop(o.name, r.id)
	t.after(o, r.id, before, nil)
	return nil
}

// target finds the record that a write means.
func (t *tx) target(object, id string) (*object, *row, *Error) {
	o := t.org.schema.object(object)
	if o == nil {
		return nil, nil, invalidType(object)
	}
	long, ok := longForm(id)
	if !ok {
		return nil, nil, badRequest("MALFORMED_ID", "%s ID: id value of incorrect type: %s", o.label, id).on("Id")
	}
	if !strings.HasPrefix(long, o.prefix) {
		return nil, nil, badRequest("MALFORMED_ID", "%s ID: id value of incorrect type: %s", o.label, id).on("Id")
	}
	table := t.org.tables[o.name]
	if table.buried[long] {
		return nil, nil, deleted()
	}
	r := table.rows[long]
	if r == nil {
		return nil, nil, notFound()
	}
	return o, r, nil
}

// accepted turns what a client gave into values, or says why not.
func (t *tx) accepted(o *object, given Values, writable func(*field) bool) (Values, *Error) {
	values := Values{}
	var refused []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if strings.EqualFold(name, "attributes") {
			continue
		}
		f := o.field(name)
		if f == nil {
			return nil, badRequest("INVALID_FIELD", "No such column '%s' on sobject of type %s", name, o.name)
		}
		if !writable(f) {
			refused = append(refused, f.name)
			continue
		}
		value, err := f.accept(given[name])
		if err != nil {
			return nil, err
		}
		values[f.name] = value
	}
	if len(refused) > 0 {
		return nil, badRequest("INVALID_FIELD_FOR_INSERT_UPDATE",
			"Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.",
			strings.Join(refused, ", ")).on(refused...)
	}
	return values, nil
}

func invalidType(object string) *Error {
	return badRequest("INVALID_TYPE", "sObject type '%s' is not supported.", object)
}

func unsupported(o *object, verb string) *Error {
	return badRequest("INVALID_TYPE_FOR_OPERATION", "entity type %s does not support %s", o.name, verb)
}
