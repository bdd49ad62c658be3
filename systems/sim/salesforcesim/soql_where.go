package salesforcesim

import "strings"

// conditions reads parts joined by AND or by OR. SOQL refuses a mixture of both
// without parentheses.
func (p *parser) conditions() (*condition, *Error) {
	if p.depth++; p.depth > maxDepth {
		return nil, badRequest("QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or the filter conditions are too complicated.")
	}
	defer func() { p.depth-- }()
	first, err := p.condition()
	if err != nil {
		return nil, err
	}
	joined := &condition{parts: []*condition{first}}
	for {
		var op string
		switch {
		case p.take("AND"):
			op = "and"
		case p.take("OR"):
			op = "or"
		case joined.op == "":
			return first, nil
		default:
			return joined, nil
		}
		if joined.op != "" && joined.op != op {
			p.pos--
			return nil, p.unexpected()
		}
		joined.op = op
		part, err := p.condition()
		if err != nil {
			return nil, err
		}
		joined.parts = append(joined.parts, part)
	}
}

func (p *parser) condition() (*condition, *Error) {
	if p.take("NOT") {
		if p.depth++; p.depth > maxDepth {
			return nil, badRequest("QUERY_TOO_COMPLICATED", "The filter conditions are too complicated.")
		}
		defer func() { p.depth-- }()
		part, err := p.condition()
		if err != nil {
			return nil, err
		}
		return &condition{op: "not", parts: []*condition{part}}, nil
	}
	if p.take("(") {
		inner, err := p.conditions()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	return p.comparison()
}

func (p *parser) comparison() (*condition, *Error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	c := &condition{item: name, scalars: true}
	switch {
	case p.take("NOT", "IN"):
		c.op, c.scalars = "not in", false
	case p.take("IN"):
		c.op, c.scalars = "in", false
	case p.take("LIKE"):
		c.op = "like"
	default:
		t := p.peek()
		if t.kind != symbol || strings.ContainsAny(t.text, "(),") {
			return nil, p.unexpected()
		}
		p.next()
		if c.op = t.text; c.op == "<>" {
			c.op = "!="
		}
	}
	if c.scalars {
		value, err := p.literal()
		c.values = []literal{value}
		return c, err
	}
	return c, p.list(c)
}

// list reads what follows IN: values, or another query.
func (p *parser) list(c *condition) *Error {
	if err := p.expect("("); err != nil {
		return err
	}
	if strings.EqualFold(p.peek().text, "SELECT") && p.peek().kind == word {
		if p.depth++; p.depth > maxDepth {
			return badRequest("QUERY_TOO_COMPLICATED", "The filter conditions are too complicated.")
		}
		defer func() { p.depth-- }()
		sub, err := p.query()
		if err != nil {
			return err
		}
		c.sub = sub
		return p.expect(")")
	}
	for {
		value, err := p.literal()
		if err != nil {
			return err
		}
		c.values = append(c.values, value)
		if !p.take(",") {
			return p.expect(")")
		}
	}
}

func (p *parser) literal() (literal, *Error) {
	t := p.peek()
	switch t.kind {
	case quoted, number, moment:
	case word:
		if isKeyword(t.text) && !strings.EqualFold(t.text, "NULL") {
			return literal{}, p.unexpected()
		}
	default:
		return literal{}, p.unexpected()
	}
	p.next()
	return literal(t), nil
}
