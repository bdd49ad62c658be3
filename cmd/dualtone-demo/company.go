package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// employee is one agent of the sample company.
type employee struct {
	ID, First, Last, Email, Extension, Number string
	// Queues are those they serve, whichever system they are on.
	Queues []string
	Group  group
}

// group says what the demo does with an employee.
type group string

const (
	pilot  group = "pilot"  // works on the new system already
	cohort group = "cohort" // is moved, and taken back
	stays  group = "stays"  // works on the old system throughout
)

const (
	pilots     = 6
	cohortSize = 40
	staff      = 60
)

func queueNames() []string { return []string{"sales", "support", "billing"} }

// company lists the sample company's agents. Every fifth is a lead, who serves
// every queue.
func company() []employee {
	first := strings.Fields("Ada Ben Cleo Dev Eve Finn Gita Hal Ines Jon Kira Liam Mona Nils Olga Paul Qi Rosa Sven Tara")
	last := strings.Fields("Abel Berg Cruz")
	all := make([]employee, staff)
	for i := range all {
		f, l := first[i%len(first)], last[i/len(first)]
		all[i] = employee{
			ID: fmt.Sprintf("E%d", 1001+i), First: f, Last: l,
			Email:     strings.ToLower(f+"."+l) + "@acme.example",
			Extension: strconv.Itoa(1001 + i), Number: fmt.Sprintf("+1212555%d", 1001+i),
			Queues: queueNames()[i%3 : i%3+1], Group: groupOf(i),
		}
		if i%5 == 0 {
			all[i].Queues = queueNames()
		}
	}
	return all
}

func groupOf(i int) group {
	switch {
	case i < pilots:
		return pilot
	case i < pilots+cohortSize:
		return cohort
	default:
		return stays
	}
}

func (e employee) name() string { return e.First + " " + e.Last }

// routeList is the table with which the parallel run begins: calls go to the old
// system, and those of the pilots to the new one.
func routeList(people []employee) string {
	var b strings.Builder
	b.WriteString("number,plan\ndefault,old\n")
	for _, e := range people {
		if e.Group == pilot {
			b.WriteString(e.Number + ",new\n")
		}
	}
	return b.String()
}

// writeUserList writes the company's user list as a personnel office exports it.
func writeUserList(w io.Writer, people []employee) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"id", "name", "email", "federation_id", "extension", "numbers", "team"}}
	for _, e := range people {
		rows = append(rows, []string{e.ID, e.name(), e.Email, e.ID, e.Extension, e.Number, e.Queues[0]})
	}
	return out.WriteAll(rows)
}
