package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What a person is called stands not only where a leg says so: in the reasons for
// which legs were joined, in what people wrote, in what a system recorded apart
// from a leg. Those texts are searched whole, which takes as long as reading them;
// it is done for one person at a time and rarely.

// scrubbedTable is a table with texts that may name a person. Keys of records and
// of calls are left as they are: by them the same record is known again, and
// does not come back.
type scrubbedTable struct {
	name                 string
	texts, arrays, jsons []string
	also                 string // what else is set
}

func scrubbedTables() []scrubbedTable {
	legs := func(name string) scrubbedTable {
		return scrubbedTable{name: name, texts: []string{
			"caller", "caller_name", "called", "called_name", "dialed", "dialed_name", "diverted", "diverted_name",
			"divert_reason", "extension", "transfer_to", "recording", "activity",
		}, arrays: []string{"channels", "keys"}, jsons: []string{"base"}}
	}
	return []scrubbedTable{
		legs("call_legs"), legs("call_legs_history"),
		{name: "call_supplements", jsons: []string{"supplement"}, also: ", erased = coalesce(erased, md5(supplement::text)::uuid)"},
		{name: "call_members", texts: []string{"why"}},
		{name: "call_moves", texts: []string{"why"}},
		{name: "call_open", jsons: []string{"candidates"}},
		{name: "call_rulings", texts: []string{"reason", "undone_why"}},
		{name: "call_reconciled", jsons: []string{"summary"}},
		{name: "call_reconciled_items", jsons: []string{"item"}},
		{name: "call_quarantine", texts: []string{"value", "reason", "why"}},
		{name: "call_ingests", texts: []string{"name"}, jsons: []string{"position"}},
	}
}

// person is what one is recognized by in a text.
type person struct {
	pattern *regexp.Regexp // read alike by Postgres; nil for none
	exact   map[string]bool
	instead string
}

// personOf recognizes the digits of a number, however they are written, and names.
// Words that mean somebody only when they stand alone, such as an extension, are
// exact.
func personOf(digits string, names, exact []string, instead string) *person {
	var patterns []string
	if digits != "" {
		const between = `[-() ./]*`
		patterns = append(patterns, `\+?([0-9]`+between+`){0,8}`+strings.Join(strings.Split(digits, ""), between))
	}
	for _, n := range names {
		if len([]rune(n)) > 2 { // less is no name, and stands in every text
			patterns = append(patterns, regexp.QuoteMeta(n))
		}
	}
	p := &person{exact: map[string]bool{}, instead: instead}
	if len(patterns) > 0 {
		p.pattern = regexp.MustCompile(strings.Join(patterns, "|"))
	}
	for _, e := range exact {
		p.exact[e] = e != ""
	}
	return p
}

func (p *person) scrub(text string) string {
	if p.exact[text] {
		return p.instead
	}
	if p.pattern == nil {
		return text
	}
	return p.pattern.ReplaceAllLiteralString(text, p.instead)
}

func (p *person) in(text []byte) bool { return p.pattern != nil && p.pattern.Match(text) }

// scrubAny does so in whatever JSON holds.
func (p *person) scrubAny(v any) any {
	switch v := v.(type) {
	case string:
		return p.scrub(v)
	case []any:
		for i := range v {
			v[i] = p.scrubAny(v[i])
		}
	case map[string]any:
		for k := range v {
			switch k {
			case "system", "record", "call": // keys, see scrubbedTable
			default:
				v[k] = p.scrubAny(v[k])
			}
		}
	}
	return v
}

// everywhere takes a person out of all texts of the log.
func (x *erasing) everywhere(ctx context.Context, p *person) error {
	for _, t := range scrubbedTables() {
		if err := x.scrub(ctx, t, p); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	_, err := x.tx.Exec(ctx, `
		UPDATE call_supplements SET handle = 'c' || (supplement #>> '{leg,channel}')
		WHERE handle LIKE 'c%' AND handle <> 'c' || (supplement #>> '{leg,channel}')`)
	return err
}

// where selects the rows of a table in which the person may stand.
func (t *scrubbedTable) where(p *person) (string, []any) {
	var all, conditions []string
	for _, c := range t.columns() {
		all = append(all, c+"::text")
	}
	var args []any
	if p.pattern != nil {
		args = append(args, p.pattern.String())
		conditions = append(conditions, fmt.Sprintf(`concat_ws(E'\n', %s) ~ $%d`, strings.Join(all, ", "), len(args)))
	}
	var exact []string
	for e := range p.exact {
		exact = append(exact, e)
	}
	if len(exact) > 0 {
		args = append(args, exact)
		for _, c := range t.texts {
			conditions = append(conditions, fmt.Sprintf(`%s = ANY($%d)`, c, len(args)))
		}
		for _, c := range t.arrays {
			conditions = append(conditions, fmt.Sprintf(`%s && $%d`, c, len(args)))
		}
		for _, c := range t.jsons {
			conditions = append(conditions, fmt.Sprintf(`EXISTS (SELECT FROM unnest($%d::text[]) e WHERE %s::text LIKE '%%' || to_jsonb(e)::text || '%%')`, len(args), c))
		}
	}
	return strings.Join(conditions, " OR "), args
}

func (t *scrubbedTable) columns() []string {
	return slices.Concat(t.texts, t.arrays, t.jsons)
}

func (x *erasing) scrub(ctx context.Context, t scrubbedTable, p *person) error {
	where, args := t.where(p)
	if where == "" {
		return nil
	}
	var fields, sets []string
	for _, c := range t.columns() {
		fields = append(fields, "'"+c+"', "+c)
	}
	for _, c := range t.texts {
		sets = append(sets, c+" = $3::jsonb ->> '"+c+"'")
	}
	for _, c := range t.arrays {
		sets = append(sets, c+" = (SELECT array_agg(e) FROM jsonb_array_elements_text($3::jsonb -> '"+c+"') e)")
	}
	for _, c := range t.jsons {
		sets = append(sets, c+" = $3::jsonb -> '"+c+"'")
	}
	type found struct {
		Part  uint32
		Place string
		Texts string
	}
	all, err := rows[found](ctx, x.tx, `
		SELECT tableoid AS part, ctid::text AS place, jsonb_strip_nulls(jsonb_build_object(`+strings.Join(fields, ", ")+`))::text AS texts
		FROM `+t.name+` WHERE `+where+` FOR UPDATE`, args...)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, r := range all {
		var held any
		numbers := json.NewDecoder(strings.NewReader(r.Texts))
		numbers.UseNumber()
		if err := numbers.Decode(&held); err != nil {
			return err
		}
		var anew bytes.Buffer
		if err := json.NewEncoder(&anew).Encode(p.scrubAny(held)); err != nil {
			return err
		}
		batch.Queue(`UPDATE `+t.name+` SET `+strings.Join(sets, ", ")+t.also+` WHERE tableoid = $1 AND ctid = $2::tid`, r.Part, r.Place, anew.String())
	}
	return x.tx.SendBatch(ctx, batch).Close()
}
