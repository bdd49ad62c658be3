package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// hardPlan is a plan in which everything that can hold it up does: its pilot is not
// ready and then fails its gates, and its wave has no open window.
const hardPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: acme, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: crm}
  timezone: UTC
  calendars:
    windows:
      always: {from: "00:00", to: "24:00"}
      far: {days: [%s], from: "03:00", to: "04:00"}
    override: {roles: [incident-commander], reason_required: true, expires: 4h}
  gates:
    precheck:
      - {check: before_image_complete, on_fail: skip_user}
      - {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}
    reconcile:
      - {diff: user_state, max_unexplained: 0, max_age: 24h}
  limits: {concurrency: %d}
  approvals:
    plan: {need: 1, roles: [cutover-approver]}
    stage_default: {need: 1, roles: [operations-lead]}
  rollback: {on_gate_fail: hold, scope: stage, window: 14d}
  stages:
    - {id: pilot, kind: pilot, cohort: {where: 'id in ["E1001", "E1002"]'}, windows: [always], soak: 12d, gates: [precheck, reconcile]}
    - {id: spare, after: [pilot], cohort: {where: 'id == "E1003"'}, windows: [always], soak: 1s, gates: [precheck]}
    - {id: wave-1, after: [pilot], cohort: {where: 'id == "E1004"'}, windows: [far], soak: 1s, gates: [precheck]}
`

// hard is that plan; its window is open on another day than today and tomorrow.
func hard(concurrency int) string {
	day := strings.ToLower(time.Now().UTC().AddDate(0, 0, 3).Format("Mon"))
	return fmt.Sprintf(hardPlan, day, concurrency)
}

func TestOrdersForWhatGoesWrongAreGivenThroughAServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, 8, pace{drain: "50s", patience: "30s", signIn: "0s"})
	s.open(t)
	s.work(t)
	at, _, _ := strings.Cut(s.console(t), "/setup")
	ada, eve := s.clerk(t, at, "ada", "planner,operator,admin"), s.clerk(t, at, "eve", "cutover-approver,operations-lead")
	ivy := s.clerk(t, at, "ivy", "incident-commander")

	ada.gives(t, "plan", "submit", s.file(t, "plan.yaml", hard(4)))
	eve.gives(t, "plan", "reject", "acme")
	ada.gives(t, "plan", "submit", s.file(t, "plan.yaml", hard(3)))
	eve.gives(t, "plan", "approve", "acme")
	ada.gives(t, "plan", "start", "acme")
	s.planReaches(t, "pilot", rollout.Blocked)
	ada.canary(t, s)
	ada.gives(t, "plan", "retry", "acme", "--stage", "pilot")
	s.planReaches(t, "pilot", rollout.AwaitingApproval)
	ada.gives(t, "plan", "limits", "acme", "--concurrency", "2")
	ada.gives(t, "plan", "skip", "acme", "--stage", "spare")
	eve.gives(t, "plan", "approve", "acme", "--stage", "pilot", "--role", "operations-lead")
	s.planReaches(t, "pilot", rollout.Soaking)
	s.planReaches(t, "spare", rollout.Skipped)

	// Somebody takes a softphone away by hand, so that the stage does not hold together.
	must(t, s.org.Change("User", s.people[0].CRM, salesforcesim.Values{"CallCenterId": nil}))
	eve.gives(t, "plan", "soak", "acme", "--stage", "pilot", "--until", time.Now().Add(20*time.Second).UTC().Format(time.RFC3339), "--role", "cutover-approver")
	s.planReaches(t, "pilot", rollout.Failed)
	ada.gives(t, "plan", "reconcile", "acme")
	eve.gives(t, "plan", "override", "acme", "--stage", "pilot")
	s.planReaches(t, "pilot", rollout.Passed)

	s.planReaches(t, "wave-1", rollout.AwaitingApproval)
	eve.gives(t, "plan", "approve", "acme", "--stage", "wave-1", "--role", "operations-lead")
	s.planReaches(t, "wave-1", rollout.WaitingWindow)
	ivy.gives(t, "plan", "window", "acme", "--stage", "wave-1", "--for", "1h")
	eve.gives(t, "plan", "window", "acme", "--stage", "wave-1", "--agree", "--role", "cutover-approver")
	s.planReaches(t, "wave-1", rollout.Passed)
	ada.aborts(t, s, eve)
	entries := s.good(t, "audit", "list", "--limit", "500").out
	for _, action := range []string{
		"plan.reject", "plan.retry", "plan.limits", "plan.skip", "plan.soak", "plan.reconcile", "plan.override", "plan.window", "plan.abort",
		"cohort.order", "cohort.move", "switch.move",
	} {
		if !strings.Contains(entries, action) {
			t.Errorf("the audit holds no %s:\n%s", action, entries)
		}
	}
}

// canary sends people out and back, with a move that is called off and tried again.
func (c clerk) canary(t *testing.T, s *site) {
	t.Helper()
	c.good(t, "cohort", "create", "canary", "--user", "E1006,E1007")
	talk(t, s.old, "long", s.people[5].Number)
	c.gives(t, "cohort", "move", "canary", "--window", "1", "--no-wait")
	eventually(t, "the first one is being moved", func() bool { return len(s.status(t, "canary").InFlight) == 1 })
	c.gives(t, "cohort", "cancel", "canary", "--in-flight", "back")
	s.ends(t, "canary", cutover.Stopped)
	must(t, s.old.HangUp("long"))
	c.gives(t, "cohort", "retry", "canary")
	c.gives(t, "cohort", "move", "canary") // whoever was not begun with
	for _, e := range s.people[5:7] {
		if side := s.side(t, e); side != dualtone.New {
			t.Errorf("%s is on the %s side", e.ID, side)
		}
	}
	c.gives(t, "cohort", "rollback", "canary")
	// And somebody alone, who is shown what would be written, moved and restored.
	if a := c.good(t, "switch", "E1008", "--to", "new", "--dry-run"); !strings.Contains(a.out, "Nothing was written") {
		t.Errorf("the preview says %v", a)
	}
	c.gives(t, "switch", "E1008", "--to", "new")
	if side := s.side(t, s.people[7]); side != dualtone.New {
		t.Errorf("E1008 is on the %s side", side)
	}
	c.gives(t, "switch", "E1008", "--to", "old")
	if a := c.do(t, "switch", "E1008", "--to", "old", "--reason", "again"); a.code != exitConflict {
		t.Errorf("a second way back: %v", a)
	}
}

// aborts begins another plan and ends it where it is, which takes two: whoever asks
// for it has held it.
func (c clerk) aborts(t *testing.T, s *site, approver clerk) {
	t.Helper()
	other := strings.NewReplacer("name: acme", "name: beta", `"E1001", "E1002"`, `"E1005"`, "E1003", "E1007", "E1004", "E1008").Replace(hard(4))
	c.gives(t, "plan", "submit", s.file(t, "beta.yaml", other))
	approver.gives(t, "plan", "approve", "beta")
	c.gives(t, "plan", "start", "beta")
	if a := c.do(t, "plan", "abort", "beta", "--agree", "--reason", "first"); a.code != exitConflict || !strings.Contains(a.out+a.err, "nobody has asked for it") {
		t.Errorf("an agreement to nothing: %v", a)
	}
	c.gives(t, "plan", "abort", "beta", "--in-flight", "finish") // the plan takes orders once start has returned
	if a := s.good(t, "plan", "status", "beta"); !strings.Contains(a.out, "asks for it to be aborted") || !strings.Contains(a.out, "plan beta: active") {
		t.Errorf("after somebody asked: %v", a)
	}
	if a := c.do(t, "plan", "abort", "beta", "--agree", "--reason", "mine"); a.code != exitDenied {
		t.Errorf("whoever asked agrees: %v", a)
	}
	approver.gives(t, "plan", "abort", "beta", "--agree", "--role", "operations-lead")
	eventually(t, "the plan is aborted", func() bool { return strings.Contains(s.good(t, "plan", "status", "beta").out, "aborted") })
}
