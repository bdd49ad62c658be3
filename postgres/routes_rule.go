package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// ruleText is a route as it is stored, without its number and person: the sides,
// and behind a space what it says beyond them. Equal routes have equal texts.
// It is empty for a route without sides.
func ruleText(r routing.Route) (string, error) {
	sides := joined(r.Sides)
	if r.Terms == nil || r.Terms.IsZero() {
		return sides, nil
	}
	kept := *r.Terms
	kept.From, kept.Until = kept.From.UTC(), kept.Until.UTC()
	var b strings.Builder
	b.WriteString(sides + " ")
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(kept); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func joined(sides []dualtone.Side) string {
	all := make([]string, len(sides))
	for i, s := range sides {
		all[i] = string(s)
	}
	return strings.Join(all, ",")
}

// rules reads stored rules, of which a table has few and many numbers share one.
type rules map[string]rule

type rule struct {
	sides []dualtone.Side
	terms *routing.Terms
}

// route is the number's route by a stored rule.
func (known rules) route(number dualtone.Number, person dualtone.PersonID, text string) (routing.Route, error) {
	r, ok := known[text]
	if !ok {
		var err error
		if r, err = parseRule(text); err != nil {
			return routing.Route{}, fmt.Errorf("route of %s: %w", number, err)
		}
		known[text] = r
	}
	return routing.Route{Number: number, Person: person, Sides: r.sides, Terms: r.terms}, nil
}

// parseRule reads a stored rule. Terms of a newer program are an error: a rule
// is carried out whole or not at all.
func parseRule(text string) (rule, error) {
	sides, terms, more := strings.Cut(text, " ")
	var r rule
	if sides != "" {
		for side := range strings.SplitSeq(sides, ",") {
			r.sides = append(r.sides, dualtone.Side(side))
		}
	}
	if !more {
		return r, nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(terms)))
	dec.DisallowUnknownFields()
	r.terms = new(routing.Terms)
	if err := dec.Decode(r.terms); err != nil {
		return r, fmt.Errorf("terms %s: %w: %w", terms, err, dualtone.ErrInvalid)
	}
	return r, nil
}
