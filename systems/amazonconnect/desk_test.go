package amazonconnect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/amazonconnect"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

// desk is a simulated instance with two agents, Ann and Bob.
type desk struct {
	*connectsim.Server
	connectsim.Company

	clock    *sim.ManualTime
	ann, bob dualtone.UserID
}

func newDesk(t *testing.T, opts connectsim.Options) *desk {
	t.Helper()
	clock := sim.NewManualTime(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))
	s, err := connectsim.Start(sim.New(clock), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	company := s.Populate(connectsim.Population{
		People: 2, SignedIn: true, Queues: []string{"Sales", "Support", "Billing"},
		Numbers: []string{"+12125550100", "+12125550180", "+12125550181"},
	})
	return &desk{
		Server: s, Company: company, clock: clock,
		ann: dualtone.UserID(company.Users[0]), bob: dualtone.UserID(company.Users[1]),
	}
}

func (d *desk) config() amazonconnect.Config {
	return amazonconnect.Config{
		Region: "us-east-1", InstanceID: d.InstanceID(), Endpoint: d.URL(),
		AccessKeyID: connectsim.DefaultKey, SecretAccessKey: connectsim.DefaultSecret,
		ParkedSecurityProfile: connectsim.Parked,
		Records:               amazonconnect.RecordsConfig{Since: "2026-11-01"},
	}
}

// open opens a connector, its settings changed as wanted.
func (d *desk) open(t *testing.T, change func(*amazonconnect.Config)) *systems.Platform {
	t.Helper()
	config := d.config()
	change(&config)
	p, err := amazonconnect.Open(t.Context(), "cloud", decode(config), systems.Deps{Now: d.World().Now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func asItIs(*amazonconnect.Config) {}

func decode(config amazonconnect.Config) systems.Decode {
	return func(into any) error {
		to, ok := into.(*amazonconnect.Config)
		if !ok {
			return fmt.Errorf("decode into %T: %w", into, dualtone.ErrInvalid)
		}
		*to = config
		return nil
	}
}

// serves is the offering of the routing profile of that name.
func (d *desk) serves(profile string, queues ...string) dualtone.Offering {
	o := dualtone.Offering{Profile: d.Profiles[profile]}
	for _, q := range queues {
		o.Memberships = append(o.Memberships, dualtone.Membership{Queue: dualtone.QueueID(d.Queues[q])})
	}
	return o
}

// call lets the user's phone ring.
func (d *desk) call(t *testing.T, in sim.Incoming) {
	t.Helper()
	if answer := d.World().Arrive(in); !answer.Accepted {
		t.Fatalf("call %s: %+v", in.ID, answer)
	}
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
