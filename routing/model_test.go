package routing_test

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// decisions is how many calls are checked against the model; 10 million are the
// compressed day.
var decisions = flag.Int("decisions", 200_000, "how many decisions are checked against the model")

// model decides in the plainest words, from the routes as they stand in a map.
// It shares no code with the table but the texts of plans.
type model struct {
	routes map[string]routing.Route
	ranges map[string][2]string
	sticky map[string]dualtone.Side
}

func (m *model) put(r routing.Route) {
	key := string(r.Number)
	first, last, wide := strings.Cut(key, "..")
	switch {
	case len(r.Sides) == 0:
		delete(m.routes, key)
		delete(m.ranges, key)
		return
	case wide:
		m.ranges[key] = [2]string{first, last}
	}
	m.routes[key] = r
}

func (m *model) holds(r routing.Route, at time.Time) (string, bool) {
	if r.Terms == nil {
		return r.Plan().String(), true
	}
	t := r.Terms
	if !t.From.IsZero() && at.Before(t.From) || !t.Until.IsZero() && !at.Before(t.Until) {
		return t.Otherwise, t.Otherwise != ""
	}
	return r.Plan().String(), true
}

func (m *model) plan(number string, at time.Time) (plan, rule string) {
	if r, ok := m.routes[number]; ok {
		if plan, ok := m.holds(r, at); ok {
			return plan, number
		}
	}
	var wide []string
	for key, ends := range m.ranges {
		if first, last := ends[0], ends[1]; len(first) == len(number) && first <= number && number <= last {
			wide = append(wide, key)
		}
	}
	slices.SortFunc(wide, func(a, b string) int { return cmp.Or(cmp.Compare(width(a), width(b)), cmp.Compare(b, a)) })
	for _, key := range append(wide, "default") {
		if r, ok := m.routes[key]; ok {
			if plan, ok := m.holds(r, at); ok {
				return plan, key
			}
		}
	}
	return "", ""
}

func width(key string) int {
	var a, b int
	_, _ = fmt.Sscanf(key, "+%d..+%d", &a, &b)
	return b - a
}

// check compares a decision with what the model allows.
func (m *model) check(c routing.Call, d routing.Decision) string {
	if len(m.routes) == 0 {
		return mismatch(d.Result == routing.NoTable && len(d.Targets) == 0, "no table")
	}
	plan, rule := m.plan(c.Called, c.At)
	if plan == "" {
		return mismatch(d.Result == routing.NotFound && len(d.Targets) == 0, "not found")
	}
	if d.Rule != rule {
		return "rule " + rule
	}
	from := dualtone.Side(c.Ingress)
	var want []dualtone.Side
	switch {
	case plan == "both":
		want = []dualtone.Side{dualtone.New, dualtone.Old}
	case strings.HasPrefix(plan, "split"):
		want = m.split(c, d, plan)
	default:
		for s := range strings.SplitSeq(plan, ",") {
			want = append(want, dualtone.Side(s))
		}
	}
	want = slices.DeleteFunc(want, func(s dualtone.Side) bool { return s == from })
	var got []dualtone.Side
	for _, target := range d.Targets {
		got = append(got, target.Side)
	}
	if !slices.Equal(got, want) || (d.Result == routing.Loop) != (len(want) == 0) ||
		(d.Order == routing.Parallel) != (plan == "both" && len(want) == 2) {
		return fmt.Sprintf("%s to %v by %s", plan, want, rule)
	}
	return ""
}

// split takes the decision's word for a new caller and holds it to it.
func (m *model) split(c routing.Call, d routing.Decision, plan string) []dualtone.Side {
	if plan == "split:0" || plan == "split:100" {
		return []dualtone.Side{map[string]dualtone.Side{"split:0": dualtone.Old, "split:100": dualtone.New}[plan]}
	}
	key := c.Called + " " + c.Caller + " " + strings.TrimSuffix(plan, ",failover")
	first, known := m.sticky[key]
	if !known && (c.Ingress != routing.FromOld && c.Ingress != routing.FromNew) && len(d.Targets) > 0 {
		first = d.Targets[0].Side
		m.sticky[key] = first
	}
	switch {
	case first == "" && strings.HasSuffix(plan, "failover"):
		return []dualtone.Side{dualtone.New, dualtone.Old}
	case first == "":
		// Not seen yet, and the platform that it came from hides it.
		if len(d.Targets) == 0 {
			return []dualtone.Side{dualtone.Side(c.Ingress)}
		}
		return []dualtone.Side{d.Targets[0].Side}
	case strings.HasSuffix(plan, "failover"):
		return []dualtone.Side{first, first.Other()}
	default:
		return []dualtone.Side{first}
	}
}

func mismatch(ok bool, want string) string {
	if ok {
		return ""
	}
	return want
}

func randomRoute(tb testing.TB, r *rand.Rand) routing.Route {
	tb.Helper()
	plans := []string{"old", "new", "old,new", "new,old", "split:0", "split:30", "split:30,failover", "split:100", "both"}
	key := fmt.Sprintf("+4930%03d", r.IntN(1000))
	switch r.IntN(50) {
	case 0:
		key, plans = "default", plans[:4]
	case 1, 2:
		from := 10 * r.IntN(90)
		key, plans = fmt.Sprintf("+4930%03d..+4930%03d", from, from+9+10*r.IntN(4)), plans[:8]
	}
	if r.IntN(10) == 0 {
		return routing.Route{Number: dualtone.Number(key)}
	}
	return parse(tb, key, plans[r.IntN(len(plans))], func(t *routing.Terms) {
		switch r.IntN(20) {
		case 0:
			t.From, t.Otherwise = noon.Add(time.Duration(r.IntN(100))*time.Minute), plans[r.IntN(4)]
		case 1:
			t.Until = noon.Add(time.Duration(r.IntN(100)) * time.Minute)
		}
	})
}

func TestEveryDecisionOfADayOfFlipsIsTheModels(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // G404: a test's.
	t.Logf("seed %d", seed)
	m := &model{routes: map[string]routing.Route{}, ranges: map[string][2]string{}, sticky: map[string]dualtone.Side{}}
	table := load(t)
	from := []routing.Ingress{routing.FromCarrier, routing.FromCarrier, routing.FromOld, routing.FromNew, routing.Internal}
	for i := range *decisions {
		if i%20 == 0 {
			s := routing.Snapshot{Revision: table.Revision() + 1, At: noon}
			for range 1 + r.IntN(3) {
				s.Routes = append(s.Routes, randomRoute(t, r))
			}
			var err error
			if table, err = table.With(s); err != nil {
				t.Fatal(err)
			}
			for _, route := range s.Routes {
				m.put(route)
			}
		}
		c := routing.Call{
			ID: strconv.Itoa(i), Called: fmt.Sprintf("+4930%03d", r.IntN(1050)), Caller: fmt.Sprintf("+44%d", 1000+r.IntN(50)),
			Ingress: from[r.IntN(len(from))], Country: "DE", At: noon.Add(time.Duration(r.IntN(100)) * time.Minute),
		}
		d := table.Decide(c)
		if want := m.check(c, d); want != "" || d.Revision != table.Revision() {
			t.Fatalf("%d: %+v\ngot %+v\nwant %s", i, c, d, want)
		}
	}
	if table.Len() != len(m.routes) {
		t.Errorf("%d routes, the model has %d", table.Len(), len(m.routes))
	}
	for route := range table.Routes() {
		if want := m.routes[string(route.Number)]; !route.Equal(want) || !table.Route(route.Number).Equal(want) {
			t.Errorf("got %+v, want %+v", route, want)
		}
	}
}
