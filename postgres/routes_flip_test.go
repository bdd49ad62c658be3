package postgres

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

// A flip and the journal's entries before it stand together, once, and an entry
// stands also where the flip is refused.
func TestAFlipStandsTogetherWithTheJournal(t *testing.T) {
	t.Parallel()
	for name, few := range map[string]int{"few changes": few, "many changes": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := peopled(t, 1)
			w := keep(t, pool, planned("s1", agent(1)))
			r := NewRouter(pool)
			r.few = few
			intent := func(action int) cutover.Entry {
				return cutover.Entry{Switch: w.ID, Person: w.Person, Kind: cutover.Intent, Action: action, Facet: cutover.Routes, At: noon()}
			}
			forth := routing.Change{To: route(1, dualtone.New)}
			for range 2 {
				if _, err := r.Flip(t.Context(), []cutover.Entry{intent(1)}, []routing.Change{forth}, reason); err != nil {
					t.Fatal(err)
				}
			}
			wrong := routing.Change{From: route(1, dualtone.Old), To: route(1, dualtone.Old, dualtone.New)}
			if _, err := r.Flip(t.Context(), []cutover.Entry{intent(2)}, []routing.Change{wrong}, reason); !errors.Is(err, dualtone.ErrConflict) {
				t.Errorf("the route is another by now: %v, want a conflict", err)
			}
			invalid := routing.Change{From: route(1), To: route(2, dualtone.New)}
			if _, err := r.Flip(t.Context(), []cutover.Entry{intent(3)}, []routing.Change{invalid}, reason); !errors.Is(err, dualtone.ErrInvalid) {
				t.Errorf("a change of two numbers: %v, want invalid", err)
			}
			found, err := NewSwitches(pool).Journal(t.Context(), cutover.JournalQuery{Switch: w.ID, Kind: cutover.Intent})
			if err != nil {
				t.Fatal(err)
			}
			var told []int
			for _, e := range found {
				told = append(told, e.Action)
			}
			if diff := cmp.Diff([]int{1, 2, 3}, told); diff != "" {
				t.Errorf("the intents in the journal (-want +got):\n%s", diff)
			}
			routes, err := r.Routes(t.Context(), []dualtone.Number{route(1).Number})
			if err != nil || fmt.Sprint(routes[0].Sides) != "[new]" {
				t.Errorf("the route is %v, %v", routes, err)
			}
		})
	}
}
