package amazonconnect_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

func read(t *testing.T, p *systems.Platform, after dualtone.Cursor) []dualtone.Record {
	t.Helper()
	var all []dualtone.Record
	for r, err := range p.Records.Records(t.Context(), after) {
		done(t, err)
		all = append(all, r)
	}
	return all
}

func TestAContactThatIsFoundLateIsNotLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{IndexDelay: 2 * time.Minute})
	p := d.open(t, asItIs)
	seen := map[string]int{}
	var cursor dualtone.Cursor
	for i := range 60 {
		d.call(t, sim.Incoming{
			ID: fmt.Sprintf("call-%02d", i), From: "+12125550101", To: d.Queues["Sales"],
			Ring: time.Second, Talk: 20 * time.Second, Wrap: 5 * time.Second,
		})
		d.clock.Advance(40 * time.Second)
		for _, r := range read(t, p, cursor) {
			seen[r.ID]++
			cursor = r.Next
		}
	}
	d.clock.Advance(5 * time.Minute)
	for _, r := range read(t, p, cursor) {
		seen[r.ID]++
	}
	if len(seen) != 60 {
		t.Errorf("read %d of 60 contacts", len(seen))
	}
	if n := d.Requests()["DescribeContact"]; n != 60 {
		t.Errorf("described 60 contacts with %d requests", n)
	}
}

func TestAContactSaysWhoTalkedWhenAndHowItEnded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	begin := d.World().Now()
	d.call(t, sim.Incoming{
		ID: "one", From: "+12125550199", To: "+12125550100", Ring: 5 * time.Second, Talk: time.Minute, Wrap: 30 * time.Second,
	})
	d.clock.Advance(10 * time.Minute)
	all := read(t, p, "")
	if len(all) != 1 {
		t.Fatalf("records %+v", all)
	}
	r := all[0]
	if !slices.Contains([]dualtone.UserID{d.ann, d.bob}, r.User) {
		t.Errorf("user %s", r.User)
	}
	if r.ID != "one" || r.From != "+12125550199" || r.To != "+12125550100" || r.Queue != dualtone.QueueID(d.Queues["Sales"]) ||
		!r.Start.Equal(begin) || !r.Answer.Equal(begin.Add(5*time.Second)) || r.Talk != time.Minute || r.Disposition != "CUSTOMER_DISCONNECT" {
		t.Errorf("record %+v", r)
	}
}

func TestOldContactsAreReadInSpansOfFourWeeks(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	for i := range 5 {
		d.call(t, sim.Incoming{ID: fmt.Sprintf("call-%d", i), From: "+12125550101", To: d.Queues["Sales"], Ring: time.Second, Talk: time.Minute})
		d.clock.Advance(20 * 24 * time.Hour)
	}
	all := read(t, p, "")
	if len(all) != 5 || all[0].ID != "call-0" || all[4].ID != "call-4" {
		t.Errorf("records %+v", all)
	}
	if n := d.Requests()["SearchContacts"]; n != 4 {
		t.Errorf("searched 101 days with %d requests", n)
	}
}
