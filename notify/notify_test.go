package notify_test

import (
	"testing"

	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/notify"
)

func TestPeopleHearOfWhatTheyChose(t *testing.T) {
	t.Parallel()
	failed := rollout.Event{Kind: rollout.GateFailed, Plan: "emea-sales", Urgent: true}
	soaks := rollout.Event{Kind: rollout.StateChanged, Plan: "emea-sales"}
	for _, c := range []struct {
		what   string
		filter notify.Filter
		event  rollout.Event
		takes  bool
	}{
		{"everything", notify.Filter{}, soaks, true},
		{"a kind that it is", notify.Filter{Kinds: []rollout.EventKind{rollout.GateFailed}}, failed, true},
		{"a kind that it is not", notify.Filter{Kinds: []rollout.EventKind{rollout.HoldPlaced}}, failed, false},
		{"plans of a region", notify.Filter{Plans: []string{"apac-*", "emea-*"}}, soaks, true},
		{"plans of another region", notify.Filter{Plans: []string{"apac-*"}}, soaks, false},
		{"only what is urgent", notify.Filter{Urgent: true}, soaks, false},
		{"what is urgent", notify.Filter{Urgent: true}, failed, true},
		{"what concerns all plans", notify.Filter{Plans: []string{"apac-*"}}, rollout.Event{Kind: rollout.GlassBroken}, true},
		{"a test", notify.Filter{Urgent: true, Plans: []string{"apac-*"}}, rollout.Event{Kind: rollout.Tested}, true},
	} {
		if c.filter.Takes(c.event) != c.takes {
			t.Errorf("%s: takes %t", c.what, !c.takes)
		}
	}
}
