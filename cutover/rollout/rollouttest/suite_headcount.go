package rollouttest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// headcounts compares what a store counts with whoever reads the whole user list.
func headcounts(t *testing.T, b *bench) {
	t.Helper()
	random := rand.New(rand.NewPCG(2027, 3)) //nolint:gosec // the same people each time
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	some := func(from ...string) (all []string) {
		for range random.IntN(4) {
			all = append(all, pick(from...)) // somebody may serve a queue twice
		}
		return all
	}
	people := make([]dualtone.Person, 300)
	for i := range people {
		p := &people[i]
		p.ID, p.Site, p.Team = person(i+1), pick("", "berlin", "leeds"), pick("", "berlin", "blue \"sky\"")
		p.Attributes = dualtone.Attributes{"queue": some("sales", "berlin", "ünïted"), "skill": some("sales"), "shift": some("late", "early")}
		if random.IntN(5) == 0 {
			p.Attributes = nil
		}
	}
	must(t, b.People.Import(t.Context(), people, cutover.Import{Actor: "ada"}))
	states := append(cutover.States(), "", "")
	for i := range people {
		state := states[random.IntN(len(states))]
		if state == "" {
			continue
		}
		_, err := b.Switches.Keep(t.Context(), cutover.Switch{
			ID: cutover.SwitchID(fmt.Sprint("s", i)), Person: people[i].ID, To: dualtone.New, State: state, Started: noon(),
		})
		must(t, err)
	}
	all, err := cutover.Everybody(t.Context(), b.People, cutover.PeopleQuery{})
	must(t, err)
	for range 20 {
		going := []dualtone.PersonID{"nobody"}
		for range random.IntN(100) {
			going = append(going, person(random.IntN(320)))
		}
		groups := someGroups(random)
		counts, err := b.Rollouts.Headcounts(t.Context(), groups, going)
		must(t, err)
		same(t, "the counts", counted(all, groups, going), counts)
	}
	none, err := b.Rollouts.Headcounts(t.Context(), nil, nil)
	must(t, err)
	if len(none) > 0 {
		t.Errorf("of no groups there are %v", none)
	}
}

// someGroups draws groups in any order, some of them of nobody.
func someGroups(random *rand.Rand) (groups []plan.Group) {
	for _, by := range []plan.Dimension{plan.BySite, plan.ByTeam, plan.ByQueue, plan.BySkill, plan.ByShift, plan.ByLanguage} {
		for _, value := range []string{"berlin", "leeds", "blue \"sky\"", "sales", "ünïted", "late", "early", "none"} {
			if random.IntN(3) > 0 {
				groups = append(groups, plan.Group{By: by, Value: value})
			}
		}
	}
	random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	return groups
}
