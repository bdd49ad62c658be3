package amazonconnect_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

func TestEveryPartOfACallKeepsTheAgentBusy(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	is := func(want ...dualtone.Activity) {
		t.Helper()
		now, err := p.Presence.Presence(t.Context(), d.ann)
		done(t, err)
		var got []dualtone.Activity
		for _, c := range now.Calls {
			got = append(got, c.Activity)
		}
		if len(got) != len(want) || len(want) > 0 && got[0] != want[0] {
			t.Errorf("presence %v, want %v", got, want)
		}
	}
	is()
	d.call(t, sim.Incoming{ID: "one", From: "+12125550101", To: string(d.ann), Wrap: time.Minute})
	is(dualtone.Ringing)
	done(t, d.World().Pickup("one"))
	is(dualtone.Talking)
	done(t, d.World().Hold("one"))
	is(dualtone.OnHold)
	done(t, d.World().HangUp("one"))
	is(dualtone.WrapUp)
	d.clock.Advance(time.Minute)
	is()
}
