package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// finalPlan is a plan of two short stages that is to be finalised.
const finalPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: acme, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: crm}
  timezone: Europe/London
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck:
      - {check: before_image_complete, on_fail: skip_user}
      - {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}
    reconcile:
      - {diff: user_state, max_unexplained: 0, max_age: 24h}
  limits: {concurrency: 4}
  approvals:
    plan: {need: 1, roles: [cutover-approver]}
    stage_default: {need: 1, roles: [operations-lead]}
  rollback: {on_gate_fail: automatic, scope: stage, window: 1s}
  stages:
    - {id: pilot, kind: pilot, cohort: {where: 'id in ["E1001", "E1002"]'}, windows: [always], soak: 1s, gates: [precheck, reconcile]}
    - {id: wave-1, after: [pilot], cohort: {where: 'id == "E1003"'}, windows: [always], soak: 1s, gates: [precheck, reconcile]}
  finalise:
    after: [wave-1]
    not_before: {after_last_switch: 1s}
    require: [reconcile, no_open_holds, evidence_pack_signed, no_calls_on_old: 7d, old_trunk_kept]
    approve: {need: 2, roles: [cutover-approver, finance-owner]}
    actions: [release_old_seats, archive_before_images]
`

// planned is what plan diff tells of a user.
type planned struct {
	Stage    string
	Person   string
	Reversal string
	Problem  string
	Expected float64 `json:"expected_seconds"`
	Actions  []struct {
		Step, Facet string
		From, To    map[string]any
		Expected    float64 `json:"expected_seconds"`
	}
}

// checkDiff looks that plan diff lists every write of everybody in order, from the
// live systems, and writes nothing.
func (s *site) checkDiff(t *testing.T, file string) {
	t.Helper()
	var d struct{ Users []planned }
	if a := s.ask(t, &d, "plan", "diff", file); a.code != exitOK {
		t.Fatal(a)
	}
	if len(d.Users) != 3 {
		t.Fatalf("the plan is previewed for %d people, want 3", len(d.Users))
	}
	for _, u := range d.Users {
		var steps []string
		for _, a := range u.Actions {
			if len(steps) == 0 || steps[len(steps)-1] != a.Step {
				steps = append(steps, a.Step)
			}
			if len(a.From) == 0 || len(a.To) == 0 || a.Expected <= 0 || fmt.Sprint(a.From) == fmt.Sprint(a.To) {
				t.Errorf("%s: %s of %s goes from %v to %v in %v s", u.Person, a.Step, a.Facet, a.From, a.To, a.Expected)
			}
		}
		want := "prepare dual_route drain crm route queues"
		if u.Person == "E1001" { // is paused for a training, so that nothing is offered to them
			want = "prepare dual_route crm route queues"
		}
		if got := strings.Join(steps, " "); got != want || u.Reversal != "minutes" || u.Problem != "" || u.Expected <= 0 {
			t.Errorf("%s in %s: %q in %v s, taken back in %s, problem %q; want %q", u.Person, u.Stage, got, u.Expected, u.Reversal, u.Problem, want)
		}
	}
	if a := s.good(t, "plan", "diff", file); !strings.Contains(a.out, "nothing was written") || !strings.Contains(a.out, "->") {
		t.Errorf("for people it says %v", a)
	}
	var written struct{ Items []any }
	if a := s.ask(t, &written, "journal", "E1001"); len(written.Items) > 0 {
		t.Errorf("the preview wrote: %v", a)
	}
}

func TestAPlanIsProvedAndFinalised(t *testing.T) {
	t.Parallel()
	s := newSite(t, 6, pace{drain: "20s", patience: "5m", signIn: "0s"})
	s.open(t)
	s.work(t)
	file := s.file(t, "plan.yaml", finalPlan)
	s.checkDiff(t, file)
	s.good(t, "switch", "E1006", "--to", "new", "--reason", "canary")
	s.good(t, "switch", "E1006", "--to", "old", "--reason", "canary")
	s.as(t, "ada", "submit", file)
	s.as(t, "eve", "approve", "acme")
	s.as(t, "oscar", "start", "acme")
	for _, stage := range []string{"pilot", "wave-1"} {
		s.planReaches(t, stage, rollout.AwaitingApproval)
		s.as(t, "lea", "approve", "acme", "--stage", stage, "--role", "operations-lead")
		s.planReaches(t, stage, rollout.Passed)
	}
	s.as(t, "eve", "approve", "acme", "--stage", "finalise")
	s.refusedFinal(t, "an approval as finance-owner", "the pack of stage pilot was never made", "old_trunk_kept", "no_calls_on_old")
	s.as(t, "fay", "approve", "acme", "--stage", "finalise", "--role", "finance-owner")

	s.proves(t)
	for _, task := range []string{"finalise/old_trunk_kept", "finalise/no_calls_on_old"} {
		s.good(t, "plan", "tasks", "done", "acme", task, "--as", "tim", "--evidence", "seen")
		if a := s.do(t, "plan", "tasks", "confirm", "acme", task, "--as", "tim", "--evidence", "seen"); a.code != exitDenied {
			t.Errorf("tim confirms his own work: %v", a)
		}
		s.good(t, "plan", "tasks", "confirm", "acme", task, "--as", "lea", "--evidence", "looked myself")
	}
	if a := s.good(t, "plan", "reconcile", "acme", "--as", "oscar", "--reason", "before the end"); !strings.Contains(a.out, "reconcile/user_state of stage wave-1: pass") {
		t.Errorf("the comparison says %v", a)
	}
	at, _, _ := strings.Cut(s.console(t), "/setup")
	s.clerk(t, at, "fay", "finance-owner").gives(t, "plan", "finalise", "acme")
	s.finalised(t)
}

// refusedFinal looks that the point of no return is refused, and for which reasons.
func (s *site) refusedFinal(t *testing.T, why ...string) {
	t.Helper()
	eventually(t, "the plan is completed", func() bool { return strings.Contains(s.good(t, "plan", "status", "acme").out, "completed") })
	a := s.do(t, "plan", "finalise", "acme", "--as", "fay", "--reason", "too early")
	if a.code != exitConflict {
		t.Errorf("too early: %v", a)
	}
	for _, w := range why {
		if !strings.Contains(a.err, w) {
			t.Errorf("the refusal does not say %q: %v", w, a)
		}
	}
}

// proves makes the packs of both stages and verifies them, and has what must be
// refused refused.
func (s *site) proves(t *testing.T) {
	t.Helper()
	key, folder := filepath.Join(s.dir, "evidence.pem"), t.TempDir()
	if a := s.do(t, "plan", "evidence", "acme", "--dir", folder); a.code != exitInvalid || !strings.Contains(a.err, "evidence.key is not set") {
		t.Errorf("without a key: %v", a)
	}
	s.good(t, "evidence", "keygen", key)
	settings, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, fmt.Appendf(settings, "evidence: {key: file:%s}\n", key), 0o600)) //nolint:gosec // The test's own folder.
	if a := s.do(t, "plan", "evidence", "acme", "wave-1", "--dir", folder); a.code != exitConflict || !strings.Contains(a.err, "stage pilot, which was not made yet") {
		t.Errorf("the second pack before the first: %v", a)
	}
	s.good(t, "plan", "evidence", "acme", "--dir", folder)
	pilot, wave := filepath.Join(folder, "acme-pilot.pack"), filepath.Join(folder, "acme-wave-1.pack")
	offline := program{} // an auditor has neither settings nor a database
	offline.good(t, "evidence", "verify", "--key", key+".pub", pilot, wave)
	offline.good(t, "evidence", "verify", "--key", key+".pub", wave, pilot) // as a shell may name them

	s.good(t, "evidence", "keygen", key+".other")
	text, err := os.ReadFile(pilot) //nolint:gosec // The test's own folder.
	must(t, err)
	forged := s.file(t, "forged.pack", string(bytes.Replace(text, []byte("on_new"), []byte("on_old"), 1)))
	for what, try := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a changed byte":  {[]string{key + ".pub", forged}, exitInvalid, "something was changed"},
		"another key":     {[]string{key + ".other.pub", pilot}, exitInvalid, "not of this key"},
		"the private key": {[]string{key, pilot}, exitInvalid, "PUBLIC KEY"},
		"no key there":    {[]string{key + ".none", pilot}, exitNotFound, "no such file"},
		"no pack there":   {[]string{key + ".pub", forged + ".none"}, exitNotFound, "no such file"},
		"a pack twice":    {[]string{key + ".pub", wave, wave}, exitInvalid, "is missing here"},
	} {
		a := offline.do(t, append([]string{"evidence", "verify", "--key"}, try.args...)...)
		if a.code != try.code || !strings.Contains(a.err, try.says) {
			t.Errorf("%s: %v, want %d and %q", what, a, try.code, try.says)
		}
	}
}

// finalised looks that the plan is done, that nothing of it is taken back any more,
// and that what the old system cannot do is left to people.
func (s *site) finalised(t *testing.T) {
	t.Helper()
	eventually(t, "the final actions are done", func() bool {
		return strings.Contains(s.good(t, "plan", "tasks", "list", "acme", "--all").out, "finalise/archive_before_images")
	})
	tasks := s.good(t, "plan", "tasks", "list", "acme", "--all").out
	for _, want := range []string{"finalise/release_old_seats", "they stand in the packs"} {
		if !strings.Contains(tasks, want) {
			t.Errorf("the tasks do not tell of %q:\n%s", want, tasks)
		}
	}
	if a := s.do(t, "plan", "rollback", "acme", "--as", "ivy", "--role", "incident-commander", "--reason", "too late"); a.code != exitConflict || !strings.Contains(a.err, "finalised") {
		t.Errorf("past the point of no return: %v", a)
	}
	t.Log(s.good(t, "plan", "log", "acme").out)
}
