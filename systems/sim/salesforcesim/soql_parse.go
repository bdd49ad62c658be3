package salesforcesim

import (
	"slices"
	"strconv"
	"strings"
)

// query is a SOQL query as it was written.
type query struct {
	text   string
	items  []item
	count  bool // SELECT COUNT()
	object string
	at     int // where the object stands
	where  *condition
	group  []item
	order  []ordering
	limit  int // -1 for none
	offset int
}

// item is a field, or a function of one.
type item struct {
	path  string
	fn    string // COUNT, COUNT_DISTINCT, MIN, MAX, SUM, AVG or FIELDS
	alias string
	at    int
}

type ordering struct {
	item      item
	down      bool
	nullsLast bool
}

// condition is AND, OR or NOT of others, or a comparison.
type condition struct {
	op      string // and, or, not, or a comparison in lower case
	parts   []*condition
	item    item
	values  []literal
	sub     *query
	scalars bool // the comparison takes one value, not a list
}

type literal struct {
	kind tokenKind
	text string
	at   int
}

// maxDepth keeps nested conditions within what a stack can bear.
const maxDepth = 100

type parser struct {
	text   string
	tokens []token
	pos    int
	depth  int
}

// parse reads a query.
func parse(text string) (*query, *Error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != endOfQuery {
		return nil, p.unexpected()
	}
	return q, nil
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != endOfQuery {
		p.pos++
	}
	return t
}

func (p *parser) unexpected() *Error {
	return malformed(p.text, p.peek().at, "unexpected token: '%s'", p.peek().text)
}

// take goes on if the next tokens are these words or symbols.
func (p *parser) take(texts ...string) bool {
	for i, text := range texts {
		if p.pos+i >= len(p.tokens) {
			return false
		}
		t := p.tokens[p.pos+i]
		if t.kind != word && t.kind != symbol || !strings.EqualFold(t.text, text) {
			return false
		}
	}
	p.pos += len(texts)
	return true
}

func (p *parser) expect(text string) *Error {
	if !p.take(text) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) query() (*query, *Error) {
	q := &query{text: p.text, limit: -1}
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	if err := p.selected(q); err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	from, err := p.name()
	if err != nil {
		return nil, err
	}
	q.object, q.at = from.path, from.at
	if p.take("WHERE") {
		if q.where, err = p.conditions(); err != nil {
			return nil, err
		}
	}
	if p.take("GROUP", "BY") {
		if q.group, err = p.names(); err != nil {
			return nil, err
		}
	}
	if p.take("ORDER", "BY") {
		if err := p.orderings(q); err != nil {
			return nil, err
		}
	}
	return q, p.window(q)
}

func (p *parser) selected(q *query) *Error {
	for {
		found, err := p.item()
		if err != nil {
			return err
		}
		if found.fn == "COUNT" && found.path == "" {
			q.count = true
		}
		q.items = append(q.items, found)
		if !p.take(",") {
			break
		}
	}
	if q.count && len(q.items) > 1 {
		return malformed(p.text, q.items[1].at, "unexpected token: '%s'", q.items[1].path)
	}
	return nil
}

// item reads a field or a function of one, with its alias.
func (p *parser) item() (item, *Error) {
	found, err := p.name()
	if err != nil {
		return item{}, err
	}
	if p.take("(") {
		found.fn = strings.ToUpper(found.path)
		known := []string{"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG", "FIELDS"}
		if !slices.Contains(known, found.fn) {
			return item{}, malformed(p.text, found.at, "Invalid function '%s'", found.path)
		}
		found.path = ""
		if found.fn != "COUNT" || p.peek().text != ")" {
			of, err := p.name()
			if err != nil {
				return item{}, err
			}
			found.path = of.path
		}
		if err := p.expect(")"); err != nil {
			return item{}, err
		}
	}
	if t := p.peek(); t.kind == word && found.fn != "" && found.path != "" && !isKeyword(t.text) {
		found.alias = p.next().text
	}
	return found, nil
}

func (p *parser) name() (item, *Error) {
	t := p.peek()
	if t.kind != word || isKeyword(t.text) || strings.Contains(t.text, ":") {
		return item{}, p.unexpected()
	}
	p.next()
	return item{path: t.text, at: t.at}, nil
}

func (p *parser) names() ([]item, *Error) {
	var found []item
	for {
		one, err := p.name()
		if err != nil {
			return nil, err
		}
		found = append(found, one)
		if !p.take(",") {
			return found, nil
		}
	}
}

func (p *parser) orderings(q *query) *Error {
	for {
		found, err := p.item()
		if err != nil {
			return err
		}
		o := ordering{item: found}
		if !p.take("ASC") && p.take("DESC") {
			o.down = true
		}
		if p.take("NULLS", "LAST") {
			o.nullsLast = true
		} else {
			p.take("NULLS", "FIRST")
		}
		q.order = append(q.order, o)
		if !p.take(",") {
			return nil
		}
	}
}

// window reads LIMIT, OFFSET and the FOR clauses that change nothing here.
func (p *parser) window(q *query) *Error {
	var err *Error
	if p.take("LIMIT") {
		if q.limit, err = p.count(); err != nil {
			return err
		}
	}
	if p.take("OFFSET") {
		if q.offset, err = p.count(); err != nil {
			return err
		}
		if q.offset > 2000 {
			return badRequest("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
		}
	}
	if !p.take("FOR", "VIEW") {
		p.take("FOR", "REFERENCE")
	}
	return nil
}

func (p *parser) count() (int, *Error) {
	t := p.peek()
	n, err := strconv.Atoi(t.text)
	if t.kind != number || err != nil || n < 0 {
		return 0, p.unexpected()
	}
	p.next()
	return n, nil
}

func isKeyword(text string) bool {
	switch strings.ToUpper(text) {
	case "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "LIKE", "IN", "LIMIT", "OFFSET",
		"ORDER", "GROUP", "BY", "ASC", "DESC", "NULLS", "NULL", "FOR":
		return true
	}
	return false
}
