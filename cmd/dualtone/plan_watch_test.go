package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// busyPlan is a plan with more to tell than a small screen holds.
func busyPlan() look {
	now := time.Date(2027, 3, 2, 21, 0, 0, 0, time.UTC)
	l := look{eta: map[string]string{"wave-07": "4m0s to 9m0s left"}, view: control.PlanView{
		AsOf: now, Money: &cost.Standing{Day: cost.Point{Waste: finance.Money{Amount: finance.Whole(310), Currency: "GBP"}, Cash: finance.Money{Amount: finance.Whole(0), Currency: "GBP"}}}, Plan: rollout.Plan{Name: "emea", State: rollout.Active, Since: now.Add(-time.Hour)},
		Holds: []rollout.Hold{{Owner: "ivy", Reason: strings.Repeat("the trunk to Leeds is noisy ", 10)}},
	}}
	for i := range 9 {
		s := rollout.Stage{ID: fmt.Sprintf("wave-%02d", i), State: rollout.Passed, Users: cutover.Tally{cutover.OnNew: 400}, Detail: "all gates pass"}
		switch {
		case i == 7:
			s.State, s.Detail = rollout.Switching, "window night is open, and "+strings.Repeat("much else ", 30)
			s.Users = cutover.Tally{cutover.OnNew: 210, cutover.Captured: 8, cutover.Verifying: 2, cutover.Planned: 170, cutover.FailedClean: 10}
		case i > 7:
			s.State, s.Detail, s.Users = rollout.Pending, "", cutover.Tally{cutover.Planned: 300}
		}
		l.view.Stages = append(l.view.Stages, s)
	}
	for i := range mostFailed {
		l.failed = append(l.failed, rollout.User{Stage: "wave-07", State: cutover.FailedClean, Person: dualtone.PersonID(fmt.Sprintf("E%d", i)), Detail: "no seat on the new side"})
	}
	return l
}

func TestTheScreenOfAPlanFitsItsTerminal(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ width, height int }{{80, 24}, {160, 50}, {40, 12}} {
		screen := busyPlan().screen(size.width, size.height, errors.New("the database does not answer"))
		rows := strings.Split(screen, "\n")
		if len(rows) > size.height {
			t.Errorf("%dx%d: %d rows", size.width, size.height, len(rows))
		}
		for _, row := range rows {
			if n := lipgloss.Width(row); n > size.width {
				t.Errorf("%dx%d: a row of %d: %q", size.width, size.height, n, row)
			}
		}
		wanted := []string{"emea", "NOT UP TO DATE", "HELD", "q leaves"}
		if size.width < 80 {
			wanted = append(wanted, "wave-07", "E0 failed_clean")
		} else {
			wanted = append(wanted, "wave-07", "210/400 on new", "8 in drain", "each day costs 310.00 GBP in waste", "4m0s to 9m0s left", "! failed_clean 10")
		}
		if size.height >= 50 {
			wanted = append(wanted, "wave-08", "# on_new 400", "E7 failed_clean: no seat")
		}
		for _, want := range wanted {
			if !strings.Contains(screen, want) {
				t.Errorf("%dx%d does not say %q:\n%s", size.width, size.height, want, screen)
			}
		}
	}
}

// Whoever watches reads all of why a plan is held, where the terminal has the rows.
func TestTheReasonOfAHoldIsWrappedNotCut(t *testing.T) {
	t.Parallel()
	l := busyPlan()
	l.view.Holds = []rollout.Hold{{Owner: "system", Stage: "wave-07", Reason: "abandon-rate of the last 20 minutes: 4 samples, needs 5; aht: 4 samples, needs 50 before it says anything"}}
	for _, width := range []int{80, 60} {
		screen := l.screen(width, 24, nil)
		whole := strings.Join(strings.Fields(screen), " ")
		if want := l.view.Holds[0].String(); !strings.Contains(whole, want) {
			t.Errorf("on %d columns it does not say %q:\n%s", width, want, screen)
		}
	}
	if screen := busyPlan().screen(40, 12, nil); !strings.Contains(screen, " ...\n") {
		t.Errorf("where there is no room, nothing says that there is more:\n%s", screen)
	}
}

// Who came back with a stage that was taken back is where they should be.
func TestOnlyThoseAreAstrayWhoAreNotWhereTheirStageWantsThem(t *testing.T) {
	t.Parallel()
	users := cutover.Tally{cutover.OnNew: 3, cutover.Restored: 2, cutover.RestoreDrift: 1}
	for state, want := range map[rollout.State]string{
		rollout.Switching: "restored restore_drift", rollout.Partial: "restored restore_drift",
		rollout.RollingBack: "restore_drift", rollout.RolledBack: "restore_drift", rollout.RollbackIncomplete: "restore_drift",
	} {
		if got := strings.Join(texts(astray(rollout.Stage{State: state, Users: users})), " "); got != want {
			t.Errorf("of a stage that is %s, astray are %q, want %q", state, got, want)
		}
	}
}
