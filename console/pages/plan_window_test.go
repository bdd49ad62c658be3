package pages_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// dialog is what the page says in one of its dialogs.
func dialog(page, id string) string {
	_, from, _ := strings.Cut(page, `<dialog id="`+id+`"`)
	text, _, _ := strings.Cut(from, "</dialog>")
	return text
}

// A closed window is asked for by one and agreed to by another; the dialog of each says
// whose turn it is, and whoever may do neither is told who may.
func TestAWindowThatWasAskedForIsOfferedToASecondPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	text, err := os.ReadFile("sample.yaml")
	must(t, err)
	const override = "  calendars:\n    override: {roles: [operations-lead], expires: 4h}"
	s.handInText(t, "spring", "pam", []byte(strings.Replace(string(text), "  calendars:", override, 1)))
	hash := func() string {
		v, err := s.desk.Plans.View(t.Context(), "spring")
		must(t, err)
		return v.Plan.Hash
	}()
	record := func(stage string, v rollout.Verb, from, to rollout.State, who, why string) {
		must(t, s.desk.Plans.Store.Record(t.Context(), rollout.Transition{
			Plan: "spring", Stage: stage, Verb: v, From: from, To: to, Actor: who, Role: access.OperationsLead, Reason: why, Hash: hash, At: time.Now().UTC(),
		}))
	}
	const id, agrees = "v-pilot-window", "I agree"
	record("", rollout.Reopen, rollout.Completed, rollout.Active, "system", "")
	record("pilot", rollout.Cleared, rollout.Pending, rollout.WaitingWindow, "system", "")
	ann, ben, oscar := s.as(t, "ann", access.OperationsLead), s.as(t, "ben", access.OperationsLead), s.as(t, "oscar", access.Operator)
	if got := dialog(ben.look(t, "/plans/spring").text, id); !strings.Contains(got, "once somebody else has agreed") || strings.Contains(got, agrees) {
		t.Errorf("nobody has asked, and ben reads: %s", got)
	} else if !strings.Contains(got, `value="4h"`) || strings.Contains(got, `value="8h"`) {
		t.Errorf("the plan allows four hours, and ben is offered: %s", got)
	}
	if got := oscar.look(t, "/plans/spring").text; dialog(got, id) != "" || !strings.Contains(got, "an override takes one of operations-lead, not operator") {
		t.Error("an operator is offered a window which the plan gives to others")
	}
	record("pilot", rollout.Window, rollout.WaitingWindow, rollout.WaitingWindow, "ann", "thin night shift")
	if got := dialog(ben.look(t, "/plans/spring").text, id); !strings.Contains(got, "ann has asked for it (thin night shift): it opens when you agree.") || !strings.Contains(got, agrees) {
		t.Errorf("ann has asked, and ben reads: %s", got)
	}
	if got := dialog(ann.look(t, "/plans/spring").text, id); !strings.Contains(got, "You have asked for it (thin night shift), and somebody else must agree.") || strings.Contains(got, agrees) {
		t.Errorf("ann has asked, and reads: %s", got)
	}
	record("pilot", rollout.Open, rollout.WaitingWindow, rollout.Switching, "system", "")
	record("pilot", rollout.Close, rollout.Switching, rollout.WaitingWindow, "system", "")
	if got := dialog(ben.look(t, "/plans/spring").text, id); got == "" || strings.Contains(got, agrees) {
		t.Errorf("the window that ann asked for is over, and ben reads: %s", got)
	}
}

func TestACompletedPlanCanBeComparedAnew(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	if got := dialog(s.as(t, "olga", access.Operator).look(t, "/plans/spring").text, "v-reconcile"); !strings.Contains(got, "Compare anew") {
		t.Errorf("finalising asks for a fresh comparison, and the page does not offer it: %q", got)
	}
}
