package asterisk_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/asterisk"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
	"github.com/dualtone/dualtone/systems/systemtest"
)

const simSecret = "a-simulated-secret"

func TestSimulatedAsteriskPassesTheSuite(t *testing.T) {
	t.Parallel()
	systemtest.Run(t, systemtest.Harness{Spec: asterisk.Spec(), Start: startSim})
}

func startSim(t *testing.T) *systemtest.Bench {
	t.Helper()
	world := sim.New(sim.RealTime{})
	world.PutPerson(sim.Person{ID: "1001", Extension: "1001", Name: "Ann Agent", SignedIn: true})
	world.PutPerson(sim.Person{ID: "1002", Extension: "1002", Name: "Bob Agent", SignedIn: true})
	member := sim.Member{Person: "1001", Device: "PJSIP/1001", StateDevice: "PJSIP/1001", Label: "Ann Agent", Penalty: 1}
	fixed := member
	fixed.Penalty, fixed.Fixed = 2, true
	colleague := sim.Member{Person: "1002", Device: "PJSIP/1002", StateDevice: "PJSIP/1002", Label: "Bob Agent", Penalty: 1}
	world.PutQueue(sim.Queue{ID: "billing", Name: "billing", Number: "5001"})
	world.PutQueue(sim.Queue{ID: "sales", Name: "sales", Number: "5002", Members: []sim.Member{fixed}})
	world.PutQueue(sim.Queue{ID: "support", Name: "support", Number: "5000", Members: []sim.Member{member, colleague}})
	folder := t.TempDir()
	server, err := asterisksim.Start(world, asterisksim.Options{
		Username: "dualtone",
		Secret:   simSecret,
		Trunks:   []string{"carrier"},
		Records:  asterisksim.Records{Folder: folder},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	host, port := address(t, server.Addr())
	config := asterisk.Config{
		Host: host, Port: port, Username: "dualtone", Secret: simSecret,
		Records: asterisk.RecordsConfig{
			File:     filepath.Join(folder, "cdr-csv", "Master.csv"),
			QueueLog: filepath.Join(folder, "queue_log"),
		},
	}
	wrong := config
	wrong.Secret = "wrong-" + simSecret
	return &systemtest.Bench{
		Settings: systemtest.Settings(config),
		Wrong:    systemtest.Settings(wrong),
		Secrets:  []string{simSecret},

		User: "1001", Colleague: "1002", Unknown: "1999", Queue: "support",
		Forwards:  []dualtone.Forward{{To: "14155550100"}, {To: "14155550101"}},
		Offerings: offerings(),
		Faults:    world.Faults,
		Cannot:    cannot(),
		Peer: systemtest.WorldPeer(world, func(i int) sim.Person {
			id := strconv.Itoa(2000 + i)
			return sim.Person{ID: id, Extension: id, Name: "Agent " + id, SignedIn: true}
		}),
	}
}
