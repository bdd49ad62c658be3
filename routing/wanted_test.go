package routing_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// active is a table that stands.
type active []routing.Route

func (a active) Routes(_ context.Context, numbers []dualtone.Number) ([]routing.Route, error) {
	found := make([]routing.Route, len(numbers))
	for i, n := range numbers {
		found[i] = routing.Route{Number: n}
		for _, r := range a {
			if r.Number == n {
				found[i] = r
			}
		}
	}
	return found, nil
}

func (a active) Since(context.Context, routing.Revision) (routing.Snapshot, error) {
	return routing.Snapshot{Revision: 1, Routes: a}, nil
}

func to(number string, sides ...dualtone.Side) routing.Route {
	return routing.Route{Number: dualtone.Number(number), Sides: sides}
}

func TestAWishChangesWhatItSpeaksOfAlone(t *testing.T) {
	t.Parallel()
	queue, person := to("+493010", dualtone.Old), to("+493011", dualtone.Old)
	queue.Terms, person.Person = &routing.Terms{Queue: "sales"}, "p1"
	others := to("+493011", dualtone.Old)
	others.Person = "p2"
	for name, c := range map[string]struct {
		wanted routing.Wanted
		want   string // the changes: number, plan and whose
		fails  error
		says   string
	}{
		"a plan alone":         {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493010", dualtone.New)}}}, want: "+493010 new sales"},
		"somebody else's":      {wanted: routing.Wanted{Routes: []routing.Wish{{Route: others, Said: routing.Facts{Person: true}}}}, want: "+493011 old p2"},
		"no route any more":    {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493011")}}}, want: "+493011  "},
		"these and no others":  {wanted: routing.Wanted{Replace: true, Routes: []routing.Wish{{Route: to("+493010", dualtone.New)}}}, want: "+493010 new sales, +493011  "},
		"the plan that is":     {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493010", dualtone.New), Expect: "old"}}}, want: "+493010 new sales"},
		"a new one":            {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493012", dualtone.New), Expect: "none"}}}, want: "+493012 new "},
		"another plan":         {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493010", dualtone.New), Expect: "new"}}}, fails: dualtone.ErrConflict, says: "the active plan is old, not new"},
		"one that is there":    {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493010", dualtone.New), Expect: "none"}}}, fails: dualtone.ErrConflict, says: "is old, not none"},
		"one that is not":      {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493013", dualtone.New), Expect: "old"}}}, fails: dualtone.ErrConflict, says: "is none, not old"},
		"an emergency number":  {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("112", dualtone.New)}}}, fails: dualtone.ErrInvalid, says: "emergency number 112"},
		"calls that go round":  {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493010", dualtone.New)}}, Forwards: round()}, fails: dualtone.ErrInvalid, says: "go round: [[+493010 +493011]]"},
		"forwards of the past": {wanted: routing.Wanted{Routes: []routing.Wish{{Route: to("+493010", dualtone.Old)}}, Forwards: round()}},
	} {
		got, err := c.wanted.Changes(t.Context(), active{queue, person})
		if !errors.Is(err, c.fails) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v %q", name, err, c.fails, c.says)
		}
		var said []string
		for _, change := range got {
			said = append(said, string(change.To.Number)+" "+change.To.Plan().String()+" "+change.To.Owner())
		}
		if text := strings.Join(said, ", "); err == nil && text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
}

// round are forwards that go in a circle once +493010 is on the new side.
func round() []routing.Forwarded {
	return []routing.Forwarded{{Side: dualtone.New, From: "+493010", To: "+493011"}, {Side: dualtone.Old, From: "+493011", To: "+493010"}}
}

func TestForwardsAreReadWithAHeaderAndWithout(t *testing.T) {
	t.Parallel()
	const rows = "new,+493010,+493011\nold,+493011,+493010\n"
	for _, text := range []string{rows, "side,number,to\n" + rows} {
		got, err := routing.ReadForwards(strings.NewReader(text))
		if diff := cmp.Diff(round(), got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
	for text, says := range map[string]string{
		rows + "cloud,+493012,+493013\n": `line 3: side "cloud"`, "new,+493010\n": "want side, number and to", "side,number,to\n\"new": "want side",
	} {
		if _, err := routing.ReadForwards(strings.NewReader(text)); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}
