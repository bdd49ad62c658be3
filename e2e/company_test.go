package e2e_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// What the simulated systems are called and open to.
const (
	password    = "open-sesame"
	managerName = "dualtone"
	consumerKey = "e2e-consumer"
	grant       = "Cloud_Phone_Agent"
	reachPrefix = "88"
)

func queueNames() []string { return []string{"billing", "sales", "support"} }

// employee is one agent of the company, with their accounts.
type employee struct {
	ID, First, Last, Email, Extension, Number string
	// Queues are those they serve; the new side has the same ones.
	Queues []string
	// CRM and New are their accounts; on the old side it is the extension.
	CRM, New string
}

func (e employee) person() dualtone.PersonID { return dualtone.PersonID(e.ID) }

// company is a company's agents and its three systems, each a simulator that is
// reached over a socket.
type company struct {
	people []employee

	old, cloud *sim.World
	pbx        *asterisksim.Server
	connect    *connectsim.Server
	made       connectsim.Company
	org        *salesforcesim.Org
	salesforce *salesforcesim.Server
	crm        salesforcesim.Populated
}

func newCompany(t *testing.T, size int) *company {
	t.Helper()
	c := &company{old: sim.New(sim.RealTime{}), cloud: sim.New(sim.RealTime{})}
	for i := range size {
		e := employee{
			ID: fmt.Sprintf("E%d", 1001+i), First: "Agent", Last: fmt.Sprintf("Number%d", 1001+i),
			Extension: strconv.Itoa(1001 + i), Number: fmt.Sprintf("+1212555%d", 1001+i), Queues: queueNames()[i%3 : i%3+1],
		}
		e.Email = strings.ToLower(e.First+"."+e.Last) + "@acme.example"
		if i%5 == 0 {
			e.Queues = queueNames()
		}
		c.people = append(c.people, e)
	}
	c.startPBX(t)
	c.startConnect(t)
	c.startSalesforce(t)
	return c
}

func (c *company) startPBX(t *testing.T) {
	t.Helper()
	queues := map[string]*sim.Queue{}
	for i, name := range queueNames() {
		queues[name] = &sim.Queue{ID: name, Name: name, Number: strconv.Itoa(5001 + i)}
	}
	for i, e := range c.people {
		p := sim.Person{
			ID: e.Extension, Extension: e.Extension, Number: e.Number, Name: e.First + " " + e.Last,
			Login: e.Email, Email: e.Email, SignedIn: true,
		}
		c.old.PutPerson(p)
		for _, name := range e.Queues {
			m := asterisksim.FreePBXMember(p)
			m.Penalty = i % 3
			if m.Paused = i%7 == 0; m.Paused {
				m.PauseReason = "training"
			}
			queues[name].Members = append(queues[name].Members, m)
		}
	}
	for _, name := range queueNames() {
		c.old.PutQueue(*queues[name])
	}
	var err error
	c.pbx, err = asterisksim.Start(c.old, asterisksim.Options{Username: managerName, Secret: password, Trunks: []string{"carrier"}})
	must(t, err)
	t.Cleanup(func() { must(t, c.pbx.Close()) })
}

func (c *company) startConnect(t *testing.T) {
	t.Helper()
	var err error
	c.connect, err = connectsim.Start(c.cloud, connectsim.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, c.connect.Close()) })
	c.made = c.connect.Populate(connectsim.Population{
		People: len(c.people), Domain: "acme.example", Queues: queueNames(),
		Name:  func(i int) (string, string) { return c.people[i].First, c.people[i].Last },
		Place: func(int) (string, string) { return connectsim.Parked, connectsim.Parked },
	})
	for i := range c.people {
		e := &c.people[i]
		e.New = c.made.Users[i]
		must(t, c.cloud.ChangePerson(e.New, func(p *sim.Person) { p.Extension, p.Number = e.Extension, e.Number }))
	}
}

func (c *company) startSalesforce(t *testing.T) {
	t.Helper()
	org, err := salesforcesim.NewOrg(salesforcesim.OrgOptions{Name: "Acme", Sandbox: true})
	must(t, err)
	c.org = org
	c.crm = org.Populate(salesforcesim.Population{Users: len(c.people)})
	for i := range c.people {
		e := &c.people[i]
		e.CRM = c.crm.Users[i]
		must(t, org.Change("User", e.CRM, salesforcesim.Values{
			"Username": e.Email, "Email": e.Email, "FirstName": e.First, "LastName": e.Last,
			"FederationIdentifier": e.ID, "Extension": e.Extension, "Phone": e.Number,
		}))
	}
	admin, _ := org.Record(org.Admin())
	c.salesforce, err = salesforcesim.Start(org, salesforcesim.Options{
		RequestLimit: 1_000_000,
		Apps:         []salesforcesim.App{{ConsumerKey: consumerKey, ConsumerSecret: password, RunAs: fmt.Sprint(admin["Username"])}},
	})
	must(t, err)
	t.Cleanup(func() { must(t, c.salesforce.Close()) })
}

// userList writes the company's user list and returns its path.
func (c *company) userList(t *testing.T, dir string) string {
	t.Helper()
	rows := [][]string{{"id", "name", "email", "federation_id", "extension", "numbers", "team"}}
	for _, e := range c.people {
		rows = append(rows, []string{e.ID, e.First + " " + e.Last, e.Email, e.ID, e.Extension, e.Number, e.Queues[0]})
	}
	var b strings.Builder
	must(t, csv.NewWriter(&b).WriteAll(rows))
	path := filepath.Join(dir, "users.csv")
	must(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

func (c *company) clearFaults() {
	c.old.Faults.Clear()
	c.cloud.Faults.Clear()
	c.org.Faults.Clear()
}

// tester is a test, or one try of a property.
type tester interface {
	rapid.TB
	Context() context.Context
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
