package amazonconnect_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/amazonconnect"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

func TestAnOfferIsTheProfileWithExactlyTheQueues(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	for _, tt := range []struct {
		queues []string
		want   string
	}{
		{[]string{"Support"}, "Support only"},
		{[]string{"Billing", "Sales", "Support"}, connectsim.EveryQueue},
		{nil, connectsim.Parked},
	} {
		got, err := p.Queues.Offer(t.Context(), d.ann, d.queueIDs(tt.queues...))
		done(t, err)
		if got.Profile != d.Profiles[tt.want] || len(got.Memberships) != len(tt.queues) {
			t.Errorf("for %v: %+v", tt.queues, got)
		}
	}
	_, err := p.Queues.Offer(t.Context(), d.ann, d.queueIDs("Sales", "Support"))
	if !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), "Every queue (3 queues)") {
		t.Errorf("got %v, want it invalid and the nearest profiles named", err)
	}
}

func TestWhatNoRoutingProfileCanDoIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	mixed := d.all()
	mixed.Memberships[0].Paused = true
	for promise, tt := range map[string]struct {
		to   dualtone.Offering
		want error
	}{
		"a pause in one queue of many":           {mixed, dualtone.ErrUnsupported},
		"queues that no profile has":             {d.withoutProfile("Sales", "Support"), dualtone.ErrInvalid},
		"a profile with other queues":            {dualtone.Offering{Profile: d.Profiles["Sales only"], Memberships: d.all().Memberships}, dualtone.ErrInvalid},
		"a profile with queues in place of none": {dualtone.Offering{Profile: d.Profiles["Sales only"]}, dualtone.ErrInvalid},
		"a profile that is not there":            {dualtone.Offering{Profile: "none"}, dualtone.ErrInvalid},
	} {
		if err := p.Queues.SetOffering(t.Context(), d.ann, d.all(), tt.to); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", promise, err, tt.want)
		}
	}
	now, err := p.Queues.Offering(t.Context(), d.ann)
	done(t, err)
	if !now.Equal(d.all()) {
		t.Errorf("offering %+v", now)
	}
}

func (d *desk) withoutProfile(queues ...string) dualtone.Offering {
	o := d.serves("", queues...)
	o.Profile = ""
	return o
}

func TestAPausedBusyAgentEndsTheCallAndGetsNoOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	done(t, d.World().ChangePerson(string(d.bob), func(p *sim.Person) { p.SignedIn = false }))
	d.call(t, sim.Incoming{ID: "one", From: "+12125550101", To: d.Queues["Sales"], Wrap: time.Minute})
	done(t, d.World().Pickup("one"))
	done(t, p.Queues.SetOffering(t.Context(), d.ann, d.all(), d.all().Stopped("moving")))
	now, err := p.Queues.Offering(t.Context(), d.ann)
	done(t, err)
	if !now.Equal(d.all().Stopped(connectsim.StatusMoving)) {
		t.Errorf("offering %+v", now)
	}
	d.call(t, sim.Incoming{ID: "two", From: "+12125550102", To: d.Queues["Sales"]})
	done(t, d.World().HangUp("one"))
	at, err := p.Presence.Presence(t.Context(), d.ann)
	done(t, err)
	if len(at.Calls) != 1 || at.Calls[0].Activity != dualtone.WrapUp {
		t.Errorf("presence %+v", at)
	}
	d.clock.Advance(2 * time.Minute)
	if two, _ := d.World().Call("two"); two.State != sim.Waiting {
		t.Errorf("the second call is %s", two.State)
	}
	done(t, p.Queues.SetOffering(t.Context(), d.ann, d.all().Stopped("moving"), d.all()))
	if two, _ := d.World().Call("two"); two.State != sim.Ringing {
		t.Errorf("after the way back the second call is %s", two.State)
	}
}

func TestNoCallSlipsThroughBetweenPauseAndQueues(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	done(t, d.World().ChangePerson(string(d.bob), func(p *sim.Person) { p.SignedIn = false }))
	paused := d.serves("Support only", "Support").Stopped(connectsim.StatusMoving)
	done(t, p.Queues.SetOffering(t.Context(), d.ann, d.all(), d.serves("Sales only", "Sales")))
	d.call(t, sim.Incoming{ID: "one", From: "+12125550101", To: d.Queues["Support"]})
	done(t, p.Queues.SetOffering(t.Context(), d.ann, d.serves("Sales only", "Sales"), paused))
	done(t, p.Queues.SetOffering(t.Context(), d.ann, paused, d.serves("Sales only", "Sales")))
	if c, _ := d.World().Call("one"); !c.Rang.IsZero() {
		t.Errorf("the call to Support rang %s", c.Person)
	}
}

func TestWhoIsSignedOutMovesWithoutAStatus(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	done(t, d.World().ChangePerson(string(d.ann), func(p *sim.Person) { p.SignedIn = false }))
	stopped, support := d.all().Stopped("moving"), d.serves("Support only", "Support")
	done(t, p.Queues.SetOffering(t.Context(), d.ann, d.all(), stopped))
	done(t, p.Queues.SetOffering(t.Context(), d.ann, stopped, support))
	now, err := p.Queues.Offering(t.Context(), d.ann)
	done(t, err)
	if !now.Equal(support) || d.Requests()["PutUserStatus"] != 0 {
		t.Errorf("offering %+v after %v", now, d.Requests())
	}
}

func TestAReasonThatIsNoStatusTakesTheOneOfTheSettings(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, func(c *amazonconnect.Config) { c.PauseStatus = connectsim.StatusMoving })
	done(t, p.Queues.SetOffering(t.Context(), d.ann, d.all(), d.all().Stopped("told so")))
	now, err := p.Queues.Offering(t.Context(), d.ann)
	done(t, err)
	if !now.Equal(d.all().Stopped(connectsim.StatusMoving)) {
		t.Errorf("offering %+v", now)
	}
}

func TestAProfileThatIsChangedByHandIsSeen(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	done(t, only(p.Queues.Offering(t.Context(), d.ann)))
	d.clock.Advance(2 * time.Minute)
	d.SetProfileQueues(connectsim.EveryQueue, "Sales", "Support")
	now, err := p.Queues.Offering(t.Context(), d.ann)
	done(t, err)
	if len(now.Memberships) != 2 {
		t.Errorf("offering %+v", now)
	}
	d.SetProfileQueues(connectsim.EveryQueue, "Sales")
	err = p.Queues.SetOffering(t.Context(), d.ann, d.serves(connectsim.EveryQueue, "Sales"), d.serves("Support only", "Support"))
	done(t, err) // what was believed of the profile is looked up before anyone is refused
	d.SetProfileQueues(connectsim.EveryQueue, "Billing")
	done(t, p.Queues.SetOffering(t.Context(), d.ann, d.serves("Support only", "Support"), d.serves(connectsim.EveryQueue, "Billing")))
}
