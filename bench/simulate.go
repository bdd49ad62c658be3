package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// The credentials of the simulated systems. They open nothing else.
const (
	managerName   = "dualtone"
	consumerKey   = "bench-consumer"
	benchPassword = "bench-password"
	region        = "us-east-1"
)

// ready is what a simulator says once it is up.
type ready struct {
	Address     string            `json:"address"` // of the vendor's protocol
	Tally       string            `json:"tally"`   // where the counted requests are told
	Queues      map[string]string `json:"queues,omitempty"`
	Users       []string          `json:"users,omitempty"`
	Instance    string            `json:"instance,omitempty"`
	Org         string            `json:"org,omitempty"`
	CallCenters [2]string         `json:"call_centers,omitzero"` // old and new
}

// simulate runs one simulator as this process until its standard input closes,
// so that it never outlives the measurement.
func simulate(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: bench simulate asterisk|connect|salesforce PEOPLE")
	}
	people, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	count := newTally()
	var up ready
	switch args[0] {
	case "asterisk":
		up, err = simulateAsterisk(people, count) //nolint:contextcheck // it lives as long as this process
	case "connect":
		up, err = simulateConnect(people, count) //nolint:contextcheck // it lives as long as this process
	case "salesforce":
		up, err = simulateSalesforce(people, count) //nolint:contextcheck // it lives as long as this process
	default:
		err = fmt.Errorf("no simulator %q", args[0])
	}
	if err != nil {
		return err
	}
	if up.Tally, err = count.serve(ctx); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(up); err != nil {
		return err
	}
	return untilClosed(ctx)
}

// untilClosed waits until whoever started this process is gone.
func untilClosed(ctx context.Context) error {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-ctx.Done():
	case <-gone:
	}
	return nil
}

func simulateAsterisk(people int, count *tally) (ready, error) {
	world := sim.New(sim.RealTime{})
	asterisksim.Populate(world, asterisksim.Company{People: people, FirstExtension: firstExtension, Queues: queueNames(people)})
	world.Faults.Watch(count.add)
	s, err := asterisksim.Start(world, asterisksim.Options{Username: managerName, Secret: benchPassword})
	if err != nil {
		return ready{}, err
	}
	return ready{Address: s.Addr()}, nil
}

func simulateConnect(people int, count *tally) (ready, error) {
	world := sim.New(sim.RealTime{})
	s, err := connectsim.Start(world, connectsim.Options{Region: region})
	if err != nil {
		return ready{}, err
	}
	made := s.Populate(connectsim.Population{
		// The new softphone is open, so that nobody is waited for to open it.
		People: people, Queues: queueNames(people), SignedIn: true,
		Place: func(int) (string, string) { return connectsim.Parked, connectsim.Parked },
		Name:  func(i int) (string, string) { return "Agent", extension(i) },
	})
	world.Faults.Watch(count.add)
	return ready{Address: s.URL(), Queues: made.Queues, Users: made.Users, Instance: s.InstanceID()}, nil
}

func simulateSalesforce(people int, count *tally) (ready, error) {
	org, err := salesforcesim.NewOrg(salesforcesim.OrgOptions{Name: "Bench", Sandbox: true})
	if err != nil {
		return ready{}, err
	}
	made := org.Populate(salesforcesim.Population{Users: people})
	admin, _ := org.Record(org.Admin())
	org.Faults.Watch(func(op string) {
		// The verb is enough: ids of records would make each request its own kind.
		verb, path, _ := strings.Cut(op, " ")
		parts := strings.Split(strings.TrimPrefix(path, "/services/data/"), "/")
		count.add(verb + " " + strings.Join(parts[min(1, len(parts)-1):min(3, len(parts))], "/"))
	})
	s, err := salesforcesim.Start(org, salesforcesim.Options{
		RequestLimit: 100_000_000,
		Apps: []salesforcesim.App{{
			ConsumerKey: consumerKey, ConsumerSecret: benchPassword, RunAs: fmt.Sprint(admin["Username"]),
		}},
	})
	if err != nil {
		return ready{}, err
	}
	return ready{
		Address: strings.TrimSuffix(s.URL(), "/"), Users: made.Users, Org: org.ID(),
		CallCenters: [2]string{made.OldCallCenter, made.NewCallCenter},
	}, nil
}

// serve tells the counted requests over HTTP on a free port.
func (t *tally) serve(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(t.counted()) // who asked is told by the broken answer
	})}
	go func() { _ = server.Serve(listener) }() // until the process ends
	return "http://" + listener.Addr().String(), nil
}
