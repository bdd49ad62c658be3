package rollout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestApprovalsCountOnlyForWhatTheyBind(t *testing.T) {
	t.Parallel()
	stands := rollout.Bound{Plan: "h1", Cohort: "c1", Evidence: "e1"}
	need := plan.Approval{
		Need: 2, Roles: []plan.Role{plan.CutoverApprover, plan.OperationsLead, plan.FinanceOwner},
		Binds: []plan.Binding{plan.BindPlan, plan.BindCohort},
	}
	both, proved := need, need
	proved.Binds = []plan.Binding{plan.BindPlan, plan.BindCohort, plan.BindEvidence}
	both.Roles = []plan.Role{plan.CutoverApprover, plan.FinanceOwner}
	yes := func(actor string, role plan.Role, bound rollout.Bound) rollout.Approval {
		return rollout.Approval{Plan: "emea", Actor: actor, Role: role, Bound: bound, At: noon(), Expires: noon().Add(time.Hour)}
	}
	eve, fin := yes("eve", plan.CutoverApprover, stands), yes("fin", plan.FinanceOwner, stands)
	edited, grown, seen := stands, stands, stands
	edited.Plan, grown.Cohort, seen.Evidence = "h0", "c0", "e0"
	took := eve
	took.No, took.At = true, noon().Add(time.Minute)
	anew := eve
	anew.At = noon().Add(2 * time.Minute)
	for _, c := range []struct {
		what string
		need plan.Approval
		all  []rollout.Approval
		at   time.Duration
		want string // what is missing
		void string
	}{
		{"two people", need, []rollout.Approval{eve, fin}, 0, "", ""},
		{"one person twice", need, []rollout.Approval{eve, eve}, 0, "1 of 2", ""},
		{"the author", need, []rollout.Approval{eve, yes("ada", plan.FinanceOwner, stands)}, 0, "1 of 2", "ada: is its author"},
		{"an edited plan", need, []rollout.Approval{eve, yes("fin", plan.FinanceOwner, edited)}, 0, "1 of 2", "changed since"},
		{"a changed cohort", need, []rollout.Approval{eve, yes("fin", plan.FinanceOwner, grown)}, 0, "1 of 2", "changed since"},
		{"evidence that is not bound", need, []rollout.Approval{eve, yes("fin", plan.FinanceOwner, seen)}, 0, "", ""},
		{"other evidence where it is bound", proved, []rollout.Approval{eve, yes("fin", plan.FinanceOwner, seen)}, 0, "1 of 2", "changed since"},
		{"an expired one", need, []rollout.Approval{eve, fin}, time.Hour, "2 of 2", "expired"},
		{"the wrong role", need, []rollout.Approval{eve, yes("vic", plan.Viewer, stands)}, 0, "1 of 2", "as viewer"},
		{"a change of mind", need, []rollout.Approval{eve, fin, took}, 0, "2 of 2", "rejected"},
		{"what was approved before somebody rejected it", need, []rollout.Approval{fin, took, anew}, 0, "1 of 2", "fin: approved it before it was rejected"},
		{"each role, when as many are needed", both, []rollout.Approval{eve, yes("eva", plan.CutoverApprover, stands)}, 0, "as finance-owner", ""},
		{"both roles", both, []rollout.Approval{eve, fin}, 0, "", ""},
	} {
		v := rollout.Count(c.need, "ada", stands, c.all, noon().Add(c.at))
		if v.Enough != (c.want == "") || !strings.Contains(v.Missing, c.want) || !strings.Contains(strings.Join(v.Void, "; "), c.void) {
			t.Errorf("%s: %+v, want missing %q, void %q", c.what, v, c.want, c.void)
		}
	}
}

func TestApprovalsHoldUntilTheFirstOfThemEnds(t *testing.T) {
	t.Parallel()
	stands := rollout.Bound{Plan: "h1"}
	need := plan.Approval{Need: 2, Roles: []plan.Role{plan.CutoverApprover}}
	said := func(actor string, holds time.Duration) rollout.Approval {
		return rollout.Approval{Actor: actor, Role: plan.CutoverApprover, Bound: stands, At: noon(), Expires: noon().Add(holds)}
	}
	first := noon().Add(time.Hour)
	for _, all := range [][]rollout.Approval{{said("eve", time.Hour), said("fin", 2*time.Hour)}, {said("eve", 2*time.Hour), said("fin", time.Hour)}} {
		if v := rollout.Count(need, "ada", stands, all, noon()); !v.Enough || !v.Until.Equal(first) {
			t.Errorf("%+v, want it to hold until %s", v, first)
		}
	}
}

func TestNobodyConfirmsTheirOwnTask(t *testing.T) {
	t.Parallel()
	task := rollout.Task{ID: "port", Owner: "tel", Wanted: "a letter", State: rollout.TaskOpen}
	if _, err := task.Judge(rollout.TaskConfirmed, "zoe", "", noon()); err == nil {
		t.Error("a task that nobody has done is confirmed")
	}
	if _, err := task.Finish("tel", "", noon()); err == nil || !strings.Contains(err.Error(), "a letter") {
		t.Errorf("done without evidence: %v", err)
	}
	done, err := task.Finish("tim", "scan of the letter", noon())
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"tim", "tel"} {
		if _, err := done.Judge(rollout.TaskConfirmed, who, "", noon()); err == nil {
			t.Errorf("%s confirmed their own work", who)
		}
	}
	refused, err := done.Judge(rollout.TaskRefused, "zoe", "no calls arrive", noon())
	if err != nil || rollout.Undone([]rollout.Task{refused}) == "" {
		t.Errorf("a refused task: %v, undone %q", err, rollout.Undone([]rollout.Task{refused}))
	}
	again, err := refused.Finish("tim", "second letter", noon())
	if err != nil || again.State != rollout.TaskDone || again.Finding != "" {
		t.Errorf("done again: %+v, %v", again, err)
	}
	ok, err := again.Judge(rollout.TaskConfirmed, "zoe", "calls arrive", noon())
	if err != nil || rollout.Undone([]rollout.Task{ok}) != "" {
		t.Errorf("confirmed: %v", err)
	}
}
