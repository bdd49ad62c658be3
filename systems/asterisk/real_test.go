package asterisk_test

import (
	"context"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realasterisk"
	"github.com/dualtone/dualtone/systems/asterisk"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/systemtest"
)

// fetched gets the real Asterisk once for all tests.
var fetched = sync.OnceValue(func() error {
	_, err := realasterisk.Tree(context.Background())
	return err
})

// startReal runs a real Asterisk, or says why there is none. The variable
// DUALTONE_TEST_ASTERISK is off to leave it out, fetch to get it where the
// machine allows that, and require to fail without it; otherwise it runs where
// it is already there.
func startReal(t *testing.T, setup realasterisk.Setup) *realasterisk.PBX {
	t.Helper()
	switch mode := os.Getenv("DUALTONE_TEST_ASTERISK"); {
	case mode == "off":
		t.Skip("left out by DUALTONE_TEST_ASTERISK=off")
	case mode == "require":
	case mode == "fetch":
		if err := fetched(); err != nil {
			t.Skip(err)
		}
	case !realasterisk.Fetched():
		t.Skip("no real Asterisk on this machine yet: make test-asterisk fetches one")
	default:
		if err := realasterisk.Available(); err != nil {
			t.Skip(err)
		}
	}
	pbx, err := realasterisk.Start(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pbx.Stop(); err != nil {
			t.Error(err)
		}
	})
	return pbx
}

func contactCenter() realasterisk.Setup {
	return realasterisk.Setup{
		SystemName: "contact-center-1",
		People: []realasterisk.Person{
			{Extension: "1001", Name: "Ann Agent"},
			{Extension: "1002", Name: "Bob Agent"},
			{Extension: "1003", Name: "Cid Agent", Phoneless: true},
		},
		Queues: []realasterisk.Queue{
			{Name: "billing", Extension: "5001"},
			{Name: "sales", Extension: "5002", Static: []string{"PJSIP/1001,2,Ann Agent,PJSIP/1001"}},
			{Name: "support", Extension: "5000"},
		},
	}
}

// bench is the real PBX behind a proxy that fails when it is told to.
func bench(t *testing.T, pbx *realasterisk.PBX) *systemtest.Bench {
	t.Helper()
	faults := sim.NewFaults(sim.RealTime{})
	proxy := startProxy(t, net.JoinHostPort(pbx.Host, strconv.Itoa(pbx.Port)), faults)
	host, port := address(t, proxy.listener.Addr().String())
	config := asterisk.Config{
		Host: host, Port: port, Username: realasterisk.Username, Secret: realasterisk.Secret,
		Records: asterisk.RecordsConfig{File: pbx.CDRFile, QueueLog: pbx.QueueLog},
	}
	wrong := config
	wrong.Secret = "wrong-" + realasterisk.Secret
	return &systemtest.Bench{
		Settings: systemtest.Settings(config),
		Wrong:    systemtest.Settings(wrong),
		Secrets:  []string{realasterisk.Secret},

		User: "1001", Colleague: "1002", Unknown: "1999", Queue: "support",
		Forwards:  []dualtone.Forward{{To: "14155550100"}, {To: "14155550101"}},
		Offerings: offerings(),
		Faults:    faults,
		Cannot:    cannot(),
		Peer:      newDesk(t, pbx).peer(),
	}
}

func cannot() map[sim.FaultKind]string {
	return map[sim.FaultKind]string{sim.Throttled: "the manager interface has no word for it"}
}

func address(t *testing.T, addr string) (string, int) {
	t.Helper()
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// ann is what the queues hold of Ann before anything is changed.
func ann() dualtone.Offering {
	device := dualtone.Membership{Device: "PJSIP/1001", StateDevice: "PJSIP/1001", Label: "Ann Agent"}
	sales, support := device, device
	sales.Queue, sales.Penalty, sales.Fixed = "sales", 2, true
	support.Queue, support.Penalty = "support", 1
	return dualtone.Offering{Memberships: []dualtone.Membership{sales, support}}
}

// offerings are states of Ann's: all paused; gone from support; in billing
// instead of support, paused; and of another rank and reason.
func offerings() []dualtone.Offering {
	gone, moved, ranked := ann(), ann(), ann()
	gone.Memberships = gone.Memberships[:1]
	moved.Memberships[1].Queue, moved.Memberships[1].Penalty = "billing", 4
	moved.Memberships[1].Device = "Local/1001@from-internal/n"
	moved.Memberships[1].Paused, moved.Memberships[1].PauseReason = true, "not yet"
	ranked.Memberships[0].Paused, ranked.Memberships[0].PauseReason = true, "lunch"
	ranked.Memberships[1].Penalty = 7
	return []dualtone.Offering{ann().Stopped("cutover"), gone, moved, ranked}
}

func TestRealAsteriskPassesTheSuite(t *testing.T) {
	t.Parallel()
	pbx := startReal(t, contactCenter())
	var once sync.Once
	systemtest.Run(t, systemtest.Harness{
		Spec:   asterisk.Spec(),
		Shared: true,
		Start: func(t *testing.T) *systemtest.Bench {
			t.Helper()
			once.Do(func() {
				desk := newDesk(t, pbx)
				desk.join(t, "support", "1001", "Ann Agent")
				desk.join(t, "support", "1002", "Bob Agent")
			})
			return bench(t, pbx)
		},
	})
}
