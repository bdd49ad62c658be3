package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
	"github.com/dualtone/dualtone/systems/sim/simctl"
)

// The credentials of the simulated systems. They open nothing else.
const (
	managerName   = "dualtone"
	consumerKey   = "demo-consumer"
	demoPassword  = "demo-password"
	reachPrefix   = "88"
	connectRegion = "us-east-1"
)

// ready is the line with which a simulator says that it is up and where.
type ready struct {
	Address string `json:"address"` // of the vendor's protocol
	Control string `json:"control"` // of the control plane
	// Queues, Users and the rest are what the simulated vendor calls things.
	Queues      map[string]string `json:"queues,omitempty"`
	Users       []string          `json:"users,omitempty"` // in the company's order
	Instance    string            `json:"instance,omitempty"`
	Org         string            `json:"org,omitempty"`
	CallCenters [2]string         `json:"call_centers,omitzero"` // old and new
	Grant       string            `json:"grant,omitempty"`
}

// simulate runs one simulator as this process until its standard input closes,
// so that it never outlives the demo. It may leave files in a folder.
func simulate(ctx context.Context, kind, folder string) error {
	var up ready
	var err error
	switch kind {
	case "asterisk":
		up, err = simulateAsterisk(folder) //nolint:contextcheck // it lives until it is closed
	case "connect":
		up, err = simulateConnect() //nolint:contextcheck // it lives until it is closed
	case "salesforce":
		up, err = simulateSalesforce() //nolint:contextcheck // it lives until it is closed
	default:
		return fmt.Errorf("no simulator %q; there are asterisk, connect and salesforce", kind)
	}
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(up); err != nil {
		return err
	}
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

func simulateAsterisk(folder string) (ready, error) {
	world := sim.New(sim.RealTime{})
	queues := map[string]*sim.Queue{}
	for i, name := range queueNames() {
		queues[name] = &sim.Queue{ID: name, Name: name, Number: strconv.Itoa(5001 + i)}
	}
	for i, e := range company() {
		p := sim.Person{
			ID: e.Extension, Extension: e.Extension, Number: e.Number, Name: e.name(),
			Login: e.Email, Email: e.Email, SignedIn: true,
		}
		if e.Group == pilot {
			p.Forward = reachPrefix + e.Extension
			world.PutPerson(p)
			continue
		}
		world.PutPerson(p)
		for _, name := range e.Queues {
			m := asterisksim.FreePBXMember(p)
			m.Penalty = i % 3
			m.Paused = i%19 == 0
			if m.Paused {
				m.PauseReason = "training"
			}
			queues[name].Members = append(queues[name].Members, m)
		}
	}
	numbers := map[string]string{}
	for name, q := range queues {
		world.PutQueue(*q)
		numbers[name] = q.Number
	}
	s, err := asterisksim.Start(world, asterisksim.Options{
		Username: managerName, Secret: demoPassword, Trunks: []string{"carrier"},
		Records: asterisksim.Records{Folder: recordsFolder(folder)},
	})
	if err != nil {
		return ready{}, err
	}
	control, err := simctl.Start("127.0.0.1:0", simctl.Options{World: world})
	if err != nil {
		return ready{}, err
	}
	return ready{Address: s.Addr(), Control: "http://" + control.Addr(), Queues: numbers}, nil
}

func simulateConnect() (ready, error) {
	world := sim.New(sim.RealTime{})
	s, err := connectsim.Start(world, connectsim.Options{
		AccessKeyID: connectsim.DefaultKey, SecretAccessKey: connectsim.DefaultSecret, Region: connectRegion,
	})
	if err != nil {
		return ready{}, err
	}
	people := company()
	made := s.Populate(connectsim.Population{
		People: len(people), Domain: "acme.example", Queues: queueNames(),
		Name: func(i int) (string, string) { return people[i].First, people[i].Last },
		Place: func(i int) (string, string) {
			if people[i].Group != pilot {
				return connectsim.Parked, connectsim.Parked
			}
			return routingProfile(people[i]), connectsim.AgentRights
		},
	})
	for i, e := range people {
		err := world.ChangePerson(made.Users[i], func(p *sim.Person) { p.Extension, p.Number = e.Extension, e.Number })
		if err != nil {
			return ready{}, err
		}
		if e.Group == pilot {
			if err := s.SignIn(e.Email); err != nil {
				return ready{}, err
			}
		}
	}
	signIn := func(w http.ResponseWriter, r *http.Request) {
		if err := s.SignIn(r.PathValue("username")); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	}
	control, err := simctl.Start("127.0.0.1:0", simctl.Options{
		World: world, Extra: map[string]http.Handler{"POST /signin/{username}": http.HandlerFunc(signIn)},
	})
	if err != nil {
		return ready{}, err
	}
	return ready{
		Address: s.URL(), Control: "http://" + control.Addr(), Queues: made.Queues, Users: made.Users, Instance: s.InstanceID(),
	}, nil
}

func routingProfile(e employee) string {
	if len(e.Queues) > 1 {
		return connectsim.EveryQueue
	}
	return e.Queues[0] + " only"
}

func simulateSalesforce() (ready, error) {
	org, err := salesforcesim.NewOrg(salesforcesim.OrgOptions{Name: "Acme", Sandbox: true})
	if err != nil {
		return ready{}, err
	}
	people := company()
	made := org.Populate(salesforcesim.Population{Users: len(people)})
	for i, e := range people {
		v := salesforcesim.Values{
			"Username": e.Email, "Email": e.Email, "FirstName": e.First, "LastName": e.Last,
			"FederationIdentifier": e.ID, "Extension": e.Extension, "Phone": e.Number,
		}
		if e.Group == pilot {
			v["CallCenterId"] = made.NewCallCenter
		}
		if err := org.Change("User", made.Users[i], v); err != nil {
			return ready{}, fmt.Errorf("%s: %w", e.Email, err)
		}
	}
	admin, _ := org.Record(org.Admin())
	s, err := salesforcesim.Start(org, salesforcesim.Options{
		RequestLimit: 1_000_000,
		Apps: []salesforcesim.App{{
			ConsumerKey: consumerKey, ConsumerSecret: demoPassword, RunAs: fmt.Sprint(admin["Username"]),
		}},
	})
	if err != nil {
		return ready{}, err
	}
	control, err := simctl.Start("127.0.0.1:0", simctl.Options{
		Faults: org.Faults, Extra: map[string]http.Handler{"/sim/": s.Control(), "GET /grants": grants(org, made.Users)},
	})
	if err != nil {
		return ready{}, err
	}
	return ready{
		Address: strings.TrimSuffix(s.URL(), "/"), Control: "http://" + control.Addr(), Users: made.Users, Org: org.ID(),
		CallCenters: [2]string{made.OldCallCenter, made.NewCallCenter}, Grant: "Cloud_Phone_Agent",
	}, nil
}

// grants answers with the permission sets that each user holds.
func grants(org *salesforcesim.Org, users []string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		held := map[string][]string{}
		for _, user := range users {
			for _, id := range org.Find("PermissionSetAssignment", "AssigneeId", user) {
				if record, ok := org.Record(id); ok {
					held[user] = append(held[user], fmt.Sprint(record["PermissionSetId"]))
				}
			}
			slices.Sort(held[user])
		}
		_ = json.NewEncoder(w).Encode(held) // who asked is told by the broken answer
	}
}
