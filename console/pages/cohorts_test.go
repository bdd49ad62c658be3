package pages_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
)

// A retry says in numbers whom it may move: somebody who was taken back on purpose is as
// restored as somebody whose move failed, and is left alone.
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
		"Moves up to 2 users again whose move failed, was deferred or left out, and nobody who was taken back.")
}
