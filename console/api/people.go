package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/routing"
)

func (a *API) users() {
	read(a, get("list-users", "/users", access.PeopleRead, "List people and where they are"), a.listPeople)
	read(a, get("get-user", "/users/{user}", access.PeopleRead, "One person and where they are"), a.getPerson)
	write(a, post("import-users", "/users", access.PeopleImport, "Check a user list and take it in; dry_run previews it").storedAtOnce(), a.importPeople)
	write(a, post("match-users", "/users/match", access.PeopleMatch, "Find everybody's accounts on the CRM and both phone systems; writes nothing unless write says so"), a.matchPeople)
	read(a, get("list-journal", "/journal", access.JournalRead, "What was written on the systems, with before and after"), a.journal)
}

type personList struct {
	Paging

	ID        []dualtone.PersonID `query:"id,explode" maxItems:"1000" doc:"Only these people"`
	Text      string              `query:"text" maxLength:"200" doc:"Searched in id, name, e-mail and extension"`
	Side      dualtone.Side       `query:"side" enum:"old,new"`
	State     cutover.State       `query:"state" maxLength:"40"`
	Site      string              `query:"site" maxLength:"200"`
	Team      string              `query:"team" maxLength:"200"`
	Cohort    string              `query:"cohort" maxLength:"200"`
	Attribute []string            `query:"attribute,explode" doc:"Only people with this value of an attribute, as in queue=sales-uk"`
	Unmatched cutover.Selection   `query:"unmatched" enum:"only,except" doc:"Those who lack an account on some system"`
}

func (a *API) listPeople(ctx context.Context, in *personList) (*Page[cutover.PersonState], error) {
	attributes := map[string]string{}
	for _, text := range in.Attribute {
		key, value, both := strings.Cut(text, "=")
		if !both {
			return nil, invalid("attribute " + strconv.Quote(text) + ": want one as in queue=sales-uk")
		}
		attributes[key] = value
	}
	found, err := a.People.List(ctx, cutover.PeopleQuery{
		IDs: in.ID, Attributes: attributes, Text: in.Text, Side: in.Side, State: in.State, Site: in.Site, Team: in.Team, Cohort: in.Cohort, Unmatched: in.Unmatched,
		After: dualtone.PersonID(in.After), Limit: in.more(),
	})
	return paged("/users", in.Paging, found, err, func(p cutover.PersonState) string { return string(p.ID) })
}

// PersonPath names a person in a path.
type PersonPath struct {
	User dualtone.PersonID `path:"user" maxLength:"200" doc:"The person's id"`
}

func (a *API) getPerson(ctx context.Context, in *PersonPath) (*body[cutover.PersonState], error) {
	return bodyOf(a.People.Person(ctx, in.User))
}

// UserList is a user list that is taken in.
type UserList struct {
	Why

	CSV        string `json:"csv" maxLength:"30000000" doc:"CSV with a header, as dualtone users import takes it"`
	Source     string `json:"source,omitempty" maxLength:"200" doc:"The file's name"`
	WriteGood  bool   `json:"write_good,omitempty" doc:"Write the good rows even if others are bad"`
	AllowStray bool   `json:"allow_stray,omitempty" doc:"Also where it gives somebody a number whose calls would not ring first on the side that they are on, or changes whose a number is while they are switched, which is refused otherwise"`
	DryRun     bool   `json:"dry_run,omitempty" doc:"Check it, say what would change, and write nothing"`
}

type userList struct{ Body UserList }

func (o *userList) asked() (string, Why) { return "people", o.Body.Why }

// Imported is what an import found and did.
type Imported struct {
	Rows    int             `json:"rows"`
	Good    int             `json:"good"`
	Written int             `json:"written"`
	New     int             `json:"new" doc:"People who were not in the list"`
	Known   int             `json:"known" doc:"People who were"`
	DryRun  bool            `json:"dry_run,omitempty"`
	Faults  []people.Fault  `json:"faults"`
	Strays  []routing.Stray `json:"strays" doc:"Numbers whose calls would go astray by the list, which did not before"`
}

func (a *API) importPeople(ctx context.Context, in *userList, _ access.Role) (*body[Imported], error) {
	list, err := people.Read(strings.NewReader(in.Body.CSV), people.Options{Region: a.Region})
	if err != nil {
		return nil, err
	}
	out := Imported{Rows: list.Rows, Good: len(list.People), DryRun: in.Body.DryRun, Faults: append([]people.Fault{}, list.Faults...)}
	if !in.Body.DryRun && len(list.Faults) > 0 && !in.Body.WriteGood {
		return nil, faulty("the user list", rowFaults(list.Faults))
	}
	known, err := cutover.Everybody(ctx, a.People, cutover.PeopleQuery{})
	if err != nil {
		return nil, err
	}
	taken := cutover.UserList{People: list.People, Lacks: list.Lacks}
	strays, err := taken.Astray(ctx, known, a.Routes, a.Deciding, a.Now())
	if err != nil {
		return nil, err
	}
	if !in.Body.DryRun && !in.Body.AllowStray && len(strays) > 0 {
		return nil, &cutover.StrayListError{StrayError: routing.StrayError{Strays: strays}}
	}
	out.Strays = append([]routing.Stray{}, strays...)
	ids := map[dualtone.PersonID]bool{}
	for _, p := range known {
		ids[p.ID] = true
	}
	for _, p := range list.People {
		if ids[p.ID] {
			out.Known++
		} else {
			out.New++
		}
	}
	if in.Body.DryRun || len(list.People) == 0 {
		return &body[Imported]{out}, nil
	}
	source := in.Body.Source
	if source == "" {
		source = "api"
	}
	out.Written = len(list.People)
	return bodyOf(out, a.People.Import(ctx, list.People, cutover.Import{Actor: by(ctx, in.Body.Why).Actor, Source: source, Lacks: list.Lacks}))
}

// Matching is how people are joined with the accounts of the systems.
type Matching struct {
	people.Report

	Complete int  `json:"complete" doc:"How many people have an account on all three systems"`
	Written  bool `json:"written"`
	OnNew    int  `json:"on_new" doc:"How many people's call center is the new side's"`
}

// PeopleMatch is a match that is asked for.
type PeopleMatch struct {
	Why

	Write  bool `json:"write,omitempty" doc:"Store what was matched"`
	Afresh bool `json:"afresh,omitempty" doc:"Forget the accounts that are stored and look at the keys alone"`
	DryRun bool `json:"dry_run,omitempty" doc:"Store nothing, even with write"`
}

type peopleMatch struct{ Body PeopleMatch }

func (o *peopleMatch) asked() (string, Why) { return "people", o.Body.Why }

func (a *API) matchPeople(ctx context.Context, in *peopleMatch, _ access.Role) (*body[Matching], error) {
	return bodyOf(a.Match(ctx, by(ctx, in.Body.Why).Actor, in.Body.Afresh, in.Body.Write && !in.Body.DryRun))
}

func rowFaults(all []people.Fault) []console.Fault {
	var found []console.Fault
	for _, f := range all {
		place := fmt.Sprintf("line %d", f.Line)
		if f.Column != "" {
			place += ", column " + f.Column
		}
		found = append(found, console.Fault{Place: place, Value: f.Value, Problem: f.Problem, Want: f.Want})
	}
	return found
}

type journalList struct {
	Paging

	User   dualtone.PersonID `query:"user" maxLength:"200"`
	Switch cutover.SwitchID  `query:"switch" maxLength:"200"`
	Kind   cutover.EntryKind `query:"kind" maxLength:"40"`
	Since  string            `query:"since" maxLength:"40" doc:"A day or a time"`
}

func (a *API) journal(ctx context.Context, in *journalList) (*Page[cutover.Entry], error) {
	after, err := in.number()
	if err != nil {
		return nil, err
	}
	since, err := moment("since", in.Since)
	if err != nil {
		return nil, err
	}
	found, err := a.Switches.Journal(ctx, cutover.JournalQuery{
		Person: in.User, Switch: in.Switch, Kind: in.Kind, Since: since, After: after, Limit: in.more(),
	})
	return paged("/journal", in.Paging, found, err, func(e cutover.Entry) string { return serial(e.Serial) })
}
