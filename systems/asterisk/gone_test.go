package asterisk_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/asterisk"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
)

// Whoever is to be in a queue that was removed meanwhile joins all others, and the
// error is one that trying again does not mend.
func TestAQueueThatIsGoneKeepsNobodyOutOfTheOthers(t *testing.T) {
	t.Parallel()
	world := sim.New(sim.RealTime{})
	world.PutPerson(sim.Person{ID: "1001", Extension: "1001", Name: "Ann Agent", SignedIn: true})
	for _, id := range []string{"billing", "sales", "support"} {
		world.PutQueue(sim.Queue{ID: id, Name: id})
	}
	server, err := asterisksim.Start(world, asterisksim.Options{Username: "dualtone", Secret: simSecret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	host, port := address(t, server.Addr())
	p := open(t, asterisk.Config{Host: host, Port: port, Username: "dualtone", Secret: simSecret})
	whole := dualtone.Offering{}
	for _, q := range []dualtone.QueueID{"billing", "sales", "support"} {
		whole.Memberships = append(whole.Memberships, dualtone.Membership{Queue: q, Device: "PJSIP/1001", StateDevice: "PJSIP/1001", Label: "Ann Agent", Penalty: 1})
	}
	if err := world.RemoveQueue("sales"); err != nil {
		t.Fatal(err)
	}
	err = p.Queues.SetOffering(t.Context(), "1001", dualtone.Offering{}, whole)
	if !errors.Is(err, dualtone.ErrNotFound) || !dualtone.Lasting(err) || !strings.Contains(err.Error(), "sales") {
		t.Errorf("%v, want the queue that is gone named as not found", err)
	}
	have, err := p.Queues.Offering(t.Context(), "1001")
	if err != nil {
		t.Fatal(err)
	}
	want := dualtone.Offering{Memberships: []dualtone.Membership{whole.Memberships[0], whole.Memberships[2]}}
	if !have.Equal(want) {
		t.Errorf("they are in %+v, want %+v", have, want)
	}
}
