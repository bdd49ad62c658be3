package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// planFile is a plan of two stages whose second soaks for ever.
const planFile = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: acme, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: crm}
  timezone: Europe/London
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck:
      - {check: before_image_complete, on_fail: skip_user}
      - {check: new_seat_and_number_ready, on_fail: skip_user}
      - {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}
    reconcile:
      - {diff: user_state, max_unexplained: 0, max_age: 24h}
  limits: {concurrency: 4, stop_when: {failed_in_a_row: 3}}
  approvals:
    plan: {need: 1, roles: [cutover-approver], not_author: true, valid_for: 7d, binds: [plan_hash, cohort_hash]}
    stage_default: {need: 1, roles: [operations-lead], not_author: true, valid_for: 12h, binds: [plan_hash, cohort_hash, evidence_hash]}
  rollback: {on_gate_fail: automatic, scope: stage, window: 14d}
  stages:
    - id: pilot
      kind: pilot
      cohort: {where: 'id in ["E1001", "E1002", "E1003"]'}
      windows: [always]
      soak: 2s
      gates: [precheck, reconcile]
    - id: wave-1
      after: [pilot]
      cohort: {match: {team: [billing, sales, support]}, remainder: true}
      windows: [always]
      soak: 12d
      gates: [precheck, reconcile]
`

// as gives an order to the plan in somebody's name.
func (s *site) as(t *testing.T, who string, args ...string) {
	t.Helper()
	s.good(t, append([]string{"plan"}, append(args, "--as", who, "--reason", "as agreed")...)...)
}

// standing reads how the plan stands, and waits until a stage is in a state.
func (s *site) planReaches(t *testing.T, stage string, want rollout.State) control.PlanView {
	t.Helper()
	var v control.PlanView
	said := ""
	eventually(t, fmt.Sprintf("stage %s is %s", stage, want), func() bool {
		v = control.PlanView{}
		if a := s.ask(t, &v, "plan", "status", "acme"); a.code != exitOK {
			t.Fatal(a)
		}
		for _, st := range v.Stages {
			if st.ID == stage && said != fmt.Sprint(st.State, st.Detail) {
				said = fmt.Sprint(st.State, st.Detail)
				t.Logf("stage %s is %s: %s, %v", st.ID, st.State, st.Detail, st.Users)
			}
			if st.ID == stage && st.State == want {
				return true
			}
		}
		return false
	})
	return v
}

func TestAPlanOnTheRealStack(t *testing.T) {
	t.Parallel()
	s := newSite(t, 8, pace{drain: "20s", patience: "30s", signIn: "0s"})
	s.open(t)
	before := s.standings(t)
	s.work(t)
	file := filepath.Join(t.TempDir(), "plan.yaml")
	must(t, os.WriteFile(file, []byte(planFile), 0o600))

	s.as(t, "ada", "submit", file)
	if a := s.do(t, "plan", "approve", "acme", "--as", "ada"); a.code != exitDenied || !strings.Contains(a.err, "its author does not approve it") {
		t.Errorf("the author's approval: %v", a)
	}
	if a := s.do(t, "plan", "start", "acme", "--as", "oscar", "--reason", "go"); a.code != exitConflict {
		t.Errorf("start before approval: %v", a)
	}
	s.as(t, "eve", "approve", "acme")
	s.as(t, "oscar", "start", "acme")

	// Nobody has come back yet: there is no way forward.
	v := s.planReaches(t, "pilot", rollout.Blocked)
	if why := v.Stages[0].Detail; !strings.Contains(why, "nobody has gone out and come back") {
		t.Errorf("the pilot is blocked because of %q", why)
	}
	s.good(t, "switch", "E1008", "--to", "new", "--reason", "canary")
	s.good(t, "switch", "E1008", "--to", "old", "--reason", "canary")
	s.as(t, "oscar", "retry", "acme", "--stage", "pilot")
	s.planReaches(t, "pilot", rollout.AwaitingApproval)
	s.as(t, "lea", "approve", "acme", "--stage", "pilot", "--role", "operations-lead")
	v = s.planReaches(t, "pilot", rollout.Passed)
	if n := v.Stages[0].Users[cutover.OnNew]; n != 3 {
		t.Errorf("%d users of the pilot are on the new side", n)
	}

	s.planReaches(t, "wave-1", rollout.AwaitingApproval)
	s.as(t, "ivy", "hold", "acme")
	s.as(t, "lea", "approve", "acme", "--stage", "wave-1", "--role", "operations-lead")
	v = s.planReaches(t, "wave-1", rollout.AwaitingApproval)
	if len(v.Holds) != 1 || v.Holds[0].Owner != "ivy" {
		t.Errorf("the holds are %+v", v.Holds)
	}
	s.as(t, "ivy", "release", "acme")
	s.planReaches(t, "wave-1", rollout.Soaking)
	s.as(t, "ivy", "rollback", "acme")
	s.planReaches(t, "wave-1", rollout.RolledBack)
	s.planReaches(t, "pilot", rollout.RolledBack)
	a := s.good(t, "plan", "watch", "acme")
	if !strings.Contains(a.out, "rolled_back") {
		t.Errorf("watch says %v", a)
	}
	if on := s.judge(t, before); on[dualtone.New] != 0 {
		t.Errorf("after the rollback %d people are on the new side", on[dualtone.New])
	}
	log := s.good(t, "plan", "log", "acme").out
	for _, want := range []string{"ada", "eve", "lea", "ivy", "cutover-approver", "blocked", "rolled_back"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not tell of %s:\n%s", want, log)
		}
	}
	t.Log(log)
	t.Log(s.good(t, "plan", "status", "acme").out)
}
