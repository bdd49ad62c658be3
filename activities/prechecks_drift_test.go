package activities_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// teamOf is an agent of a team.
func teamOf(id dualtone.PersonID, team string) dualtone.Person {
	user := dualtone.UserID(id)
	return dualtone.Person{ID: id, Team: team, Accounts: dualtone.Accounts{CRM: "005" + user, Old: user, New: "u-" + user}}
}

// The people of a stage are frozen with its plan. Who has left it since is not moved,
// nobody joins, and a list in which nobody is left moves nobody and blocks.
func TestLeaversDropOutWhenTheirStageBegins(t *testing.T) {
	t.Parallel()
	world := cutovertest.NewWorld(cutovertest.Before())
	for name, tt := range map[string]struct {
		now     []dualtone.Person
		out     map[dualtone.PersonID]string
		blocked string
		fact    string
	}{
		"nothing has changed": {now: []dualtone.Person{teamOf("E1", "sales"), teamOf("E2", "sales")}, out: map[dualtone.PersonID]string{}},
		"one went to another team, another came": {
			now:  []dualtone.Person{teamOf("E1", "sales"), teamOf("E2", "support"), teamOf("E3", "sales")},
			out:  map[dualtone.PersonID]string{"E2": "left the stage since its people were approved: not selected"},
			fact: "the stage would take now, and does not: E3",
		},
		"an import lost the column": {
			now: []dualtone.Person{teamOf("E1", ""), teamOf("E2", "")}, out: map[dualtone.PersonID]string{},
			blocked: "everybody, 2 in all, has left the stage since they were approved, such as E1 (not selected): mend the user list and retry, or skip the stage",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, teamOf("E1", "sales"), teamOf("E2", "sales"))
			frozen := plan.Frozen{Plan: o.document.Hash(), Stage: "pilot", People: []dualtone.PersonID{"E1", "E2"}, By: "lee"}
			if err := o.plans.Freeze(t.Context(), frozen); err != nil {
				t.Fatal(err)
			}
			if err := o.people.Import(t.Context(), tt.now, cutover.Import{}); err != nil {
				t.Fatal(err)
			}
			checks := &activities.Prechecks{
				Library: o.library, Store: o.store, Proofs: restored{}, People: o.people, Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), Now: noon,
			}
			found, err := checks.Check(t.Context(), o.stage("pilot"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.out, found.LeftOut); diff != "" {
				t.Error("left out: -want +got\n" + diff)
			}
			if got := strings.Join(found.Blocks, "; "); got != tt.blocked {
				t.Errorf("blocked by %q, want %q", got, tt.blocked)
			}
			if !strings.Contains(strings.Join(found.Facts, "; "), tt.fact) {
				t.Errorf("the facts are %q, want %q among them", found.Facts, tt.fact)
			}
		})
	}
}

// Who was taken back with a stage is as ready to drop out as who was never tried.
func TestThePrechecksLeaveOutWhoWasTakenBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, teamOf("E1", "sales"))
	if _, err := o.store.Mark(t.Context(), rollout.Mark{Plan: "emea", Stage: "pilot", State: cutover.Restored, At: noon()}); err != nil {
		t.Fatal(err)
	}
	work := &activities.Rollout{Store: o.store, Checks: leavesOut{out: map[dualtone.PersonID]string{"E1": "no location for calls for help"}}, Now: noon}
	if _, err := work.CheckStage(t.Context(), o.stage("pilot")); err != nil {
		t.Fatal(err)
	}
	users, err := o.store.Users(t.Context(), rollout.UserQuery{Plan: "emea"})
	if err != nil || len(users) != 1 || users[0].State != cutover.Skipped {
		t.Errorf("they are %+v, %v; the next pass would move them", users, err)
	}
}

// leavesOut are prechecks that leave people out.
type leavesOut struct {
	activities.StageChecks
	out map[dualtone.PersonID]string
}

func (l leavesOut) Check(context.Context, activities.StageRef) (activities.Checked, error) {
	return activities.Checked{LeftOut: l.out}, nil
}
