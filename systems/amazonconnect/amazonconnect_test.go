package amazonconnect_test

import (
	"fmt"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/amazonconnect"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
	"github.com/dualtone/dualtone/systems/systemtest"
)

func TestConnectorWorks(t *testing.T) {
	t.Parallel()
	t.Run("with lists as they are", func(t *testing.T) {
		t.Parallel()
		systemtest.Run(t, harness(asItIs))
	})
	t.Run("with every user asked for alone", func(t *testing.T) {
		t.Parallel()
		systemtest.Run(t, harness(func(c *amazonconnect.Config) { c.Emails = true }))
	})
}

func harness(change func(*amazonconnect.Config)) systemtest.Harness {
	return systemtest.Harness{
		Spec: amazonconnect.Spec(),
		Start: func(t *testing.T) *systemtest.Bench {
			t.Helper()
			d := newDesk(t, connectsim.Options{MaxPage: 7})
			config := d.config()
			change(&config)
			wrong := config
			wrong.SecretAccessKey = "wrong-secret"
			peer := systemtest.WorldPeer(d.World(), func(i int) sim.Person {
				return sim.Person{
					ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Name: "Crowd Member",
					Login: fmt.Sprintf("crowd%d@example.com", i), SignedIn: true,
				}
			})
			peer.Forward, peer.Divert = nil, nil
			return &systemtest.Bench{
				Settings: systemtest.Settings(config),
				Wrong:    systemtest.Settings(wrong),
				Secrets:  []string{connectsim.DefaultSecret, "wrong-secret"},
				Now:      d.World().Now,

				User: d.ann, Colleague: d.bob, Unknown: "ffffffff-ffff-4fff-8fff-ffffffffffff",
				Queue: dualtone.QueueID(d.Queues["Sales"]),
				Seats: []dualtone.Seat{
					{Enabled: true, Licenses: []string{connectsim.AgentRights, connectsim.LeadRights}},
					{},
					{Enabled: true, Licenses: []string{connectsim.LeadRights}},
				},
				Offerings: []dualtone.Offering{
					d.serves("Support only", "Support"),
					d.serves(connectsim.Parked),
					d.serves(connectsim.EveryQueue, "Sales", "Support", "Billing").Stopped(connectsim.StatusMoving),
					d.serves("Sales only", "Sales").Stopped(connectsim.StatusBreak),
				},
				Number:  "+12125550100",
				Targets: []string{d.Flows["Support"], "", d.Flows["Billing"]},
				Page:    7,
				Faults:  d.World().Faults,
				Peer:    peer,
			}
		},
	}
}
