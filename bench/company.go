package main

import (
	"fmt"
	"strconv"

	"github.com/dualtone/dualtone"
)

// The sample company: agents 0 to n-1, each with a phone, a number and a place
// in one queue of queueSize people.
const (
	firstExtension = 100001
	queueSize      = 50
	reachPrefix    = "88"
)

func personID(i int) dualtone.PersonID { return dualtone.PersonID(fmt.Sprintf("E%06d", i+1)) }

func extension(i int) string { return strconv.Itoa(firstExtension + i) }

func number(i int) dualtone.Number {
	return dualtone.Number(fmt.Sprintf("+1212%07d", firstExtension+i))
}

func queueNames(people int) []string {
	names := make([]string, max(3, (people+queueSize-1)/queueSize))
	for i := range names {
		names[i] = fmt.Sprintf("team-%03d", i+1)
	}
	return names
}

// agents lists the company's people with their accounts.
func agents(n int, cloud, org ready) []dualtone.Person {
	people := make([]dualtone.Person, n)
	for i := range people {
		people[i] = dualtone.Person{
			ID: personID(i), Name: "Agent " + extension(i), Extension: extension(i),
			Email: "agent" + extension(i) + "@example.com", FederationID: string(personID(i)),
			Numbers: []dualtone.Number{number(i)}, Team: queueNames(n)[i%len(queueNames(n))],
			Accounts: dualtone.Accounts{
				CRM: dualtone.UserID(org.Users[i]), Old: dualtone.UserID(extension(i)), New: dualtone.UserID(cloud.Users[i]),
			},
		}
	}
	return people
}
