package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// clerk is somebody who reaches dualtone through its server alone: their commands
// know of no database and of no Temporal.
type clerk struct{ program }

// clerk makes an account with roles and a token, and returns whoever works with it.
func (s *site) clerk(t *testing.T, at, name, roles string) clerk {
	t.Helper()
	s.good(t, "account", "create", name, "--service", "--roles", roles)
	var made struct {
		Secret string `json:"secret"`
	}
	s.ask(t, &made, "token", "create", "work", "--owner", name, "--roles", roles)
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	must(t, os.WriteFile(file, []byte(made.Secret+"\n"), 0o600))
	config := filepath.Join(dir, "dualtone.yaml")
	must(t, os.WriteFile(config, []byte("server: {url: \""+at+"\", token: \"file:"+file+"\"}\n"), 0o600))
	return clerk{program{config: config}}
}

// gives gives an order, and a reason.
func (c clerk) gives(t *testing.T, args ...string) {
	t.Helper()
	c.good(t, append(args, "--reason", "as agreed")...)
}

func TestOrdersOfEveryKindAreGivenThroughAServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, 8, pace{drain: "50s", patience: "30s", signIn: "0s"})
	s.open(t)
	before := s.standings(t)
	s.work(t)
	at, _, _ := strings.Cut(s.console(t), "/setup")
	ada, eve := s.clerk(t, at, "ada", "planner,operator,admin"), s.clerk(t, at, "eve", "cutover-approver,operations-lead")
	ada.cohorts(t, s)
	ada.plans(t, s, eve)
	if on := s.judge(t, before); on[dualtone.New] != 0 {
		t.Errorf("after all ways back %d people are on the new side", on[dualtone.New])
	}
	entries := s.good(t, "audit", "list", "--who", "ada", "--limit", "200").out
	for _, action := range []string{
		"cohort.move", "cohort.order", "cohort.rollback", "plan.submit", "plan.start", "plan.hold", "plan.release", "plan.pause", "plan.resume", "plan.soak", "plan.rollback",
	} {
		if !strings.Contains(entries, action) {
			t.Errorf("the audit holds no %s of ada:\n%s", action, entries)
		}
	}
}

// cohorts moves and takes back a cohort with every order on the way.
func (c clerk) cohorts(t *testing.T, s *site) {
	t.Helper()
	c.good(t, "cohort", "create", "canary", "--user", "E1006,E1007,E1008")
	// The first one is on the phone, so the orders meet a move that stands still.
	talk(t, s.old, "long", s.people[5].Number)
	c.gives(t, "cohort", "move", "canary", "--window", "1", "--no-wait")
	c.gives(t, "cohort", "pause", "canary")
	c.gives(t, "cohort", "window", "canary", "2")
	c.gives(t, "cohort", "skip", "canary", "E1008")
	must(t, s.old.HangUp("long"))
	c.gives(t, "cohort", "resume", "canary")
	eventually(t, "the cohort has moved", func() bool { return s.status(t, "canary").Verdict != "" })
	if side := s.side(t, s.people[5]); side != dualtone.New {
		t.Errorf("E1006 is on the %s side", side)
	}
	c.gives(t, "cohort", "rollback", "canary", "--no-wait")
	eventually(t, "the cohort is back", func() bool { return s.status(t, "canary").Verdict == cutover.AllRestored })
}

// plans runs a plan from hand-in to rollback; somebody else approves.
func (c clerk) plans(t *testing.T, s *site, approver clerk) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.yaml")
	must(t, os.WriteFile(file, []byte(planFile), 0o600))
	c.gives(t, "plan", "submit", file)
	if a := c.do(t, "plan", "approve", "acme", "--reason", "mine"); a.code != exitDenied {
		t.Errorf("the author's approval: %v", a)
	}
	approver.gives(t, "plan", "approve", "acme", "--role", "cutover-approver")
	c.gives(t, "plan", "start", "acme")
	s.planReaches(t, "pilot", rollout.AwaitingApproval)
	c.gives(t, "plan", "hold", "acme")
	c.gives(t, "plan", "release", "acme")
	c.gives(t, "plan", "pause", "acme")
	c.gives(t, "plan", "resume", "acme")
	approver.gives(t, "plan", "approve", "acme", "--stage", "pilot", "--role", "operations-lead")
	s.planReaches(t, "pilot", rollout.Passed)
	s.planReaches(t, "wave-1", rollout.AwaitingApproval)
	approver.gives(t, "plan", "approve", "acme", "--stage", "wave-1", "--role", "operations-lead")
	s.planReaches(t, "wave-1", rollout.Soaking)
	c.gives(t, "plan", "soak", "acme", "--stage", "wave-1", "--extend", "1d")
	c.gives(t, "plan", "rollback", "acme")
	s.planReaches(t, "wave-1", rollout.RolledBack)
	s.planReaches(t, "pilot", rollout.RolledBack)
}
