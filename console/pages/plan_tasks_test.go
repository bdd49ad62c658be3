package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

func TestATaskIsDoneWithEvidenceAndConfirmedBySomebodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	must(t, s.desk.Plans.Store.OpenTasks(t.Context(), rollout.Task{
		Plan: "spring", Stage: workflows.FinalStage, ID: "carrier-letter", Name: "Carrier's letter", Owner: "olga", Due: time.Now().Add(-time.Hour),
		Instruction: "Have the carrier confirm the ports.", Wanted: "the letter", Confirm: "records", State: rollout.TaskOpen,
	}))
	olga := s.as(t, "olga", access.Operator)
	shows(t, olga.look(t, "/plans/spring"), "Carrier&#39;s letter", "late", "wanted: the letter")
	shows(t, s.as(t, "vi", access.Viewer).look(t, "/plans/spring"), "needs the role of", "no key")
	hand := url.Values{"task": {"carrier-letter"}, "verdict": {"hand"}, "owner": {"oscar"}, "reason": {"holiday"}}
	shows(t, olga.send(t, "/plans/spring/tasks", hand), "Task carrier-letter is oscar&#39;s.", "Hand over")
	if got := olga.send(t, "/plans/spring/tasks", hand); got.status != http.StatusConflict {
		t.Errorf("handed to whoever has it: %d", got.status)
	}
	if got := olga.send(t, "/plans/spring/tasks", url.Values{"task": {"carrier-letter"}, "verdict": {"done"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("done without evidence: %d", got.status)
	}
	done := url.Values{"task": {"carrier-letter"}, "verdict": {"done"}, "evidence": {"letter 4711"}}
	shows(t, olga.send(t, "/plans/spring/tasks", done), "Task carrier-letter is done.", "letter 4711", "cannot confirm their own work")
	confirm := url.Values{"task": {"carrier-letter"}, "verdict": {"confirmed"}, "evidence": {"I read it"}}
	if got := olga.send(t, "/plans/spring/tasks", confirm); got.status != http.StatusForbidden {
		t.Errorf("olga confirms her own work: %d", got.status)
	}
	got := s.as(t, "tom", access.TelecomOwner).send(t, "/plans/spring/tasks", confirm)
	shows(t, got, "Task carrier-letter is confirmed.")
	if strings.Contains(got.text, "tasks-title") {
		t.Error("a confirmed task is still to be done")
	}
}
