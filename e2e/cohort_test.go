package e2e_test

import (
	"testing"

	"github.com/dualtone/dualtone"
)

func TestACohortIsMovedAndTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, 12, usual())
	s.open(t)
	s.cohort(t, "spring", 0, 10)
	before := s.standings(t)
	s.work(t)
	defer s.tell(t, "spring")
	s.good(t, "cohort", "move", "spring", "--reason", "wave 1")
	if on := s.judge(t, before); on[dualtone.New] != 10 {
		t.Errorf("%d people are on the new side, want 10", on[dualtone.New])
	}
	s.good(t, "cohort", "rollback", "spring", "--reason", "practice")
	if on := s.judge(t, before); on[dualtone.Old] != 12 {
		t.Errorf("%d people are on the old side, want all 12", on[dualtone.Old])
	}
}
