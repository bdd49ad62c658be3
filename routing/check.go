package routing

import "time"

// Problem is what is wrong with one column of a route.
type Problem struct {
	Column  string `json:"column"`
	Value   string `json:"value"`
	Problem string `json:"problem"`
}

// Checker checks many routes. It is not safe for concurrent use.
type Checker struct {
	guard []guarded
	hours map[string]error
	found []Problem
}

// NewChecker returns a checker that guards the emergency numbers of the
// countries, and 112 and 911 always.
func NewChecker(countries ...string) *Checker {
	return &Checker{guard: guard(countries), hours: map[string]error{}}
}

// Check lists what is wrong with a route that has sides.
func (c *Checker) Check(r Route) []Problem {
	c.found = nil
	key, err := ParseKey(r.Number)
	if err != nil {
		c.add("number", string(r.Number), err.Error())
	} else if number := key.emergency(c.guard); number != "" {
		c.add("number", string(r.Number), "touches the emergency number "+number+", which no table decides")
	}
	if err := r.Plan().Validate(); err != nil {
		c.add("plan", r.Plan().String(), err.Error())
	}
	if r.Terms == nil {
		return c.found
	}
	c.plans(r, key)
	c.time(*r.Terms)
	if r.Terms.Queue != "" && r.Person != "" {
		c.add("queue", string(r.Terms.Queue), "the number is a person's or a queue's, not both")
	}
	return c.found
}

func (c *Checker) add(column, value, problem string) {
	c.found = append(c.found, Problem{column, value, problem})
}

func (c *Checker) plans(r Route, key Key) {
	t := *r.Terms
	why := t.cannotRingBoth(key)
	if r.Plan().How == Both && why != "" {
		c.add("plan", r.Plan().String(), why)
	}
	if t.Otherwise == "" {
		return
	}
	other, err := ParsePlan(t.Otherwise)
	switch {
	case err != nil:
		c.add("otherwise", t.Otherwise, err.Error())
	case other.How == Both && why != "":
		c.add("otherwise", t.Otherwise, why)
	case t.Hours == "" && t.From.IsZero() && t.Until.IsZero():
		c.add("otherwise", t.Otherwise, "the route always holds; give hours, valid_from or valid_until")
	}
}

func (c *Checker) time(t Terms) {
	if !t.From.IsZero() && !t.Until.IsZero() && !t.From.Before(t.Until) {
		c.add("valid_until", t.Until.Format(time.RFC3339), "is not after valid_from")
	}
	if t.Hours == "" {
		return
	}
	err, known := c.hours[t.Hours]
	if !known {
		_, err = ParseHours(t.Hours)
		c.hours[t.Hours] = err
	}
	if err != nil {
		c.add("hours", t.Hours, err.Error())
	}
}

// cannotRingBoth says why two sides must not ring at once; empty where a
// person's phone rings.
func (t Terms) cannotRingBoth(key Key) string {
	switch {
	case t.Queue != "":
		return "a queue answers by itself and would always win"
	case t.Answers != "":
		return t.Answers + " answers by itself and would always win"
	case key.kind != exact:
		return "a range or the default may hold what answers by itself"
	default:
		return ""
	}
}
