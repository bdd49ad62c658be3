package asterisksim

import (
	"cmp"
	"fmt"

	"github.com/dualtone/dualtone/systems/sim"
)

// Company says what Populate puts into a world.
type Company struct {
	// People is how many have a phone; they are 1001, 1002 and so on, or count
	// from FirstExtension.
	People, FirstExtension int
	// Queues are the queues' names; their numbers are 5001, 5002 and so on. Each
	// person is a member of one, in turn.
	Queues []string
}

// Populate fills a world in the manner of FreePBX: members are reached through
// Local/1001@from-queue/n and watched by hint:1001@ext-local. It returns the ids
// of the people.
func Populate(world *sim.World, company Company) []string {
	first := cmp.Or(company.FirstExtension, 1001)
	queues := make([]sim.Queue, len(company.Queues))
	for i, name := range company.Queues {
		queues[i] = sim.Queue{ID: name, Name: name, Number: itoa(5001 + i)}
	}
	ids := make([]string, 0, company.People)
	for i := range company.People {
		exten := itoa(first + i)
		p := sim.Person{
			ID: exten, Extension: exten, Name: "Agent " + exten, SignedIn: true,
			Login: "agent" + exten, Email: "agent" + exten + "@example.com",
			Number: fmt.Sprintf("+1212%07d", first+i),
		}
		world.PutPerson(p)
		ids = append(ids, exten)
		if len(queues) > 0 {
			q := &queues[i%len(queues)]
			q.Members = append(q.Members, FreePBXMember(p))
		}
	}
	for _, q := range queues {
		world.PutQueue(q)
	}
	return ids
}

// FreePBXMember is a person's place in a queue as FreePBX writes it.
func FreePBXMember(p sim.Person) sim.Member {
	exten := extension(p)
	return sim.Member{
		Person: p.ID, Device: "Local/" + exten + "@from-queue/n",
		StateDevice: "hint:" + exten + "@ext-local", Label: p.Name,
	}
}
