package salesforcesim

import (
	"slices"
	"strconv"
	"strings"
)

func (f *found) aggregates(q *query) bool {
	return !q.count && (len(q.group) > 0 || slices.ContainsFunc(f.items, func(it item) bool { return it.fn != "" }))
}

// aggregate puts the rows into groups and counts them. The order of groups is
// that of their first rows unless the query asks for another.
func (o *Org) aggregate(q *query, f *found) *Error {
	keys, err := o.resolveAll(q, f.object, q.group)
	if err != nil {
		return err
	}
	for i, it := range f.items {
		if it.fn == "" && !grouped(keys, f.readers[i]) {
			return malformed(q.text, it.at, "Field must be grouped or aggregated: %s", it.path)
		}
	}
	ordered := make([]item, len(q.order))
	for i, by := range q.order {
		ordered[i] = by.item
	}
	ranks, err := o.resolveAll(q, f.object, ordered)
	if err != nil {
		return err
	}
	type ranked struct {
		group group
		ranks []any
	}
	var lines []ranked
	for _, together := range o.split(f.rows, keys) {
		line := ranked{group: o.line(f, together)}
		for i, by := range q.order {
			line.ranks = append(line.ranks, o.figure(by.item.fn, ranks[i], together))
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(a, b ranked) int {
		for i, by := range q.order {
			if c := by.compare(a.ranks[i], b.ranks[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	for _, line := range window(lines, q) {
		f.groups = append(f.groups, line.group)
	}
	f.rows = nil
	return nil
}

// resolveAll resolves each item; COUNT() alone means no field.
func (o *Org) resolveAll(q *query, object *object, items []item) ([]reader, *Error) {
	readers := make([]reader, len(items))
	for i, it := range items {
		if it.path == "" {
			continue
		}
		var err *Error
		if readers[i], err = o.resolve(q, object, it); err != nil {
			return nil, err
		}
	}
	return readers, nil
}

// split puts rows together that agree in the keys. Without keys all rows are
// one group, even when there are none.
func (o *Org) split(rows []*row, keys []reader) [][]*row {
	if len(keys) == 0 {
		return [][]*row{rows}
	}
	place := map[string]int{}
	var groups [][]*row
	for _, r := range rows {
		var key strings.Builder
		for _, k := range keys {
			key.WriteString(strconv.Quote(fold(o.read(r, k))))
		}
		at, ok := place[key.String()]
		if !ok {
			at = len(groups)
			place[key.String()] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], r)
	}
	return groups
}

func grouped(keys []reader, r reader) bool {
	return slices.ContainsFunc(keys, func(k reader) bool { return slices.Equal(k.names, r.names) })
}

func (o *Org) line(f *found, members []*row) group {
	var g group
	unnamed := 0
	for i, it := range f.items {
		name := it.alias
		switch {
		case name != "":
		case it.fn == "":
			name = f.readers[i].field.name
		default:
			name = "expr" + strconv.Itoa(unnamed)
			unnamed++
		}
		g.names = append(g.names, name)
		value := o.figure(it.fn, f.readers[i], members)
		if !strings.HasPrefix(it.fn, "COUNT") {
			value = onWire(f.readers[i].field, value)
		}
		g.values = append(g.values, value)
	}
	return g
}

// figure is a function of a field over the members of a group.
func (o *Org) figure(fn string, r reader, members []*row) any {
	if r.field == nil {
		return int64(len(members))
	}
	var values []any
	distinct := map[string]bool{}
	sum := 0.0
	for _, m := range members {
		value := o.read(m, r)
		if value == nil {
			continue
		}
		values = append(values, value)
		distinct[fold(value)] = true
		if n, ok := value.(float64); ok {
			sum += n
		}
	}
	switch {
	case fn == "COUNT":
		return int64(len(values))
	case fn == "COUNT_DISTINCT":
		return int64(len(distinct))
	case len(values) == 0:
		return nil
	case fn == "MIN":
		return slices.MinFunc(values, order)
	case fn == "MAX":
		return slices.MaxFunc(values, order)
	case fn == "SUM":
		return sum
	case fn == "AVG":
		return sum / float64(len(values))
	default:
		return values[0]
	}
}
