package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is what differs between two versions of a book.
type Change struct {
	Lines []ChangeLine `json:"changes"`
}

// ChangeLine is one value that differs.
type ChangeLine struct {
	// What is added, removed or changed.
	What string `json:"what"`
	// Where names a contract, an item or a rate, and what of it.
	Where string `json:"where"`
	Was   string `json:"was,omitempty"`
	Is    string `json:"is,omitempty"`
}

// Diff compares two versions of a book, value by value.
func Diff(was, is *Document) Change {
	before, after := valuesOf(was), valuesOf(is)
	c := Change{Lines: []ChangeLine{}}
	keys := slices.Sorted(maps.Keys(after))
	for k := range before {
		if _, still := after[k]; !still {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		old, had := before[k]
		now, has := after[k]
		switch {
		case had && has && old != now:
			c.Lines = append(c.Lines, ChangeLine{"changed", k, old, now})
		case !had:
			c.Lines = append(c.Lines, ChangeLine{"added", k, "", now})
		case !has:
			c.Lines = append(c.Lines, ChangeLine{"removed", k, old, ""})
		}
	}
	return c
}

// valuesOf are the values of a book by where they stand: a contract by its id and
// the day from which on it holds, an item by its id.
func valuesOf(d *Document) map[string]string {
	all := map[string]string{}
	if d.File.Metadata.Name == "" {
		return all
	}
	head := d.File
	head.Spec.Contracts = nil
	put(all, "book", head)
	for i := range d.File.Spec.Contracts {
		c := d.File.Spec.Contracts[i]
		where := string(c.ID)
		if c.Valid.From != 0 {
			where += " from " + c.Valid.From.String()
		}
		for j := range c.Items {
			put(all, where+" "+string(c.Items[j].ID), c.Items[j])
		}
		c.Items = nil
		put(all, where, c)
	}
	for _, q := range d.Quotes {
		all[fmt.Sprintf("rate %s to %s on %s", q.From, q.To, q.Day)] = q.Rate.String()
	}
	return all
}

// put adds the values of something that can be written as JSON.
func put(all map[string]string, where string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("contract: " + err.Error()) // Every type in a book can be written.
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		panic("contract: " + err.Error())
	}
	flatten(all, where, nil, tree)
}

func flatten(all map[string]string, where string, path []string, tree any) {
	switch v := tree.(type) {
	case map[string]any:
		for k, below := range v {
			flatten(all, where, append(slices.Clone(path), k), below)
		}
	case []any:
		var words []string
		for _, w := range v {
			words = append(words, fmt.Sprint(w))
		}
		all[where+": "+strings.Join(path, ".")] = strings.Join(words, ", ")
	case nil:
	default:
		all[where+": "+strings.Join(path, ".")] = fmt.Sprint(v)
	}
}
