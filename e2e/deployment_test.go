package e2e_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
)

// workAs runs a worker of a build for the rest of the test.
func (s *site) workAs(t *testing.T, build string) *worker {
	t.Helper()
	p := s.program
	p.env = append([]string{"DUALTONE_TEMPORAL_BUILD=" + build}, p.env...)
	return p.work(t)
}

// promote makes a build current once Temporal has heard of its workers.
func (s *site) promote(t *testing.T, build string) {
	t.Helper()
	eventually(t, "build "+build+" is current", func() bool {
		var now struct{ Current string }
		return s.ask(t, &now, "worker", "promote", build).code == exitOK && now.Current == build
	})
}

// buildOf is the build on which the latest run of a workflow was worked on last.
func (s *site) buildOf(t *testing.T, workflow string) string {
	t.Helper()
	d, err := s.temporal.DescribeWorkflowExecution(t.Context(), workflow, "")
	must(t, err)
	return d.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId()
}

// A new build is deployed while a cohort moves: the cohort and whoever is in
// flight end on the build on which they began. Afterwards the old workers may
// leave, and what begins is the new one's.
func TestABuildIsDeployedInTheMiddleOfACohort(t *testing.T) {
	t.Parallel()
	s := newSite(t, 4, pace{drain: "50s", patience: "30s", signIn: "0s"})
	s.open(t)
	s.cohort(t, "spring", 0, 4)
	before := s.standings(t)
	if a := s.do(t, "worker", "promote", "1.0"); a.code != exitNotFound || !strings.Contains(a.err, "worker") {
		t.Errorf("before any worker has come up: %v", a)
	}
	one := s.workAs(t, "1.0")
	s.promote(t, "1.0")
	if a := s.do(t, "worker", "promote", "2.0"); a.code != exitNotFound || !strings.Contains(a.err, "1.0") {
		t.Errorf("a build of which no worker has come up: %v", a)
	}

	talk(t, s.old, "call-0", s.people[0].Number)
	s.good(t, "cohort", "move", "spring", "--window", "1", "--no-wait")
	eventually(t, "offers to the first are stopped", func() bool { return s.standing(t, s.people[0]).OldQueues[0].Paused })
	s.workAs(t, "2.0")
	var would struct{ Before, Current string }
	eventually(t, "build 2.0 is known", func() bool {
		return s.ask(t, &would, "worker", "promote", "2.0", "--dry-run").code == exitOK
	})
	if would.Before != "1.0" || would.Current != "2.0" {
		t.Errorf("a dry run says %+v", would)
	}
	s.promote(t, "2.0")
	must(t, s.old.HangUp("call-0"))
	s.ends(t, "spring", cutover.AllMoved)

	// Those who were started later are moved by the worker that started them, or by
	// the new build where it had no hand free.
	for _, workflow := range []string{"cohort/spring", activities.UserWorkflowID(s.people[0].person())} {
		if got := s.buildOf(t, workflow); got != "1.0" {
			t.Errorf("%s ended on build %q, want 1.0", workflow, got)
		}
	}
	one.kill()
	s.good(t, "cohort", "rollback", "spring")
	if got := s.buildOf(t, "cohort/spring"); got != "2.0" {
		t.Errorf("the way back was made by build %q, want 2.0", got)
	}
	s.judge(t, before)
	s.uncut(t)
}
