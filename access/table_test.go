package access_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// verbs are those that people give in any state.
func verbs() []rollout.Verb {
	var all []rollout.Verb
	for level, states := range map[rollout.Level][]rollout.State{rollout.OfPlan: rollout.PlanStates(), rollout.OfStage: rollout.StageStates()} {
		for _, s := range states {
			for _, v := range rollout.Orders(level, s) {
				if !slices.Contains(all, v) {
					all = append(all, v)
				}
			}
		}
	}
	return all
}

func TestEveryVerbOfAPlanStandsInTheTableAndOnlyThere(t *testing.T) {
	t.Parallel()
	found := verbs()
	for _, v := range found {
		row, ok := access.Find(rollout.Action(v))
		if !ok || !row.Writes {
			t.Errorf("%s is no action that writes", rollout.Action(v))
		}
		for level, states := range map[rollout.Level][]rollout.State{rollout.OfPlan: rollout.PlanStates(), rollout.OfStage: rollout.StageStates()} {
			for _, s := range states {
				who := rollout.Who(level, s, v)
				if len(who) > 0 && !slices.Equal(who, []access.Role{access.System}) && !slices.Equal(who, row.Roles) {
					t.Errorf("%s in %s is for %v, and the table says %v", v, s, who, row.Roles)
				}
			}
		}
	}
	for _, row := range access.Table() {
		verb, ofPlan := strings.CutPrefix(string(row.Action), "plan.")
		if ofPlan && verb != "read" && !slices.Contains(found, rollout.Verb(verb)) {
			t.Errorf("%s is in the table, and no plan takes it", row.Action)
		}
	}
}

func TestTheTableIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[access.Action]bool{}
	for _, row := range access.Table() {
		switch {
		case seen[row.Action]:
			t.Errorf("%s stands twice", row.Action)
		case row.Does == "":
			t.Errorf("%s does not say what it is", row.Action)
		case len(row.Roles) == 0:
			t.Errorf("nobody may %s", row.Action)
		case row.Writes && slices.Contains(row.Roles, access.Viewer) && row.Action != access.TokenOwn:
			t.Errorf("a viewer may %s", row.Action)
		}
		seen[row.Action] = true
		for i, r := range row.Roles {
			if slices.Contains(row.Roles[:i], r) {
				t.Errorf("%s names %s twice", row.Action, r)
			}
		}
	}
}

// notes is an audit in memory.
type notes struct{ all []audit.Entry }

func (n *notes) Record(ctx context.Context, e audit.Entry) error {
	c, _ := audit.CauseOf(ctx)
	n.all = append(n.all, c.Fill(e))
	return nil
}

func TestTheGateLetsEachRoleDoExactlyWhatTheTableSays(t *testing.T) {
	t.Parallel()
	for _, row := range access.Table() {
		for _, role := range access.Roles() {
			var n notes
			gate := access.Gate{Audit: &n}
			ctx := access.With(t.Context(), access.Actor{Name: "kim", Roles: []access.Role{role}, Via: "session"})
			_, as, err := gate.Enter(ctx, access.Ask{Action: row.Action, Object: "it", Reason: "because"})
			may := slices.Contains(row.Roles, role)
			if may != (err == nil) || may && as != role {
				t.Errorf("%s as %s: %v as %s", row.Action, role, err, as)
			}
			if !may {
				denied, ok := errors.AsType[*access.DeniedError](err)
				if !ok || !errors.Is(err, dualtone.ErrDenied) || len(denied.May) == 0 || slices.Contains(denied.May, access.System) {
					t.Errorf("%s as %s: %v does not say which role is missing", row.Action, role, err)
				}
			}
			want := map[bool]audit.Outcome{true: audit.Allowed, false: audit.Denied}[may]
			if noted := !may || row.Writes; noted != (len(n.all) == 1) || noted && (n.all[0].Outcome != want || n.all[0].Actor != "kim") {
				t.Errorf("%s as %s: the audit holds %+v", row.Action, role, n.all)
			}
		}
	}
}

func TestTheRoleThatIsAskedForMustBeHeldAndAllow(t *testing.T) {
	t.Parallel()
	who := access.Actor{Name: "kim", Roles: []access.Role{access.Planner, access.FinanceOwner}}
	for as, want := range map[access.Role]bool{"": true, access.FinanceOwner: true, access.Planner: false, access.CutoverApprover: false, access.System: false} {
		if _, err := who.As(access.PlanApprove, as); want != (err == nil) {
			t.Errorf("approve as %q: %v", as, err)
		}
	}
	if err := (access.Actor{Name: "kim", Roles: []access.Role{access.System}}); err.May(access.PlanStart) {
		t.Error("somebody acts as the program")
	}
}
