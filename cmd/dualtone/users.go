package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

func usersCommand(a *app) *cobra.Command {
	return group("users", "The company's user list and where everybody is",
		usersImport(a), usersMatch(a), usersList(a), usersShow(a))
}

// peopleFilter adds the flags that select people.
func peopleFilter(cmd *cobra.Command, q *cutover.PeopleQuery) {
	flags := cmd.Flags()
	choiceFlag(cmd, &q.Side, "side", "only people on this side", dualtone.Old, dualtone.New)
	flags.StringVar((*string)(&q.State), "state", "", "only people whose latest switch is in this state")
	flags.StringVar(&q.Site, "site", "", "only people of this site")
	flags.StringVar(&q.Team, "team", "", "only people of this team")
	flags.StringToStringVar(&q.Attributes, "attribute", nil, "only people with this value of an attribute, as in queue=sales-uk")
	flags.StringVar(&q.Text, "text", "", "only people with this in id, name, e-mail or extension")
	flags.StringVar((*string)(&q.Unmatched), "unmatched", "", "only: people who lack an account; except: people who lack none")
}

// checkFilter refuses filters that would select nobody by mistake.
func checkFilter(cmd *cobra.Command, q cutover.PeopleQuery) error {
	if !slices.Contains([]cutover.Selection{cutover.Either, cutover.Only, cutover.Except}, q.Unmatched) {
		return usage(cmd, fmt.Sprintf("--unmatched %q: want only or except", q.Unmatched))
	}
	return checkState(cmd, q.State)
}

func checkState(cmd *cobra.Command, s cutover.State) error {
	if s == "" || slices.Contains(states(), s) {
		return nil
	}
	return usage(cmd, fmt.Sprintf("no state %q; there are %s", s, strings.Join(texts(states()), ", ")))
}

func states() []cutover.State {
	return []cutover.State{
		cutover.Planned, cutover.Captured, cutover.Drained, cutover.Verifying, cutover.OnNew, cutover.Deferring,
		cutover.Deferred, cutover.Skipped, cutover.FailedClean, cutover.Compensating, cutover.Restored,
		cutover.RestoreDrift, cutover.Unknown,
	}
}

func texts[T ~string](all []T) []string {
	var texts []string
	for _, v := range all {
		texts = append(texts, string(v))
	}
	return texts
}

func usersList(a *app) *cobra.Command {
	var q cutover.PeopleQuery
	cmd := &cobra.Command{
		Use: "list", Short: "List people, their accounts and where they are", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFilter(cmd, q); err != nil {
				return err
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				asked := q
				asked.Limit = oneMore(q.Limit)
				found, err := r.People(cmd.Context(), asked)
				if err != nil {
					return err
				}
				p := page(found, q.Limit, func(p cutover.PersonState) string { return string(p.ID) })
				return showList(a, p, "Nobody.", func(t *table) { peopleTable(t, p.Items) })
			})
		},
	}
	peopleFilter(cmd, &q)
	flags := cmd.Flags()
	flags.StringVar(&q.Cohort, "cohort", "", "only members of this cohort")
	flags.StringVar((*string)(&q.After), "after", "", "go on after this id")
	limitFlag(cmd, &q.Limit, 100, "people")
	return cmd
}

func peopleTable(t *table, people []cutover.PersonState) {
	t.row("ID", "NAME", "EXT", "SIDE", "STATE", "CRM", "OLD", "NEW", "SITE", "TEAM")
	for _, p := range people {
		t.row(string(p.ID), p.Name, dash(p.Extension), string(p.Side), dash(p.State),
			dash(p.Accounts.CRM), dash(p.Accounts.Old), dash(p.Accounts.New), dash(p.Site), dash(p.Team))
	}
}

func usersShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show USER", Short: "Show one person: accounts, side, latest switch", Args: takes("USER, the person's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withReads(cmd.Context(), func(r reads) error {
				p, err := r.Person(cmd.Context(), dualtone.PersonID(args[0]))
				if isNotFound(err) {
					return hint(err, "dualtone users list --text finds people by a part of their name")
				}
				if err != nil {
					return err
				}
				return a.show(p, func(t *table) { personTable(t, p) })
			})
		},
	}
}

func personTable(t *table, p cutover.PersonState) {
	for _, f := range [][2]string{
		{"id", string(p.ID)},
		{"name", p.Name},
		{"e-mail", p.Email},
		{"federation id", p.FederationID},
		{"extension", p.Extension},
		{"numbers", strings.Join(texts(p.Numbers), ", ")},
		{"site", p.Site},
		{"team", p.Team},
		{"account in the CRM", string(p.Accounts.CRM)},
		{"account on the old side", string(p.Accounts.Old)},
		{"account on the new side", string(p.Accounts.New)},
		{"side", string(p.Side)},
		{"state", string(p.State)},
		{"since", clock(p.Since)},
		{"switch", string(p.Switch)},
		{"detail", p.Detail},
	} {
		t.row(f[0], dash(f[1]))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		t.row(strings.ReplaceAll(name, "_", " "), strings.Join(p.Attributes[name], ", "))
	}
}
