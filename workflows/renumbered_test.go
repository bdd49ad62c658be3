package workflows_test

import (
	"fmt"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/routingtest"
	"github.com/dualtone/dualtone/workflows"
)

// tabled is an office whose routes are those of a table, begun with one for E100's own
// number and a default.
func tabled(t *testing.T, byDefault dualtone.Side) (*office, *routingtest.Router) {
	t.Helper()
	o, table := newOffice(), &routingtest.Router{}
	o.user.Router, o.user.Flips = table, cutovertest.Flips{Router: table, Switches: o.stores}
	lead(t, table, "+12125551001", dualtone.Old)
	lead(t, table, "default", byDefault)
	return o, table
}

func lead(t *testing.T, table routing.Router, number dualtone.Number, sides ...dualtone.Side) {
	t.Helper()
	was, err := table.Routes(t.Context(), []dualtone.Number{number})
	if err == nil {
		_, err = table.Apply(t.Context(), []routing.Change{{From: was[0], To: routing.Route{Number: number, Sides: sides}}}, routing.Provenance{Actor: "test", Reason: fmt.Sprint(sides)})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// given has the user list give people numbers.
func (o *office) given(t *testing.T, numbers map[dualtone.PersonID][]dualtone.Number) {
	t.Helper()
	var list []dualtone.Person
	for id, theirs := range numbers {
		p := dualtone.Person{ID: id, Numbers: theirs}
		if id == "E100" {
			p = cutovertest.Agent()
			p.Numbers = theirs
		}
		list = append(list, p)
	}
	if err := o.stores.Import(t.Context(), list, cutover.Import{}); err != nil {
		t.Fatal(err)
	}
}

func TestAWayBackLeadsNumbersHomeThatTheUserListGaveOrTook(t *testing.T) {
	t.Parallel()
	const own, other, third = dualtone.Number("+12125551001"), dualtone.Number("+12125551999"), dualtone.Number("+12125551888")
	type people = map[dualtone.PersonID][]dualtone.Number
	for name, c := range map[string]struct {
		before, then people
		byDefault    dualtone.Side
		// meanwhile is where the other number is led before the way back.
		meanwhile []dualtone.Side
		want      string
	}{
		"the same in another order":         {before: people{"E100": {own, other}}, then: people{"E100": {other, own}}, want: "old, none"},
		"none is left":                      {then: people{"E100": nil}, want: "old, none"},
		"one is lost":                       {before: people{"E100": {own, other}}, then: people{"E100": {own}}, want: "old, none"},
		"another one":                       {then: people{"E100": {other}}, meanwhile: []dualtone.Side{dualtone.New}, want: "old, none"},
		"another one, which a rule leads":   {then: people{"E100": {other}}, byDefault: dualtone.New, want: "old, old"},
		"another one, led home already":     {then: people{"E100": {own, other}}, meanwhile: []dualtone.Side{dualtone.Old}, want: "old, old"},
		"another one, led to both":          {then: people{"E100": {own, other}}, meanwhile: []dualtone.Side{dualtone.New, dualtone.Old}, want: "old, none"},
		"the first of somebody":             {before: people{"E100": nil}, then: people{"E100": {other}}, meanwhile: []dualtone.Side{dualtone.New}, want: "old, none"},
		"one is somebody else's":            {before: people{"E100": {own, other}}, then: people{"E100": {own}, "E200": {other}}, want: "old, new old"},
		"all are somebody else's":           {then: people{"E100": nil, "E200": {own, third}}, want: "new old, none"},
		"one is somebody else's, one given": {then: people{"E100": {other}, "E200": {own}}, meanwhile: []dualtone.Side{dualtone.New}, want: "new old, none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, table := tabled(t, dualtone.Old)
			if c.before != nil {
				o.given(t, c.before)
			}
			if p := o.run(t, workflows.SwitchUser); p.State != cutover.OnNew {
				t.Fatalf("the user is %s (%s), want on_new", p.State, p.Detail)
			}
			o.given(t, c.then)
			if c.byDefault != "" {
				lead(t, table, "default", c.byDefault)
			}
			if c.meanwhile != nil {
				lead(t, table, other, c.meanwhile...)
			}
			back := o.run(t, workflows.ReturnUser)
			found, err := table.Routes(t.Context(), []dualtone.Number{own, other})
			if err != nil {
				t.Fatal(err)
			}
			if got := sides(found[0]) + ", " + sides(found[1]); back.State != cutover.Restored || got != c.want {
				t.Errorf("the user is %s (%s), the routes are %s; want restored, %s", back.State, back.Detail, got, c.want)
			}
		})
	}
}

func sides(r routing.Route) string {
	text := "none"
	for i, s := range r.Sides {
		if i == 0 {
			text = string(s)
			continue
		}
		text += " " + string(s)
	}
	return text
}

func TestASwitchStaysWithTheNumbersWithWhichItBegan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails bool
		want  string
	}{
		"it goes on":       {want: "new old"},
		"it is taken back": {fails: true, want: "old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, table := tabled(t, dualtone.Old)
			changed := false
			o.world.FailWith(func(op string) cutovertest.Failure {
				if op == "set crm.softphone" && !changed {
					changed = true
					o.given(t, map[dualtone.PersonID][]dualtone.Number{"E100": {"+12125551999"}})
				}
				if op == "set old.forward" && c.fails {
					return cutovertest.Failure{Before: dualtone.ErrInvalid}
				}
				return cutovertest.Failure{}
			})
			p := o.run(t, workflows.SwitchUser)
			found, err := table.Routes(t.Context(), []dualtone.Number{"+12125551001"})
			if err != nil {
				t.Fatal(err)
			}
			want := cutover.OnNew
			if c.fails {
				want = cutover.Restored
			}
			if got := sides(found[0]); p.State != want || got != c.want || !changed {
				t.Errorf("the user is %s (%s), the route is %s; want %s, %s", p.State, p.Detail, got, want, c.want)
			}
		})
	}
}
