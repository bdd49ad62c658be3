package routing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// residents are a user list.
type residents []routing.Resident

func (r residents) Residents(_ context.Context, numbers []dualtone.Number) ([]routing.Resident, error) {
	var found []routing.Resident
	for _, one := range r {
		if len(numbers) == 0 || slices.Contains(numbers, one.Number) {
			found = append(found, one)
		}
	}
	return found, nil
}

// after are changes by which numbers get plans: "+493010 new", without a plan for none.
func after(t *testing.T, table active, changes ...string) []routing.Change {
	t.Helper()
	var all []routing.Change
	for _, text := range changes {
		want := ruled(t, text)
		have, _ := table.Routes(t.Context(), []dualtone.Number{want.Number})
		all = append(all, routing.Change{From: have[0], To: want})
	}
	return all
}

// ruled is the route of "KEY PLAN", with from=, until= or hours= for one that does not
// hold always, and the plan that holds otherwise.
func ruled(t *testing.T, text string) routing.Route {
	t.Helper()
	fields := strings.Fields(text)
	route := routing.Route{Number: dualtone.Number(fields[0])}
	if len(fields) == 1 {
		return route
	}
	p, err := routing.ParsePlan(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	route.Sides = p.Sides
	terms := routing.Terms{How: p.How, Share: p.Share}
	for _, field := range fields[2:] {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "from":
			terms.From, err = time.Parse(time.RFC3339, value)
		case "until":
			terms.Until, err = time.Parse(time.RFC3339, value)
		case "hours":
			terms.Hours = strings.ReplaceAll(value, "_", " ")
		default:
			terms.Otherwise = field
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !terms.IsZero() {
		route.Terms = &terms
	}
	return route
}

func TestAChangeOfTheTableLeadsNobodysCallsAstray(t *testing.T) {
	t.Parallel()
	people := residents{{"omar", "+493010", dualtone.Old}, {"nina", "+493020", dualtone.New}, {"nina", "+493021", dualtone.New}, {"lost", "+493030", dualtone.New}}
	var table active
	for _, text := range []string{"default old", "+493020 new,old", "+493021 new", "+493030 old"} {
		table = append(table, ruled(t, text))
	}
	for name, c := range map[string]struct {
		changes []string
		strays  string
	}{
		"to the side that they are on":        {changes: []string{"+493010 old"}},
		"both sides ring":                     {changes: []string{"+493010 both", "+493020 both"}},
		"the other side, where this cannot":   {changes: []string{"+493010 old,new"}},
		"to the other side":                   {changes: []string{"+493010 new"}, strays: "omar +493010 +493010"},
		"to the other side first":             {changes: []string{"+493010 new,old"}, strays: "omar +493010 +493010"},
		"some callers to the other side":      {changes: []string{"+493020 split:60"}, strays: "nina +493020 +493020"},
		"no callers to the other side":        {changes: []string{"+493020 split:100"}},
		"some callers, and then this side":    {changes: []string{"+493010 split:1,failover"}, strays: "omar +493010 +493010"},
		"a wider rule decides":                {changes: []string{"+493021"}, strays: "nina +493021 default"},
		"a range decides for somebody":        {changes: []string{"+493000..+493019 new"}, strays: "omar +493010 +493000..+493019"},
		"the default decides for somebody":    {changes: []string{"default new"}, strays: "omar +493010 default"},
		"nothing decides":                     {changes: []string{"default"}, strays: "omar +493010 "},
		"later":                               {changes: []string{"+493010 new from=2027-03-01T00:00:00Z old"}, strays: "omar +493010 +493010"},
		"for a while":                         {changes: []string{"+493020 new until=2027-03-01T00:00:00Z"}, strays: "nina +493020 default"},
		"for some hours":                      {changes: []string{"+493020 new hours=Mo-Su_00:00-18:00_UTC"}, strays: "nina +493020 default"},
		"for some hours, once it begins":      {changes: []string{"+493021 both from=2027-03-01T00:00:00Z hours=Sa_08:00-12:00_Europe/Berlin new"}},
		"who is astray already":               {changes: []string{"+493030 old,new"}},
		"who is astray already finds home":    {changes: []string{"+493030 new"}},
		"a number of nobody":                  {changes: []string{"+493099 new"}},
		"two at once, each to the other side": {changes: []string{"+493010 new", "+493020 old"}, strays: "omar +493010 +493010, nina +493020 +493020"},
	} {
		err := routing.Astray(t.Context(), after(t, table, c.changes...), table, people, routing.Options{}, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC))
		var found []string
		if e, ok := errors.AsType[*routing.StrayError](err); ok {
			for _, s := range e.Strays {
				found = append(found, fmt.Sprintf("%s %s %s", s.Person, s.Number, s.Rule))
			}
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := strings.Join(found, ", "); text != c.strays {
			t.Errorf("%s: astray are %q, want %q", name, text, c.strays)
		}
	}
}

func TestWhoseCallsDoNotRingWhereTheyAreIsListed(t *testing.T) {
	t.Parallel()
	people := residents{{"omar", "+493010", dualtone.Old}, {"nina", "+493020", dualtone.New}, {"lost", "+493030", dualtone.New}, {"none", "+503030", dualtone.Old}}
	table := active{ruled(t, "+493010 old,new"), ruled(t, "+493020 split:50"), ruled(t, "+493030..+493039 old")}
	found, err := routing.StraysOf(t.Context(), table, people, routing.Options{}, time.Now())
	want := []string{
		"nina is on the new side, and calls to +493020 would not ring there first (rule +493020)",
		"lost is on the new side, and calls to +493030 would not ring there first (rule +493030..+493039)",
		"none is on the old side, and no rule would say where calls to +503030 go",
	}
	var said []string
	for i := range found {
		said = append(said, found[i].String())
	}
	if diff := cmp.Diff(want, said); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	// A table that nobody has filled decides nothing: the SBC's own fallback does.
	if found, err := routing.StraysOf(t.Context(), active(nil), people, routing.Options{}, time.Now()); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestWhoWouldHaveANumberIsAstrayAtAnyMomentThatItsRoutesName(t *testing.T) {
	t.Parallel()
	some := []routing.Resident{{"omar", "+493010", dualtone.Old}, {"nina", "+493020", dualtone.New}}
	for name, c := range map[string]struct {
		table  []string
		strays string
	}{
		"nothing decides yet":            {},
		"where they are":                 {table: []string{"default old", "+493020 new"}},
		"by their own route":             {table: []string{"+493010 new", "+493020 new"}, strays: "omar +493010"},
		"by the default":                 {table: []string{"default old"}, strays: "nina default"},
		"by nothing":                     {table: []string{"+493020 new"}, strays: "omar "},
		"later":                          {table: []string{"default old until=2027-03-01T00:00:00Z new", "+493020 new"}, strays: "omar default"},
		"later, by a rule for others":    {table: []string{"default old", "+493020 new", "+493099 new from=2027-03-01T00:00:00Z old"}},
		"in the evening, by a range":     {table: []string{"+493010..+493019 old hours=Mo-Fr_08:00-18:00_UTC new", "+493020 new"}, strays: "omar +493010..+493019"},
		"both, each by a rule of theirs": {table: []string{"+493010 new,old", "+493020 old"}, strays: "omar +493010, nina +493020"},
	} {
		var table active
		for _, text := range c.table {
			table = append(table, ruled(t, text))
		}
		strays, err := routing.StraysAmong(t.Context(), some, table, routing.Options{}, time.Date(2027, 2, 1, 12, 0, 0, 0, time.UTC))
		var found []string
		for _, s := range strays {
			found = append(found, fmt.Sprintf("%s %s", s.Person, s.Rule))
		}
		if text := strings.Join(found, ", "); err != nil || text != c.strays {
			t.Errorf("%s: astray are %q (%v), want %q", name, text, err, c.strays)
		}
	}
}

func TestTheFirstTableMayNotLeadAnybodyAstrayEither(t *testing.T) {
	t.Parallel()
	people := residents{{"omar", "+493010", dualtone.Old}}
	err := routing.Astray(t.Context(), after(t, nil, "+493010 new"), active(nil), people, routing.Options{}, time.Now())
	const says = "calls would go astray: omar is on the old side, and calls to +493010 would not ring there first (rule +493010): conflict"
	if !errors.Is(err, dualtone.ErrConflict) || err.Error() != says || !strings.Contains(dualtone.Next(err), "--allow-stray") {
		t.Errorf("%v; next: %s", err, dualtone.Next(err))
	}
	if err := routing.Astray(t.Context(), after(t, nil, "+493011 new"), active(nil), people, routing.Options{}, time.Now()); err != nil {
		t.Error(err)
	}
}

// What is refused is what callers would notice: some reached somebody where they are
// before the change, or nobody did, and some do not after it.
func TestWhoIsLedAstrayIsWhatCallersNotice(t *testing.T) {
	t.Parallel()
	keys := []string{"+493010", "+493011", "+493012", "+493010..+493019", "default"}
	plans := []string{"", "old", "new", "old,new", "new,old", "both", "split:0", "split:40", "split:40,failover", "split:100"}
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(what string) []string {
			var all []string
			for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 4, rapid.ID).Draw(rt, what) {
				allowed := plans
				if len(key) > len("+493010") || key == "default" {
					allowed = slices.DeleteFunc(slices.Clone(plans), func(plan string) bool { return plan == "both" })
				}
				all = append(all, strings.TrimSpace(key+" "+rapid.SampledFrom(allowed).Draw(rt, "plan")))
			}
			return all
		}
		var table active
		for _, text := range draw("table") {
			if r := ruled(t, text); len(r.Sides) > 0 {
				table = append(table, r)
			}
		}
		changes := after(t, table, draw("changes")...)
		var people residents
		for _, n := range keys[:3] {
			people = append(people, routing.Resident{Person: dualtone.PersonID(n), Number: dualtone.Number(n), Side: rapid.SampledFrom([]dualtone.Side{dualtone.Old, dualtone.New}).Draw(rt, "side")})
		}
		before, next := tables(rt, table, changes)
		want := map[dualtone.Number]bool{}
		for _, p := range people {
			was, is := home(before, p), home(next, p)
			want[p.Number] = is != always && was != sometimes && (is != never || was == always)
		}
		got := map[dualtone.Number]bool{"+493010": false, "+493011": false, "+493012": false}
		if e, ok := errors.AsType[*routing.StrayError](routing.Astray(t.Context(), changes, table, people, routing.Options{}, time.Now())); ok {
			for _, s := range e.Strays {
				got[s.Number] = true
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("astray are %v, callers notice %v", got, want)
		}
	})
}

func tables(t *rapid.T, table active, changes []routing.Change) (before, next *routing.Table) {
	snapshot := routing.Snapshot{Revision: 1, Routes: table}
	before, err := routing.NewTable(routing.Options{}).With(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	snapshot = routing.Snapshot{Revision: 2}
	for _, c := range changes {
		snapshot.Routes = append(snapshot.Routes, c.To)
	}
	if next, err = before.With(snapshot); err != nil {
		t.Fatal(err)
	}
	return before, next
}

// How often callers reach somebody where they are.
type often int

const (
	never     often = iota // no rule holds
	sometimes              // some callers reach the other side first
	always
)

func home(t *routing.Table, p routing.Resident) often {
	found := always
	for i := range 100 {
		d := t.Decide(routing.Call{Called: string(p.Number), Caller: fmt.Sprintf("+4989%06d", i), Ingress: routing.FromCarrier, At: time.Now()})
		if d.Result != routing.Routed {
			return never
		}
		if d.Targets[0].Side != p.Side && d.Order != routing.Parallel {
			found = sometimes
		}
	}
	return found
}

func TestNumbersWithoutARouteAreLedByTheRules(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		rules []string
		led   []dualtone.Number
	}{
		"none does":                    {},
		"home":                         {rules: []string{"default old,new"}},
		"away":                         {rules: []string{"default new"}, led: []dualtone.Number{"+493010", "+493020"}},
		"some of them away":            {rules: []string{"default old", "+493020..+493029 new"}, led: []dualtone.Number{"+493020"}},
		"some callers away":            {rules: []string{"default split:1"}, led: []dualtone.Number{"+493010", "+493020"}},
		"away later":                   {rules: []string{"default old until=2027-03-01T00:00:00Z new"}, led: []dualtone.Number{"+493010", "+493020"}},
		"away in the evening":          {rules: []string{"default old", "+493020..+493029 new hours=Mo-Fr_18:00-20:00_UTC"}, led: []dualtone.Number{"+493020"}},
		"away, but not any more":       {rules: []string{"default old from=2026-03-01T00:00:00Z new"}},
		"another range leads somebody": {rules: []string{"+493030..+493039 new"}},
	} {
		var rules []routing.Route
		for _, text := range c.rules {
			rules = append(rules, ruled(t, text))
		}
		led, err := routing.LedElsewhere(rules, []dualtone.Number{"+493010", "+493020"}, dualtone.Old, now)
		if err != nil || !slices.Equal(led, c.led) {
			t.Errorf("%s: led elsewhere are %v (%v), want %v", name, led, err, c.led)
		}
	}
}
