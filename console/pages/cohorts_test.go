package pages_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
)

// A retry moves everybody whose latest switch left them on the old side, and says so
// in numbers: somebody who was taken back is as restored as somebody whose move failed.
func TestARetryOfACohortSaysWhomItMoves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowd(t, "1001", "1002", "1003")
	must(t, s.desk.Cohorts.Create(t.Context(), cutover.Cohort{Name: "wave", Actor: "test"}, []dualtone.PersonID{"1001", "1002", "1003"}))
	olga := s.as(t, "olga", access.Operator)
	shows(t, olga.look(t, "/cohorts/wave"), "nobody in it failed")
	for i, c := range []cutover.Switch{
		{ID: "s1", Person: "1001", To: dualtone.New, State: cutover.Deferred}, {ID: "s2", Person: "1002", To: dualtone.Old, State: cutover.Restored},
	} {
		c.Started = time.Now().UTC().Add(time.Duration(i) * time.Second)
		_, err := s.desk.Switches.Keep(t.Context(), c)
		must(t, err)
	}
	shows(t, olga.look(t, "/cohorts/wave"),
		"Moves 2 users to the new system, whose latest switch left them on the old one: 1 deferred, 1 restored.",
		"Whoever was taken back is restored as well, and is moved again.")
}
