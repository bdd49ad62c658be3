package cutovertest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/routing"
)

// Ports are the stores of one company, which knows nobody yet.
type Ports struct {
	People   cutover.People
	Cohorts  cutover.Cohorts
	Switches cutover.Switches
	Plans    plan.Store
}

// Open makes stores for a test of their own.
type Open func(t *testing.T) Ports

// Run holds stores to everything that their ports promise.
func Run(t *testing.T, open Open) {
	t.Helper()
	t.Run("People", func(t *testing.T) { t.Parallel(); RunPeople(t, open) })
	t.Run("Cohorts", func(t *testing.T) { t.Parallel(); RunCohorts(t, open) })
	t.Run("Switches", func(t *testing.T) { t.Parallel(); RunSwitches(t, open) })
	t.Run("Plans", func(t *testing.T) { t.Parallel(); RunPlans(t, open) })
	t.Run("Journal", func(t *testing.T) { t.Parallel(); RunJournal(t, open) })
}

// promise is one sentence of a port and the test of it.
type promise struct {
	name string
	keep func(t *testing.T, b *bench)
}

func runPromises(t *testing.T, open Open, promises []promise) {
	t.Helper()
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.keep(t, &bench{open(t)})
		})
	}
}

// bench is stores under test with the steps that tests are made of.
type bench struct{ Ports }

func noon() time.Time { return time.Date(2026, 11, 9, 12, 0, 0, 123456000, time.UTC) }

func why() cutover.Import { return cutover.Import{Actor: "ada", Source: "users.csv"} }

// employee is the n-th of a company, with accounts everywhere.
func employee(n int) dualtone.Person {
	id := dualtone.PersonID(fmt.Sprintf("p%03d", n))
	return dualtone.Person{
		ID: id, Name: fmt.Sprintf("Agent %d", n), Email: fmt.Sprintf("%s@example.com", id), Extension: strconv.Itoa(1000 + n),
		Numbers: []dualtone.Number{dualtone.Number(fmt.Sprintf("+49301234%03d", n))}, Site: "berlin", Team: "sales",
		Accounts: dualtone.Accounts{
			CRM: dualtone.UserID("crm" + id), Old: dualtone.UserID("old" + id), New: dualtone.UserID("new" + id),
		},
	}
}

func employees(n int) []dualtone.Person {
	all := make([]dualtone.Person, n)
	for i := range all {
		all[i] = employee(i + 1)
	}
	return all
}

// captured is a whole switch, as a capture makes it.
func captured(id cutover.SwitchID, p dualtone.Person, to dualtone.Side) cutover.Switch {
	before := Before()
	return cutover.Switch{
		ID: id, Person: p.ID, To: to, Cohort: "wave-1", State: cutover.Captured, Started: noon(),
		Accounts: dualtone.Accounts{CRM: "crm-" + dualtone.UserID(p.ID), Old: "old-" + dualtone.UserID(p.ID)}, Before: before,
		Actions: []cutover.Action{{
			Step: cutover.SwitchCRM, Facet: cutover.Softphone, From: before[cutover.Softphone],
			To: cutover.Value{Softphone: &dualtone.Softphone{CallCenter: "04vNew", PermissionSets: []string{"CTI", "Console"}}},
		}},
		Provenance: routing.Provenance{Actor: "ada", Reason: "wave 1", Workflow: "user/" + string(p.ID), Run: "0192f0c8-7f1e-7c3a-9d53-2f6b6a1f0a10"},
	}
}

// reached is the entry of a state, so long after noon.
func reached(w cutover.Switch, state cutover.State, after time.Duration) cutover.Entry {
	return cutover.Entry{
		Switch: w.ID, Person: w.Person, Kind: cutover.Reached, State: state, Text: "to " + string(state), Attempt: 1,
		Provenance: w.Provenance, At: noon().Add(after),
	}
}

func (b *bench) hire(t *testing.T, people ...dualtone.Person) {
	t.Helper()
	if err := b.People.Import(t.Context(), people, why()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) keep(t *testing.T, w cutover.Switch) cutover.Switch {
	t.Helper()
	held, err := b.Switches.Keep(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func (b *bench) record(t *testing.T, entries ...cutover.Entry) {
	t.Helper()
	if err := b.Switches.Record(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) person(t *testing.T, id dualtone.PersonID) cutover.PersonState {
	t.Helper()
	p, err := b.People.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// where checks the side, the state and the switch of a person.
func (b *bench) where(t *testing.T, id dualtone.PersonID, want string) {
	t.Helper()
	p := b.person(t, id)
	if got := fmt.Sprintf("%s %s %s", p.Side, p.State, p.Switch); got != want {
		t.Errorf("%s is %q, want %q", id, got, want)
	}
}

func (b *bench) journal(t *testing.T, q cutover.JournalQuery) []cutover.Entry {
	t.Helper()
	entries, err := b.Switches.Journal(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// refused checks that an error is of a kind and names what it is about.
func refused(t *testing.T, what string, err, kind error, names ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
		return
	}
	for _, n := range names {
		if !strings.Contains(err.Error(), n) {
			t.Errorf("%s: %q does not name %s", what, err, n)
		}
	}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
